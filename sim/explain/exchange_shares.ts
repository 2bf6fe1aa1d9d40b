/**
 * Which groups of ranks a step waits for, over which links.
 *
 * @module
 */
import { groupAt, outerTier } from "../network/closed/group.ts";
import type { FabricTier } from "../network/fabric.ts";
import { type GroupKind, planGroup } from "../plan/plan_groups.ts";
import type { Plan } from "../plan/plan.ts";
import type { Machine } from "../cost/machine.ts";
import type { PartedStep } from "./step_parts.ts";

/** What the ranks of a group exchange in a step. */
export interface ExchangeShare {
  /** The group; "data" for gradients and parameters once a step. */
  group: Extract<GroupKind, "tensor" | "context" | "expert" | "shard" | "pipeline" | "data">;
  /** Ranks of it. */
  ranks: number;
  /** Name of the outermost tier that it crosses, such as "nvlink". */
  tier: string;
  /** Whether that is a network between nodes. */
  network: boolean;
  /** Seconds that the step waits for it. */
  seconds: number;
  /** Seconds that run beside kernels. */
  hiddenSeconds: number;
}

/** The outermost tier that a group of a plan crosses. */
function tierOf(kind: GroupKind, plan: Plan, { fabric }: Machine): FabricTier {
  const { size, stride } = planGroup(kind, plan);
  // A stage sends to the next one alone.
  const ranks = kind === "pipeline" ? Math.min(size, 2) : size;
  return fabric.tiers[outerTier(groupAt(fabric, { ranks, stride }), fabric)];
}

/** Groups that exchange together: dense parameters and experts', experts and what splits them. */
const joined: Readonly<Partial<Record<ExchangeShare["group"], GroupKind>>> = {
  ...{ data: "expert-data", shard: "expert-data", expert: "expert-tensor" },
};

/** The outermost tier that a group or the one that exchanges with it crosses. */
function widestTier(group: ExchangeShare["group"], plan: Plan, machine: Machine): FabricTier {
  const own = tierOf(group, plan, machine);
  const kind = joined[group];
  const other = kind === undefined ? own : tierOf(kind, plan, machine);
  return other.span > own.span ? other : own;
}

/** Ranks of a group, or of the larger of two that exchange together. */
function ranksOf(group: ExchangeShare["group"], plan: Plan): number {
  if (group === "expert") return plan.ep * plan.etp;
  const { size } = planGroup(group, plan);
  const kind = joined[group];
  return kind === undefined ? size : Math.max(size, planGroup(kind, plan).size);
}

/** Share of the step below which a wait is what rounding leaves. */
const NOTHING = 1e-12;

/** The exchanges of a step, the longest wait first; those of a single rank are left out. */
export function exchangeShares(
  { time: { exposed, stepSeconds }, parts, hidden }: PartedStep,
  of: { plan: Plan; machine: Machine },
): ExchangeShare[] {
  const { plan, machine } = of;
  const seconds: Record<ExchangeShare["group"], [shown: number, hidden: number]> = {
    tensor: [parts.tensorSeconds, hidden.tensorSeconds],
    context: [parts.contextSeconds, hidden.contextSeconds],
    expert: [parts.tokenSeconds, hidden.tokenSeconds],
    shard: [exposed.shardSeconds, hidden.shardSeconds],
    pipeline: [exposed.sendSeconds, 0],
    data: [parts.dataSeconds, hidden.dataSeconds],
  };
  return (Object.keys(seconds) as ExchangeShare["group"][])
    .map((group): ExchangeShare => {
      const [shown, hiddenSeconds] = seconds[group];
      const { name, network } = widestTier(group, plan, machine);
      const ranks = ranksOf(group, plan);
      return { group, ranks, tier: name, network, seconds: shown, hiddenSeconds };
    })
    .filter(({ seconds: shown, hiddenSeconds }) => shown + hiddenSeconds > NOTHING * stepSeconds)
    .sort((a, b) => b.seconds - a.seconds || b.hiddenSeconds - a.hiddenSeconds);
}
