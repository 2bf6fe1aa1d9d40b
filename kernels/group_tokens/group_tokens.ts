/**
 * Routing metadata on the device: a stable counting sort of the choices by expert, without atomics
 * and without a read-back.
 *
 * @module
 */
import { compile, type Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import countCode from "./count.wgsl" with { type: "text" };
import placeCode from "./place.wgsl" with { type: "text" };
import scanCode from "./scan.wgsl" with { type: "text" };
import tokensCode from "./tokens.wgsl" with { type: "text" };

/** The expert of a choice that was dropped, its place, and the choice of a row that nobody has. */
export const NO_CHOICE = 0xffffffff;

/** Choices that one thread counts. */
const BLOCK = 64;

/**
 * Where each choice of a token went. A choice is `token * K + slot`; u32 everywhere. There are as many
 * rows as choices; where choices were dropped, those beyond the last expert's stay unused, and no
 * product reads or writes them.
 */
export interface TokenGroups {
  /** Number of experts. */
  experts: number;
  /** Tiles that the map has room for: a launch over tiles has as many workgroups. */
  mostTiles: number;
  /** First row of each expert, E + 1 values. */
  offsets: Tensor;
  /** The choice in each row, T * K values; {@linkcode NO_CHOICE} in unused ones. */
  rowIds: Tensor;
  /** The token in each row likewise: what products gather by. With K = 1, the choices. */
  rowTokens: Tensor;
  /** The row of each choice, T * K values; {@linkcode NO_CHOICE} for dropped ones. */
  places: Tensor;
  /** Row tiles: (expert, first row, end of the expert's rows, 0); zeros where there is no tile. */
  tileMap: Tensor;
}

/** The tensors of a grouping, to put back into the pool. */
export function groupTensors(groups: TokenGroups): Tensor[] {
  const { offsets, rowIds, rowTokens, places, tileMap } = groups;
  return [...new Set([offsets, rowIds, rowTokens, places, tileMap])];
}

/**
 * Records the sort of `ids` (T * K experts) by expert, with the map of tiles of `tileRows` rows.
 *
 * An id that is no expert's, such as {@linkcode NO_CHOICE}, is a choice that was dropped: it gets no
 * row.
 */
export function groupTokens(
  recorder: Recorder,
  ids: Tensor,
  options: {
    experts: number;
    /** Rows of a tile of the products that follow. */
    tileRows: number;
    /** Choices of a token, K; 1 where absent. */
    topK?: number;
    /** Label of the three launches in timings. */
    label?: string;
  },
): TokenGroups {
  const { experts, tileRows, topK = 1, label = "group tokens" } = options;
  const { pool, device } = recorder;
  const [choices] = ids.shape;
  const blocks = Math.ceil(choices / BLOCK);
  const mostTiles = Math.ceil(choices / tileRows) + Math.min(experts, choices);
  const u32 = { dtype: "u32" } as const;
  const counts = pool.tensor("counts", [blocks * experts], u32);
  const ranks = pool.tensor("ranks", [choices], u32);
  const offsets = pool.tensor("offsets", [experts + 1], u32);
  const tileMap = pool.tensor("tile_map", [4 * mostTiles], u32);
  const rowIds = pool.tensor("row_ids", [choices], u32);
  const places = pool.tensor("places", [choices], u32);
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
    inputs: [counts, offsets, tileMap],
    uniforms: [experts, blocks, tileRows, mostTiles],
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
  // A division for each row in each product that gathers would cost more.
  const rowTokens = topK === 1 ? rowIds : pool.tensor("row_tokens", [choices], u32);
  if (topK > 1) {
    recorder.launch({
      label,
      kernel: compile(device, "group_tokens tokens", tokensCode),
      inputs: [rowIds, rowTokens],
      uniforms: [choices, topK],
      grid: [Math.ceil(choices / 64)],
    });
  }
  return { experts, mostTiles, offsets, rowIds, rowTokens, places, tileMap };
}
