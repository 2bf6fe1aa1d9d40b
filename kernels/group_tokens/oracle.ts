/**
 * The stable counting sort on the CPU.
 *
 * @module
 */

import { NO_CHOICE } from "./group_tokens.ts";

/**
 * Offsets, row ids and places as {@linkcode TokenGroups} holds them; tiles as (expert, row, end).
 *
 * @example
 * ```ts
 * import { groupTokensOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const groups = groupTokensOracle([1, 0, 1], { experts: 2, tileRows: 16 });
 * assertEquals(groups.offsets, [0, 1, 3]);
 * assertEquals(groups.rowIds, [1, 0, 2]);
 * assertEquals(groups.places, [1, 0, 2]);
 * assertEquals(groups.tiles, [[0, 0, 1], [1, 1, 3]]);
 * ```
 */
export function groupTokensOracle(
  ids: ArrayLike<number>,
  dims: { experts: number; tileRows: number },
): { offsets: number[]; rowIds: number[]; places: number[]; tiles: number[][] } {
  const byExpert: number[][] = Array.from({ length: dims.experts }, () => []);
  for (let i = 0; i < ids.length; i++) byExpert[ids[i]]?.push(i);
  const used = byExpert.flat();
  const places: number[] = Array(ids.length).fill(NO_CHOICE);
  used.forEach((choice, row) => places[choice] = row);
  const rowIds = [...used, ...Array(ids.length - used.length).fill(NO_CHOICE)];
  const offsets = [0];
  const tiles: number[][] = [];
  byExpert.forEach((rows, e) => {
    const start = offsets[e];
    const end = start + rows.length;
    for (let r = start; r < end; r += dims.tileRows) tiles.push([e, r, end]);
    offsets.push(end);
  });
  return { offsets, rowIds, places, tiles };
}
