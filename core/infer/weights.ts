/**
 * The weights of a model on the device, brought there matrix by matrix.
 *
 * @module
 */
import {
  type Device,
  emptyQuantised,
  layoutOf,
  PAD,
  type Pool,
  quantise,
  rowsOf,
  type Tensor,
  type Weights,
  writeQuantised,
} from "../../kernels/mod.ts";
import type { ModelTensor } from "../checkpoints/model_tensors.ts";
import { hasHalves, type HeldAs, heldAs, type InferenceStorage, isTable } from "./storage.ts";
import { unitsOf, type WeightSource } from "./weight_source.ts";

/** Weights on the device, by their names in the model. */
export interface InferenceWeights {
  /** A vector or a small matrix of f32; undefined where the model has none. */
  find(name: string): Tensor | undefined;
  /** The same, of what has to be there. */
  vector(name: string): Tensor;
  /** The operand of a product. */
  product(name: string): Weights;
  /** A table of tokens, in parts that fit a binding, one behind the other. */
  table(name: string): readonly Tensor[];
}

interface Loading {
  held: HeldAs;
  source: WeightSource;
}

const stored = (values: Float32Array, held: HeldAs) =>
  held === "f16" ? Float16Array.from(values) : values;

/** Biases of banks are looked up by row. */
const withRows = ({ name, shape }: ModelTensor): ModelTensor => ({
  name,
  shape: name.endsWith("moe.up.bias") ? [shape[0] * shape[1], shape[2]] : shape,
});

/** Brings a tensor to the device, one matrix after the other. */
async function loadMatrices(
  pool: Pool,
  tensor: ModelTensor,
  { held, source }: Loading,
): Promise<Weights> {
  const { name: label, shape } = tensor;
  const one = shape.slice(-2);
  const units = unitsOf(tensor, { source, unit: one.reduce((a, b) => a * b) });
  if (held === "f32" || held === "f16") {
    const all = pool.tensor(label, shape, { dtype: held });
    const { plane } = layoutOf(one);
    for await (const { index, values } of units) {
      pool.write({ ...all, shape: one, offset: index * plane }, stored(values, held));
    }
    return all;
  }
  const all = emptyQuantised(pool, { shape, bits: held, label });
  for await (const { index, values } of units) {
    writeQuantised(pool, all, {
      values: quantise(values, { shape: one, bits: held }),
      firstPlane: index,
    });
  }
  return all;
}

/** Numbers of a table that are brought to the device at once. */
const RUN = 2 ** 20;

const downTo = (n: number, step: number) => Math.max(step, n - n % step);

/** Rows of a table in one binding. */
function rowsInBinding({ gpu }: Device, width: number, bytes: number): number {
  const { pitch } = layoutOf([PAD, width]);
  return Math.floor(gpu.limits.maxStorageBufferBindingSize / (pitch * bytes));
}

/** Brings a table to the device, in parts of at most `partRows` rows. */
async function loadTable(
  pool: Pool,
  tensor: ModelTensor,
  { held, source, partRows }: Loading & { partRows?: number },
): Promise<Tensor[]> {
  const { name, shape: [rows, width] } = tensor;
  const dtype = held === "f16" ? "f16" : "f32";
  const most = partRows ?? rowsInBinding(pool.device, width, held === "f16" ? 2 : 4);
  const runRows = downTo(Math.min(most, Math.floor(RUN / width)), PAD);
  const inPart = downTo(most, runRows);
  const parts: Tensor[] = [];
  for await (const { index, values } of unitsOf(tensor, { source, unit: runRows * width })) {
    const row = index * runRows;
    if (row % inPart === 0) {
      parts.push(pool.tensor(name, [Math.min(inPart, rows - row), width], { dtype }));
    }
    const at = { from: row % inPart, count: values.length / width };
    pool.write(rowsOf(parts[parts.length - 1], at), stored(values, held));
  }
  return parts;
}

/**
 * Brings all weights of a model to the device.
 *
 * @throws {UserError} where one does not fit it.
 */
export async function loadWeights(
  pool: Pool,
  tensors: readonly ModelTensor[],
  options: {
    source: WeightSource;
    storage: InferenceStorage;
    /** Rows of a part of a table; as many as a binding holds where absent. */
    partRows?: number;
  },
): Promise<InferenceWeights> {
  const { source, storage, partRows } = options;
  const { queue } = pool.device.gpu;
  const products = new Map<string, Weights>();
  const tables = new Map<string, Tensor[]>();
  for (const tensor of tensors) {
    const { name } = tensor;
    const held = heldAs(name, { storage, halves: hasHalves(pool.device) });
    if (isTable(name)) tables.set(name, await loadTable(pool, tensor, { held, source, partRows }));
    else products.set(name, await loadMatrices(pool, withRows(tensor), { held, source }));
    // What was written waits in memory of the host until something is submitted.
    queue.submit([]);
  }
  const product = (name: string): Weights => {
    const found = products.get(name);
    if (!found) throw new RangeError(`Cannot find ${name} among the weights of the model`);
    return found;
  };
  const plain = (name: string, found: Weights): Tensor => {
    if (!("words" in found)) return found;
    throw new RangeError(`Cannot read ${name} as numbers: it is quantised`);
  };
  return {
    find: (name) => products.has(name) ? plain(name, product(name)) : undefined,
    vector: (name) => plain(name, product(name)),
    product,
    table: (name) => tables.get(name) ?? [],
  };
}
