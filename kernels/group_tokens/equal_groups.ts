/**
 * Groups of one size that are known beforehand: sequences that lie one behind the other, and the
 * slots of soft experts. What {@linkcode groupTokens} would give, in one launch and without ids.
 *
 * @module
 */
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import code from "./equal_groups.wgsl" with { type: "text" };
import type { TokenGroups } from "./group_tokens.ts";

/** Sizes of equal groups. */
export interface EqualGroups {
  /** Rows in all, a multiple of `pitch`. */
  rows: number;
  /** Number of groups. */
  experts: number;
  /** Rows that a group has in each block. */
  perExpert: number;
  /**
   * Rows of a block, in which the groups lie one behind the other; what is beyond the last group of a
   * block is nobody's. All rows are one block where it is absent.
   */
  pitch?: number;
}

/** The group of each row; `experts` for nobody's. */
export function equalGroupIds(groups: EqualGroups): Uint32Array<ArrayBuffer> {
  const { rows, experts, perExpert, pitch = rows } = groups;
  return Uint32Array.from(
    { length: rows },
    (_, i) => Math.min(experts, Math.floor(i % pitch / perExpert)),
  );
}

/**
 * Records the metadata of equal groups, with the map of tiles of `tileRows` rows.
 *
 * @throws {RangeError} where the groups do not fit a block, or blocks not the rows.
 *
 * @example Two sequences of three tokens
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const recorder = k.createRecorder(k.createPool(device));
 * const groups = k.groupEqually(recorder, { rows: 6, experts: 2, perExpert: 3, tileRows: 16 });
 * recorder.submit();
 * const [offsets] = await k.download(device, [groups.offsets], Uint32Array);
 * device.close();
 * assertEquals([...offsets], [0, 3, 6]);
 * ```
 */
export function groupEqually(
  recorder: Recorder,
  options: EqualGroups & { tileRows: number; label?: string },
): TokenGroups {
  const { rows, experts, perExpert, pitch = rows, tileRows, label = "equal groups" } = options;
  if (experts * perExpert > pitch || rows % pitch !== 0) {
    throw new RangeError(
      `Cannot group ${rows} rows in blocks of ${pitch}: found ${experts} groups of ${perExpert}, ` +
        `wanted at most ${pitch} rows of a divisor of ${rows}`,
    );
  }
  const { pool, device } = recorder;
  const u32 = { dtype: "u32" } as const;
  const mostTiles = Math.ceil(rows / tileRows) + Math.min(experts, rows);
  const offsets = pool.tensor("offsets", [experts + 1], u32);
  const tileMap = pool.tensor("tile_map", [4 * mostTiles], u32);
  const rowIds = pool.tensor("row_ids", [rows], u32);
  const places = pool.tensor("places", [rows], u32);
  recorder.launch({
    label,
    kernel: compile(device, "equal groups", code),
    inputs: [offsets, tileMap, rowIds, places],
    uniforms: [rows, experts, perExpert, pitch, tileRows, mostTiles],
    grid: linearGrid(Math.max(rows, experts + 1, mostTiles)),
  });
  return { experts, mostTiles, offsets, rowIds, rowTokens: rowIds, places, tileMap };
}
