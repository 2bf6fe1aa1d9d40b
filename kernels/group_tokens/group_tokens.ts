/**
 * Routing metadata on the device: a stable counting sort of the choices by expert, without atomics
 * and without a read-back. The launches that follow take their size from a tensor.
 *
 * @module
 */
import { compile, type Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import countCode from "./count.wgsl" with { type: "text" };
import placeCode from "./place.wgsl" with { type: "text" };
import scanCode from "./scan.wgsl" with { type: "text" };

/** Choices that one thread counts. */
const BLOCK = 64;

/** Where each choice of a token went. A choice is `token * K + slot`; u32 everywhere. */
export interface TokenGroups {
  /** First row of each expert, E + 1 values. */
  offsets: Tensor;
  /** The choice in each row, T * K values. */
  rowIds: Tensor;
  /** The row of each choice, T * K values. */
  places: Tensor;
  /** Row tiles: (expert, first row, end of the expert's rows, 0). */
  tileMap: Tensor;
  /** Workgroups of the two products: (columns, tiles, 1) at element 0 and at element 3. */
  grids: Tensor;
}

/** Records the sort of `ids` (T * K experts) by expert, with the map of tiles of `tileRows` rows. */
export function groupTokens(
  recorder: Recorder,
  ids: Tensor,
  options: {
    experts: number;
    /** Rows of a tile of the products that follow. */
    tileRows: number;
    /** Workgroups over the columns of the up and of the down product. */
    columns: readonly [up: number, down: number];
    /** Label of the three launches in timings. */
    label?: string;
  },
): TokenGroups {
  const { experts, tileRows, columns, label = "group tokens" } = options;
  const { pool, device } = recorder;
  const [choices] = ids.shape;
  const blocks = Math.ceil(choices / BLOCK);
  const mostTiles = Math.ceil(choices / tileRows) + Math.min(experts, choices);
  const counts = pool.tensor("counts", [blocks * experts]);
  const ranks = pool.tensor("ranks", [choices]);
  const offsets = pool.tensor("offsets", [experts + 1]);
  const tileMap = pool.tensor("tile_map", [4 * mostTiles]);
  const grids = pool.tensor("grids", [6]);
  const rowIds = pool.tensor("row_ids", [choices]);
  const places = pool.tensor("places", [choices]);
  recorder.launch({
    label,
    kernel: compile(device, "group_tokens count", countCode),
    inputs: [ids, counts, ranks],
    uniforms: [choices, experts, BLOCK, blocks],
    grid: [Math.ceil(blocks / 64)],
  });
  recorder.launch({
    label,
    kernel: compile(device, "group_tokens scan", scanCode),
    inputs: [counts, offsets, tileMap, grids],
    uniforms: [experts, blocks, tileRows, ...columns, experts],
    grid: [1],
  });
  recorder.launch({
    label,
    kernel: compile(device, "group_tokens place", placeCode),
    inputs: [ids, counts, offsets, ranks, rowIds, places],
    uniforms: [choices, experts, BLOCK],
    grid: [Math.ceil(choices / 64)],
  });
  pool.release(counts, ranks);
  return { offsets, rowIds, places, tileMap, grids };
}
