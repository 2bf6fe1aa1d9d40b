/**
 * Rotary positions, forward and backward.
 *
 * @module
 */
import { rope, ropeBackward } from "../../../kernels/rope/rope.ts";
import { ropeTable } from "../../../kernels/rope/table.ts";
import { type Heat, type Operator, operatorHeat } from "../heat.ts";
import type { Ring } from "../ring.ts";
import { D, MATRIX, OF_COPY, perElement, SIZE, T } from "./sizes.ts";

const HEADS = 16;
const shared = {
  shape: `${SIZE}, ${HEADS} heads`,
  work: perElement({ flops: 3, moved: 2 }),
  ofCopy: OF_COPY,
};

function operators({ pool, keep, fill }: Ring): Operator[] {
  const table = ropeTable(pool, { positions: T, rotary: D / HEADS });
  keep(table);
  const options = { table, heads: HEADS, length: T };
  const x = fill("x", MATRIX);
  return [
    { ...shared, name: "rope", prepare: () => (r) => [rope(r, x, options)] },
    { ...shared, name: "rope backward", prepare: () => (r) => [ropeBackward(r, x, options)] },
  ];
}

/** Rotation of whole heads. */
export const ropeHeat: Heat = operatorHeat({
  id: "rope",
  family: "elements",
  says: `rotary positions of ${shared.shape}`,
  operators,
});
