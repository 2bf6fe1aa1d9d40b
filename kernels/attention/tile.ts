/**
 * The shapes that the attention kernels are generated in.
 *
 * Every kernel has rows of its own, `stripes` of them a lane, and other rows that stream by: queries
 * own rows while keys stream, and the other way round for the gradients of keys and values. A value
 * of a streaming row is needed by all lanes; it is loaded once and exchanged, either by a shuffle
 * ("subgroup": one subgroup is one workgroup, no barrier) or through workgroup memory ("workgroup").
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import type { Device } from "../device.ts";
import type { HeadWidths, LaneExchange } from "./options.ts";

/** One shape of an attention kernel. */
export interface Tile {
  /** How streaming rows are shared. */
  exchange: LaneExchange;
  /** Threads of a workgroup. */
  lanes: number;
  /** Rows that a lane owns. */
  stripes: 1 | 2;
  /** Streaming rows that an iteration unrolls. */
  step: number;
  /** Streaming rows that are exchanged at once, a multiple of `step`. */
  batch: number;
  /** Where streaming rows are read from. */
  source: "buffer" | "texture";
}

/** The kernels whose text is generated. */
export type AttentionKernel = "forward" | "dq" | "dkv";

/** Multiply-adds of an own row and a streaming one. */
const products: Record<AttentionKernel, (d: HeadWidths) => number> = {
  forward: ({ dqk, dv }) => dqk + dv,
  dq: ({ dqk, dv }) => 2 * dqk + dv,
  dkv: ({ dqk, dv }) => 2 * dqk + 2 * dv,
};

/** Threads of a workgroup where the exchange goes through memory. */
const THREADS = 64;
/**
 * Multiply-adds that an iteration unrolls, for two rows a lane and for four streaming rows. The time
 * to compile grows with them; beyond these, speed hardly does.
 */
const UNROLLED = { stripes: 768, step: 512 };
/** Bytes of workgroup memory that a batch of streaming rows takes at the most. */
const BATCH_BYTES = 8192;

/** The exchange that suits a device: shuffles on CPU drivers, workgroup memory elsewhere. */
export function exchangeOf(device: Device): LaneExchange {
  return device.adapter.software && device.subgroupSize >= 4 ? "subgroup" : "workgroup";
}

/** Rows of its own that a workgroup has. */
export const rowsOfTile = (tile: Tile): number => tile.lanes * tile.stripes;

/**
 * The tile of a kernel.
 *
 * @throws {UserError} where subgroups are asked for on a device that has none of four lanes or more.
 */
export function attentionTile(
  device: Device,
  kernel: AttentionKernel,
  options: HeadWidths & { exchange: LaneExchange; source: Tile["source"] },
): Tile {
  const { dqk, dv, exchange, source } = options;
  if (exchange === "workgroup") {
    const batch = 2 * Math.max(1, Math.floor(BATCH_BYTES / (4 * (dqk + dv + 2)) / 2));
    return { exchange, lanes: THREADS, stripes: 1, step: 2, batch, source: "buffer" };
  }
  const lanes = device.subgroupSize;
  if (lanes < 4) {
    throw new UserError(
      `Cannot exchange rows by subgroups of ${lanes} lanes on ${device.adapter.description}: ` +
        `wanted 4 or more, or exchange "workgroup"`,
    );
  }
  const unrolled = products[kernel]({ dqk, dv });
  const stripes = 2 * 2 * unrolled <= UNROLLED.stripes ? 2 : 1;
  const step = stripes * 4 * unrolled <= UNROLLED.step ? 4 : 2;
  return { exchange, lanes, stripes, step, batch: step, source };
}
