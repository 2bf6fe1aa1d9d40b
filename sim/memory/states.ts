/**
 * Bytes that a parameter takes on one rank: weights, gradients and optimiser, by format and by what
 * ZeRO (arXiv 1910.02054) shards.
 *
 * @module
 */
import { formats as formatTable } from "../cost/formats.ts";
import type { Plan } from "../plan/plan.ts";
import { shardsGradients } from "../plan/sharded_gradients.ts";
import type { MemoryHabits } from "./habits.ts";
import { wideBytes } from "./site.ts";

/** Bytes of one parameter on one rank. */
export interface ParameterBytes {
  /** Working weights, copies in a narrow format included. */
  weight: number;
  /** Main gradients. */
  gradient: number;
  /** Master weights and the two moments of Adam, without what lives in the host's memory. */
  optimizer: number;
}

/**
 * Ranks that share the optimiser (and more, by ZeRO stage) of dense and of expert parameters. Of the
 * two parts of the model that a rank of DualPipe holds, another stage has the same: replicas as well.
 */
export function shardRanks(plan: Plan): { dense: number; experts: number } {
  const { tp, cp, ep, etp } = plan;
  const dp = plan.dp * (plan.schedule === "dualpipe" ? 2 : 1);
  const dense = plan.shardRanks ?? dp * cp;
  const replicas = (tp * cp * dp) / (ep * etp);
  return { dense, experts: Math.max(1, Math.min(replicas, (replicas * dense) / (dp * cp))) };
}

/** Bytes of a working weight before sharding: a matrix of a layer, or a table, norm or router. */
export function weightBytes(plan: Plan, habits: MemoryHabits, matrix: boolean): number {
  const { precision, formats } = plan;
  if (precision === "fp32" || precision === "tf32") return 4;
  if (!matrix || formatTable[precision].bytes >= wideBytes) return wideBytes;
  // Products read rows in the forward pass and columns in the backward one: two narrow copies.
  const narrow = formatTable[formats.parameters ?? precision].bytes;
  if (formats.parameters !== undefined && narrow < wideBytes) return 2 * narrow;
  const copies = 2 * formatTable[precision].bytes;
  if (habits.narrowWeights === "instead" && precision !== "fp4") return copies;
  return habits.narrowWeights === "none" ? wideBytes : wideBytes + copies;
}

/** Whether the columns of narrow weights are made of their rows at need: with one scale a tensor. */
function transposed({ zero, precision }: Plan, habits: MemoryHabits, matrix: boolean): boolean {
  return zero === 3 && matrix && precision === "fp8" && habits.narrowWeights === "instead";
}

/** Bytes of a weight of ZeRO 3 when it is gathered, to be used now or next. */
export function gatheredWeightBytes(
  plan: Plan,
  habits: MemoryHabits,
  weight: { matrix: boolean; use: "now" | "next" },
): number {
  const rows = transposed(plan, habits, weight.matrix) && weight.use === "next";
  return weightBytes(plan, habits, weight.matrix) / (rows ? 2 : 1);
}

/**
 * Bytes of one parameter on one rank.
 *
 * @param group Ranks that share it, and whether it is a matrix whose products are narrow.
 */
export function parameterBytes(
  plan: Plan,
  habits: MemoryHabits,
  group: { ranks: number; matrix: boolean },
): ParameterBytes {
  const { zero, precision, formats, offload } = plan;
  const shard = (stage: number) => zero >= stage ? 1 / group.ranks : 1;
  const wide = precision === "fp32" || precision === "tf32";
  const master = zero === 3 && habits.shardedMaster;
  const rows = transposed(plan, habits, group.matrix) ? 2 : 1;
  const weight = master ? 4 : weightBytes(plan, habits, group.matrix) / rows;
  const moments = 2 * formatTable[formats.moments ?? "fp32"].bytes;
  const states = (wide || master ? 0 : 4) + moments;
  const gradients = formats.mainGradients ?? habits.mainGradients;
  return {
    weight: weight * shard(3),
    gradient: formatTable[gradients].bytes * (shardsGradients(plan) ? 1 / group.ranks : 1),
    optimizer: states * shard(1) * (1 - offload.optimizer),
  };
}
