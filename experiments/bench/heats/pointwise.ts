/**
 * Sums, multiples, copies and casts of whole tensors.
 *
 * @module
 */
import { cast } from "../../../kernels/cast/cast.ts";
import { addScaled, addTensors, copyTensor, scaleTensor } from "../../../kernels/map/recipes.ts";
import { type Heat, type Operator, operatorHeat } from "../heat.ts";
import type { Ring } from "../ring.ts";
import { D, MATRIX, OF_COPY, perElement, SIZE, T } from "./sizes.ts";

const shared = { shape: SIZE, ofCopy: OF_COPY };

const maps: readonly Operator[] = [
  {
    ...shared,
    name: "add",
    work: perElement({ flops: 1, moved: 3 }),
    prepare({ fill }) {
      const [a, b] = [fill("a", MATRIX), fill("b", MATRIX)];
      return (r) => [addTensors(r, a, { b })];
    },
  },
  {
    ...shared,
    name: "scale",
    work: perElement({ flops: 1, moved: 2 }),
    prepare({ fill }) {
      const x = fill("x", MATRIX);
      return (r) => [scaleTensor(r, x, { by: 0.5 })];
    },
  },
  {
    ...shared,
    name: "axpy",
    work: perElement({ flops: 2, moved: 3 }),
    prepare({ fill }) {
      const [x, y] = [fill("x", MATRIX), fill("y", MATRIX)];
      return (r) => {
        addScaled(r, y, { x, alpha: 1e-3 });
        return [];
      };
    },
  },
  {
    ...shared,
    name: "copy kernel",
    work: perElement({ flops: 0, moved: 2 }),
    prepare({ fill }) {
      const x = fill("x", MATRIX);
      return (r) => [copyTensor(r, x)];
    },
  },
];

/** Half the bytes on one side. */
const castWork = { flops: 0, bytes: 6 * T * D };

const casts: readonly Operator[] = [
  {
    ...shared,
    name: "cast to f16",
    work: castWork,
    prepare({ fill }) {
      const x = fill("x", MATRIX);
      return (r) => [cast(r, x, { to: "f16" })];
    },
  },
  {
    ...shared,
    name: "cast to f32",
    work: castWork,
    prepare({ fill }) {
      const x = fill("x", MATRIX, { dtype: "f16" });
      return (r) => [cast(r, x, { to: "f32" })];
    },
  },
];

const operators = ({ pool }: Ring): Operator[] => [
  ...maps,
  ...pool.device.gpu.features.has("shader-f16") ? casts : [],
];

/** What goes over tensors element by element. */
export const pointwiseHeat: Heat = operatorHeat({
  id: "pointwise",
  family: "elements",
  says: `sums, multiples, copies and casts of ${SIZE}`,
  operators,
});
