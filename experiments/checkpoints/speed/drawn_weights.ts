/**
 * Weights of a model that nobody trained, drawn by a seed a matrix at a time, so that a size can be
 * run whose checkpoint is not at hand.
 *
 * A matrix is read out of a table of normal numbers, beginning anywhere and going round. The table's
 * length is a prime, so that rows begin at different places and a matrix has full rank; drawing a
 * billion numbers one by one would take longer than all that is measured with them.
 *
 * @module
 */
import type { ModelTensor, TensorSlice, WeightSource } from "../../../core/mod.ts";
import { normals, split } from "../../../kernels/mod.ts";

/** Numbers of the table: a prime. */
const TABLE = 65_521;

/** Numbers of a slice of a vector or a table of tokens. */
const RUN = 2 ** 20;

/** Numbers that a slice of a tensor has: a matrix of a bank, or a run of rows. */
function sliceSize({ shape }: ModelTensor): number {
  const all = shape.reduce((a, b) => a * b, 1);
  return shape.length > 2 ? shape.at(-2)! * shape.at(-1)! : Math.min(all, RUN);
}

/** Inputs that a number of the output adds up: variances are one over it. */
const fanIn = ({ shape }: ModelTensor): number => shape.length > 1 ? shape.at(-2)! : 1;

/** What a tensor's numbers are multiplied by and added to: norms are about 1, tables of tokens small. */
function scaleOf(tensor: ModelTensor): { factor: number; offset: number } {
  const { name, shape } = tensor;
  if (/(^|\.|[qk])norm$/i.test(name)) return { factor: 0, offset: 1 };
  if (shape.length === 1) return { factor: 0, offset: 0 };
  const width = name === "embedding" || name === "head" ? shape[1] : fanIn(tensor);
  return { factor: 1 / Math.sqrt(width), offset: 0 };
}

/** Told of each slice before it is given. */
export type SliceSeen = (tensor: ModelTensor, numbers: number) => void;

/** A source of drawn weights: same seed, same numbers. */
export function drawnWeights(
  tensors: readonly ModelTensor[],
  options: { seed: number; seen?: SliceSeen },
): WeightSource {
  const { seed, seen } = options;
  const table = normals(split(seed, "drawn weights"), TABLE);
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return {
    *slices(name): Generator<TensorSlice> {
      const tensor = byName.get(name);
      if (!tensor) throw new RangeError(`Cannot draw ${name}: it is no tensor of the model`);
      const all = tensor.shape.reduce((a, b) => a * b, 1);
      const size = sliceSize(tensor);
      const { factor, offset } = scaleOf(tensor);
      const stream = split(seed, `drawn weights/${name}`);
      for (let from = 0; from < all; from += size) {
        const values = new Float32Array(Math.min(size, all - from));
        let at = stream.int(0, TABLE - 1);
        for (let i = 0; i < values.length; i++) {
          values[i] = offset + factor * table[at];
          if (++at === TABLE) at = 0;
        }
        seen?.(tensor, values.length);
        yield { from, values };
      }
    },
  };
}
