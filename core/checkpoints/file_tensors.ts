/**
 * The tensors of files and their bytes: which parts of a model's tensors they hold, how they are shared
 * among shards, and a shard in pieces.
 *
 * @module
 */
import { bfloat16, safetensorsHead, safetensorsOf } from "../train/safetensors.ts";
import { elementsOf, type FilePart, type TensorLayout } from "./layout.ts";
import type { ModelTensor } from "./model_tensors.ts";
import { geometryOf, rowsToFile } from "./reorder.ts";

/** Types that tensors are written in. */
export type WrittenType = "F32" | "F16" | "BF16";

/** Values of a tensor of the forward pass. */
export type ValuesOf = (tensor: ModelTensor) => Float32Array | Promise<Float32Array>;

/** A tensor of a file: a run of parts of a tensor of the forward pass. */
export interface FileTensor {
  /** Its name. */
  name: string;
  /** Its dimensions there. */
  shape: readonly number[];
  /** The tensor of the forward pass. */
  layout: TensorLayout;
  /** Its first part. */
  first: number;
  /** How many parts it has. */
  parts: number;
}

/** The tensors of files that hold a tensor. */
export function fileTensors(layout: TensorLayout): FileTensor[] {
  const first = layout.part(0);
  if (layout.parts > 1 && layout.part(1).file === first.file) {
    const { file: name, fileShape: shape } = first;
    return [{ name, shape, layout, first: 0, parts: layout.parts }];
  }
  return Array.from({ length: layout.parts }, (_, i) => {
    const { file: name, fileShape: shape } = layout.part(i);
    return { name, shape, layout, first: i, parts: 1 };
  });
}

/** Tensors in shards, in order, each as full as it may be. */
export function shardsOf(
  tensors: readonly FileTensor[],
  bits: number,
  most: number,
): FileTensor[][] {
  const shards: FileTensor[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    const bytes = elementsOf(tensor.shape) * bits / 8;
    if (shards.length === 0 || bytes > room) {
      shards.push([]);
      room = most;
    }
    shards[shards.length - 1].push(tensor);
    room -= bytes;
  }
  return shards;
}

function encode(values: Float32Array, dtype: WrittenType): Uint8Array {
  const shape = [values.length];
  switch (dtype) {
    case "F32":
      return safetensorsOf(values, shape).bytes;
    case "F16":
      return safetensorsOf(Float16Array.from(values), shape).bytes;
    case "BF16":
      return bfloat16(values, shape).bytes;
  }
}

/** Numbers of a part in the file's order. */
function inFile(values: Float32Array, part: FilePart): Float32Array {
  const geometry = geometryOf(part);
  const file = new Float32Array(values.length);
  rowsToFile({ file, part: values, geometry, range: { from: 0, to: geometry.rows } });
  return file;
}

/** The tensor that was asked for last, which a shard's end may cut. */
export function rememberLast(values: ValuesOf): ValuesOf {
  let last: { name: string; values: Float32Array } | undefined;
  return async (tensor) => {
    if (last?.name !== tensor.name) {
      last = undefined;
      const found = await values(tensor);
      const wanted = elementsOf(tensor.shape);
      if (found.length !== wanted) {
        throw new RangeError(
          `Cannot write ${tensor.name}: found ${found.length} numbers, wanted ${wanted}`,
        );
      }
      last = { name: tensor.name, values: found };
    }
    return last.values;
  };
}

/** A shard in pieces. */
export async function* piecesOf(
  tensors: readonly FileTensor[],
  options: { values: ValuesOf; dtype: WrittenType },
): AsyncGenerator<Uint8Array> {
  const { values, dtype } = options;
  yield safetensorsHead(
    Object.fromEntries(tensors.map(({ name, shape }) => [name, { dtype, shape }])),
    { format: "pt" },
  );
  for (const { layout, first, parts } of tensors) {
    const all = await values(layout);
    const size = all.length / layout.parts;
    for (let i = first; i < first + parts; i++) {
      yield encode(inFile(all.subarray(i * size, (i + 1) * size), layout.part(i)), dtype);
    }
  }
}
