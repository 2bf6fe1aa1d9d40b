/**
 * The stable counting sort on the CPU.
 *
 * @module
 */

/** Offsets, row ids and places as {@linkcode TokenGroups} holds them; tiles as (expert, row, end). */
export function groupTokensOracle(
  ids: ArrayLike<number>,
  dims: { experts: number; tileRows: number },
): { offsets: number[]; rowIds: number[]; places: number[]; tiles: number[][] } {
  const byExpert: number[][] = Array.from({ length: dims.experts }, () => []);
  for (let i = 0; i < ids.length; i++) byExpert[ids[i]].push(i);
  const rowIds = byExpert.flat();
  const places: number[] = Array(ids.length).fill(0);
  rowIds.forEach((choice, row) => places[choice] = row);
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
