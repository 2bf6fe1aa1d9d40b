/**
 * Where the weights of an inference come from: in slices, so that the host never holds a model.
 *
 * @module
 */
import type { ModelFolder } from "../checkpoints/folder.ts";
import { gateName, type ModelTensor } from "../checkpoints/model_tensors.ts";
import { type TensorSlice, tensorSlices } from "../checkpoints/read.ts";

/** Gives the numbers of tensors, row by row, in slices that follow each other. */
export interface WeightSource {
  /** The slices of a tensor by its name in the model. */
  slices(name: string): AsyncIterable<TensorSlice> | Iterable<TensorSlice>;
}

/**
 * Weights that the host has already, by their names in the model; routers may have the names that a
 * gate gives them.
 */
export function weightsInMemory(
  tensors: Readonly<Record<string, { data: ArrayLike<number> }>>,
): WeightSource {
  return {
    slices(name) {
      const found = tensors[name] ?? tensors[gateName(name)];
      if (!found) throw new RangeError(`Cannot load ${name}: it is not among the weights given`);
      const { data } = found;
      const values = data instanceof Float32Array ? data : Float32Array.from(data);
      return [{ from: 0, values }];
    },
  };
}

/** The weights of an open folder. */
export function weightsOfFolder(folder: ModelFolder): WeightSource {
  return { slices: (name) => tensorSlices(folder, name) };
}

/**
 * The numbers of a tensor in units of one size, the last one shorter where it does not fit: slices are
 * cut or put together.
 *
 * @throws {RangeError} where the source gives more or fewer numbers than the tensor has.
 */
export async function* unitsOf(
  { name, shape }: ModelTensor,
  options: { source: WeightSource; unit: number },
): AsyncGenerator<{ index: number; values: Float32Array }> {
  const { source, unit } = options;
  const all = shape.reduce((a, b) => a * b, 1);
  let [index, read, begun] = [0, 0, new Float32Array()];
  for await (const { values } of source.slices(name)) {
    read += values.length;
    if (read > all) break;
    let at = 0;
    if (begun.length > 0) {
      at = Math.min(values.length, unit - begun.length);
      const longer = new Float32Array(begun.length + at);
      longer.set(begun);
      longer.set(values.subarray(0, at), begun.length);
      begun = longer;
      if (begun.length < unit) continue;
      yield { index: index++, values: begun };
    }
    for (; at + unit <= values.length; at += unit) {
      yield { index: index++, values: values.subarray(at, at + unit) };
    }
    begun = values.slice(at);
  }
  if (read !== all) {
    throw new RangeError(
      `Cannot load ${name} [${shape.join(", ")}]: found ${read} numbers${
        read > all ? " and more" : ""
      }, wanted ${all}`,
    );
  }
  if (begun.length > 0) yield { index, values: begun };
}
