/**
 * Where the time of a product steps along its dimensions, and the axes that follow from it.
 *
 * A begun tile is computed whole, but only what there is of it is stored: a tile with four of its 32
 * rows was seen to take from half of a full one's time, where matrices are small, to all of it. Each
 * expert has such a tile, so they are measured beside the grid. A tile of two vectors of columns
 * whose second one is empty takes four fifths: columns are looked up in steps of half a vector, on
 * an axis that has the first steps where tiles may be several vectors wide. Else the time is nearly affine in rows, columns
 * and inner size, and few shapes say all there is (`refine.ts`).
 *
 * Axes are the same whatever kernels were tuned: so is what is drawn from them.
 *
 * @module
 */
import type { BegunTiles } from "../../base/profile_schema.ts";
import { columnsOf, plainProgram, type Variant } from "../../gemm/variant.ts";
import { GROUPS } from "./groups.ts";

/**
 * Columns that a product is looked up in steps of: half a vector of every lane; a whole one where it
 * is gated, for then two sums are computed for each number that is stored.
 */
export function columnStep(
  variant: Variant,
  { subgroupSize, gated = false }: { subgroupSize: number; gated?: boolean },
): number {
  const vector = columnsOf({ ...variant, vectors: 1 }, plainProgram("nn"), subgroupSize);
  return gated ? vector : vector / 2;
}

/** Columns of products whose tiles may be several vectors wide. */
export const steppedColumns: readonly number[] = [64, 128, 192, 256, 320, 384, 512];

/** Columns of products whose tiles are one vector wide. */
export const columns: readonly number[] = [64, 256, 512];

/** Inner sizes of products. */
export const innerSizes: readonly number[] = [64, 512];

/** Rows of all groups of grouped products. */
export const groupedRows: readonly number[] = [32, 256, 2048];

/** Rows of dense products. */
export const denseRows: readonly number[] = [32, 256, 1024];

/** Experts of grouped products: tiles of rows are dealt to them in turn. */
export const groupCounts: readonly number[] = [4, 32];

/** Begun tiles of a grouped product whose tiles have so many rows. */
export function begunTiles(tileRows: number): Omit<BegunTiles, "seconds"> {
  return { groups: GROUPS, rows: tileRows / 4, axes: { n: [64, 256, 512], k: [64, 512] } };
}
