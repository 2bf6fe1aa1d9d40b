/**
 * Launches pointwise kernels.
 *
 * @module
 */
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import { extentOf } from "./extent.ts";
import { MAP_THREADS, mapBindings, type MapRecipe, mapRun, mapShader } from "./recipe.ts";

/** What a pointwise launch works on. */
export interface MapOptions {
  /** The tensors by their names in the recipe. */
  tensors: Readonly<Record<string, Tensor>>;
  /** The host's numbers by their names in the recipe. */
  values?: Readonly<Record<string, number>>;
  /**
   * True where what is written is a tensor of its own and no view of rows: its padding rows become 0
   * too, so that it can be an operand whose rows are summed over. Else they stay as they are.
   */
  whole?: boolean;
  /** Label of the launch; the recipe's name where absent. */
  label?: string;
}

const textsOf = new WeakMap<MapRecipe, Map<string, string>>();

/** The shader of a recipe for these tensors, made once for each recipe and its storage types. */
function textOf(recipe: MapRecipe, tensors: readonly Tensor[], run: number): string {
  let known = textsOf.get(recipe);
  if (!known) textsOf.set(recipe, known = new Map());
  const key = `${tensors.map(({ dtype }) => dtype)} ${run}`;
  let text = known.get(key);
  if (text === undefined) {
    const names = mapBindings(recipe).map(({ name }) => name);
    const dtypes = Object.fromEntries(names.map((name, i) => [name, tensors[i].dtype]));
    known.set(key, text = mapShader(recipe, { dtypes, run }));
  }
  return text;
}

/** The shape of a tensor, without its planes where the recipe gives it several. */
function shapeOf(recipe: MapRecipe, name: string, tensor: Tensor): readonly number[] {
  const { label, shape, dtype } = tensor;
  if (dtype === "u32") throw new RangeError(`Cannot ${recipe.name} ${label}: it holds u32`);
  const planes = recipe.planes?.[name];
  if (planes === undefined) return shape;
  if (shape.length === 3 && shape[0] === planes) return shape.slice(1);
  throw new RangeError(
    `Cannot ${recipe.name} ${label} [${shape.join(", ")}]: wanted [${planes}, rows, columns]`,
  );
}

/** The shape that all tensors of a launch have. */
function sharedShape(recipe: MapRecipe, tensors: MapOptions["tensors"]): readonly number[] {
  const [first, ...rest] = mapBindings(recipe)
    .filter(({ name }) => !recipe.scalars?.includes(name))
    .map(({ name }) => ({ name, shape: shapeOf(recipe, name, tensors[name]) }));
  for (const { name, shape } of rest) {
    if (shape.join() === first.shape.join()) continue;
    throw new RangeError(
      `Cannot ${recipe.name}: ${tensors[first.name].label} is [${first.shape.join(", ")}], ` +
        `${tensors[name].label} [${shape.join(", ")}]`,
    );
  }
  return first.shape;
}

/**
 * Records a pointwise kernel over tensors of one shape; storage types may differ between them. A
 * recipe that is kept in a constant has its shader written once.
 *
 * @throws {RangeError} where shapes differ or a tensor holds u32.
 *
 * @example A kernel of one's own
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const x = pool.upload("x", [3], Float32Array.of(1, -2, 3));
 * const recorder = k.createRecorder(pool);
 * const cubed = { name: "cube", updates: ["x"], body: "x *= x * x;" };
 * k.mapTensors(recorder, cubed, { tensors: { x } });
 * recorder.submit();
 * const [values] = await k.download(device, [x]);
 * device.close();
 * assertEquals([...values], [1, -8, 27]);
 * ```
 */
export function mapTensors(recorder: Recorder, recipe: MapRecipe, options: MapOptions): void {
  const { tensors, values = {}, whole = false, label = recipe.name } = options;
  const { device } = recorder;
  const bindings = mapBindings(recipe);
  const { planes, live, vectors, stride } = extentOf(sharedShape(recipe, tensors));
  const count = whole ? stride : vectors;
  const run = mapRun(device);
  const inputs = bindings.map(({ name }) => tensors[name]);
  recorder.launch({
    label,
    kernel: compile(device, recipe.name, textOf(recipe, inputs, run)),
    inputs,
    uniforms: [
      count,
      live,
      stride,
      ...(recipe.values ?? []).map((name) => ({ f32: values[name] })),
    ],
    grid: [...linearGrid(64 * count / (run * MAP_THREADS)), planes],
  });
  for (const { name, access } of bindings) {
    if (access === "read_write") tensors[name].slot.mirrored = false;
  }
}
