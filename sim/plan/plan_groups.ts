/**
 * Which ranks exchange what under a plan.
 *
 * Ranks are numbered with tp innermost, then cp, dp and pp; on the side of the experts with etp
 * innermost, then ep, edp and pp ("MoE Parallel Folding", arXiv 2504.14960). So every group is a
 * first rank, a size and a stride.
 *
 * @module
 */
import type { RankGroup } from "../cluster/tiers.ts";
import type { Plan } from "./plan.ts";

/**
 * Groups of ranks: those that split attention and dense layers, a sequence, or an expert; that hold
 * equal dense parameters (`data`, with the context ranks) or equal experts (`expert-data`); that
 * share what ZeRO shards (`shard`) and those with equal shards (`replica`); that hold the experts of
 * a layer; and the stages of a pipeline.
 */
export type GroupKind =
  | "tensor"
  | "context"
  | "data"
  | "shard"
  | "replica"
  | "expert"
  | "expert-tensor"
  | "expert-data"
  | "pipeline";

/** The names of the groups. */
export const groupKinds: readonly GroupKind[] = [
  ...["tensor", "context", "data", "shard", "replica"] as const,
  ...["expert", "expert-tensor", "expert-data", "pipeline"] as const,
];

/** The degrees that groups follow from. */
export type Degrees = Pick<Plan, "tp" | "cp" | "dp" | "pp" | "ep" | "etp" | "shardRanks">;

/**
 * The group of a kind that rank 0 is in; those of other ranks have the same size and stride.
 *
 * @example Experts over what are tensor and data ranks of the attention
 * ```ts
 * import { planGroup } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const plan = { tp: 4, cp: 1, dp: 4, pp: 2, ep: 8, etp: 1 };
 * assertEquals(planGroup("tensor", plan), { size: 4, stride: 1 });
 * assertEquals(planGroup("expert", plan), { size: 8, stride: 1 });
 * assertEquals(planGroup("expert-data", plan), { size: 2, stride: 8 });
 * ```
 */
export function planGroup(kind: GroupKind, plan: Degrees): RankGroup {
  const { tp, cp, dp, pp, ep, etp } = plan;
  const shard = plan.shardRanks ?? dp * cp;
  switch (kind) {
    case "tensor":
      return { size: tp, stride: 1 };
    case "context":
      return { size: cp, stride: tp };
    case "data":
      return { size: dp * cp, stride: tp };
    case "shard":
      return { size: shard, stride: tp };
    case "replica":
      return { size: dp * cp / shard, stride: tp * shard };
    case "expert":
      return { size: ep, stride: etp };
    case "expert-tensor":
      return { size: etp, stride: 1 };
    case "expert-data":
      return { size: tp * cp * dp / (ep * etp), stride: ep * etp };
    case "pipeline":
      return { size: pp, stride: tp * cp * dp };
  }
}

/** The ranks of the group of a kind that a rank is in, in order. */
export function planGroupMembers(
  rank: number,
  options: { kind: GroupKind; plan: Degrees },
): number[] {
  const { size, stride } = planGroup(options.kind, options.plan);
  const first = rank - Math.floor(rank / stride) % size * stride;
  return Array.from({ length: size }, (_, i) => first + i * stride);
}

/** Members of a group that starts at rank 0 in a domain of `span` neighbouring ranks, at most. */
export function membersPerDomain({ size, stride }: RankGroup, span: number): number {
  return Math.min(size, Math.max(1, Math.ceil(span / stride)));
}

/** Ranks of all groups of a plan. */
export function worldOf({ tp, cp, dp, pp }: Degrees): number {
  return tp * cp * dp * pp;
}
