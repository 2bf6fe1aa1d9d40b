/**
 * What a training step does with gradients: sums of squares and of columns, and AdamW.
 *
 * @module
 */
import { adamw } from "../../../kernels/adamw/adamw.ts";
import { columnSums } from "../../../kernels/reduce/columns.ts";
import { sumOf } from "../../../kernels/reduce/sums.ts";
import { type Heat, type Operator, operatorHeat } from "../heat.ts";
import { MATRIX, OF_COPY, perElement, SIZE } from "./sizes.ts";

const shared = { shape: SIZE, ofCopy: OF_COPY };

const operators: readonly Operator[] = [
  {
    ...shared,
    name: "adamw",
    work: perElement({ flops: 15, moved: 7 }),
    prepare({ fill }) {
      const p = fill("p", MATRIX);
      const gradient = fill("g", MATRIX, { scale: 1e-3 });
      const [m, v] = ["m", "v"].map((name) => fill(name, MATRIX, { scale: 0 }));
      return (r) => {
        adamw(r, p, { gradient, m, v, step: 1, rate: 1e-4, decay: 0.1 });
        return [];
      };
    },
  },
  {
    ...shared,
    name: "sum of squares",
    work: perElement({ flops: 2, moved: 1 }),
    prepare({ fill }) {
      const x = fill("x", MATRIX);
      return (r) => [sumOf(r, [x], { squares: true })];
    },
  },
  {
    ...shared,
    name: "column sums",
    work: perElement({ flops: 1, moved: 1 }),
    prepare({ fill }) {
      const x = fill("x", MATRIX);
      return (r) => [columnSums(r, x)];
    },
  },
];

/** Reductions and AdamW. */
export const optimiserHeat: Heat = operatorHeat({
  id: "optimiser",
  family: "elements",
  says: `AdamW and reductions of ${SIZE}`,
  operators: () => operators,
});
