/**
 * The placement of experts as an integer program: which expert lies on which rank, so that the fullest
 * rank has least.
 *
 *     minimise z
 *     each expert on one rank, as many on each rank, the load of each rank at most z
 *
 * Ranks are alike, so that every solution comes in R! copies. Rank r may only have experts from the
 * r-th heaviest on, which leaves one solution of each: give the numbers of ranks in the order of
 * their heaviest experts.
 *
 * @module
 */
import type { ModelData } from "highs";
import { expertsPerRank } from "../../sim/placement/slots.ts";

/** The program with what is needed to read its solutions. */
export interface PlacementProgram {
  /** As HiGHS takes it. */
  data: ModelData;
  /** The solution that a placement is. */
  valuesOf(slots_RS: readonly (readonly number[])[]): Float64Array;
  /** The placement that a solution is. */
  slotsOf(values: Float64Array): number[][];
}

/** Adds columns of a sparse matrix. */
function createColumns() {
  const starts: number[] = [0];
  const indices: number[] = [];
  const values: number[] = [];
  return {
    starts,
    indices,
    values,
    add(entries: readonly (readonly [row: number, value: number])[]) {
      for (const [row, value] of entries) {
        indices.push(row);
        values.push(value);
      }
      starts.push(indices.length);
    },
  };
}

/** Numbers ranks in the order of their heaviest experts, `order` listing experts by load. */
function inOrder(
  slots_RS: readonly (readonly number[])[],
  place_E: readonly number[],
): (readonly number[])[] {
  const first = (own: readonly number[]) => Math.min(...own.map((expert) => place_E[expert]));
  return slots_RS.toSorted((a, b) => first(a) - first(b));
}

/**
 * The program of a layer; `least` and `most` bound the load of the fullest rank.
 *
 * @throws {UserError} where experts do not divide by ranks.
 */
export function placementProgram(
  load_E: readonly number[],
  options: { ranks: number; least: number; most: number },
): PlacementProgram {
  const { ranks, least, most } = options;
  const experts = load_E.length;
  const slots = expertsPerRank(experts, ranks);
  const order = load_E.map((_, e) => e).sort((a, b) => load_E[b] - load_E[a] || a - b);
  const place_E = new Array<number>(experts);
  order.forEach((expert, place) => place_E[expert] = place);
  const columns = createColumns();
  // Rows: experts, then the number on each rank, then the load of each rank.
  const countRow = experts;
  const loadRow = experts + ranks;
  for (const load of load_E.keys()) {
    for (let rank = 0; rank < ranks; rank++) {
      columns.add([[load, 1], [countRow + rank, 1], [loadRow + rank, load_E[load]]]);
    }
  }
  columns.add(Array.from({ length: ranks }, (_, rank) => [loadRow + rank, -1] as const));
  const binaries = experts * ranks;
  const numCols = binaries + 1;
  const numRows = experts + 2 * ranks;
  const fixed = <T>(length: number, value: T) => new Array<T>(length).fill(value);
  return {
    data: {
      ...{ numCols, numRows },
      colCost: [...fixed(binaries, 0), 1],
      colLower: [...fixed(binaries, 0), least],
      colUpper: [
        ...load_E.flatMap((_, e) =>
          Array.from({ length: ranks }, (_, r) => r <= place_E[e] ? 1 : 0)
        ),
        most,
      ],
      rowLower: [...fixed(experts, 1), ...fixed(ranks, slots), ...fixed(ranks, -Infinity)],
      rowUpper: [...fixed(experts, 1), ...fixed(ranks, slots), ...fixed(ranks, 0)],
      matrix: {
        ...{ format: "csc", numRows, numCols },
        starts: columns.starts,
        indices: columns.indices,
        values: columns.values,
      },
      integrality: Int32Array.from({ length: numCols }, (_, i) => i < binaries ? 1 : 0),
    },
    valuesOf(slots_RS) {
      const values = new Float64Array(numCols);
      inOrder(slots_RS, place_E).forEach((own, rank) => {
        for (const expert of own) values[expert * ranks + rank] = 1;
        const load = own.reduce((sum, expert) => sum + load_E[expert], 0);
        values[binaries] = Math.max(values[binaries], load);
      });
      return values;
    },
    slotsOf: (values) =>
      Array.from(
        { length: ranks },
        (_, rank) => order.filter((expert) => values[expert * ranks + rank] > 0.5),
      ),
  };
}
