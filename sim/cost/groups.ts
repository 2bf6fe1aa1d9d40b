/**
 * The groups of a plan on a fabric, and what a layer's costs are worked out from.
 *
 * @module
 */
import { type Group, groupAt } from "../network/closed/group.ts";
import type { Fabric } from "../network/fabric.ts";
import type { Plan } from "../plan/plan.ts";
import { type GroupKind, planGroup } from "../plan/plan_groups.ts";
import type { Machine } from "./machine.ts";
import type { Sizes } from "./sizes.ts";
import type { Split } from "./split.ts";

/** The groups of a plan; see `plan_groups.ts` for the order of the ranks. */
export interface Groups {
  /** Ranks that split attention and dense layers. */
  tensor: Group;
  /** Ranks that split a sequence. */
  context: Group;
  /** Ranks that share out optimiser, gradients or parameters: all data ranks, or some (HSDP). */
  shard: Group;
  /** Ranks that hold equal shards, where sharding is hybrid. */
  replica: Group;
  /** Ranks that hold the experts of a layer. */
  expert: Group;
  /** Ranks that split an expert. */
  expertTensor: Group;
  /** Ranks that hold equal experts. */
  expertData: Group;
  /** Whether neighbouring stages share a domain. */
  stagesTogether: boolean;
}

/** The groups of a plan on a fabric. */
export function groupsOf(plan: Plan, fabric: Fabric): Groups {
  const group = (kind: GroupKind): Group => {
    const { size, stride } = planGroup(kind, plan);
    return groupAt(fabric, { ranks: size, stride });
  };
  const { size: stages, stride: stage } = planGroup("pipeline", plan);
  const { span } = fabric.tiers[0];
  return {
    tensor: group("tensor"),
    context: group("context"),
    shard: group("shard"),
    replica: group("replica"),
    expert: group("expert"),
    expertTensor: group("expert-tensor"),
    expertData: group("expert-data"),
    stagesTogether: stage * Math.min(stages, 2) <= span,
  };
}

/** What the costs of a layer are worked out from. */
export interface CostSite {
  /** Model. */
  sizes: Sizes;
  /** Plan, complete. */
  plan: Plan;
  /** What a rank holds of a micro-batch. */
  split: Split;
  /** What it runs on. */
  machine: Machine;
  /** Who exchanges with whom. */
  groups: Groups;
}
