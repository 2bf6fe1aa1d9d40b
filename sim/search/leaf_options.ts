/**
 * What is left to choose when degrees, micro-batch and cut are: which values hold, which are decided
 * because they are never worse, and how many plans each of these takes away.
 *
 * Never worse in time or memory, in the closed form as it is: exchanges of tensor ranks beside their
 * products, tokens beside the shared experts rather than beside nothing, and beside nothing rather than
 * beside other micro-batches where a schedule runs no two operations in pairs and no whole backward
 * passes, and where no tokens travel. Activations that travel between stages beside kernels are never
 * slower but take a buffer more, so both are tried; with one stage there are none. Formats of rows
 * are chosen later (`row_formats.ts`), and all counted here.
 *
 * What runs beside kernels at the ends of a step is tried both ways. Reducing gradients beside the last
 * backward passes has kernels stand still for a share of each, which may cost more than a short exchange
 * behind them all. Parameters beside the first forward passes delay a step by no more than their gather;
 * but behind the update they wait on the stage that updates longest, which need not gather longest.
 *
 * @module
 */
import { runsWhole } from "../cost/closed_chunk.ts";
import { pairRule } from "../cost/closed_pairs.ts";
import type { Overlap, Plan } from "../plan/plan.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import { addTally, countRule, emptyTally, type Tally } from "./counts.ts";
import type { SearchSite } from "./problem.ts";
import { brokenRule, type RuledField, rulesAt } from "./rules_by_field.ts";

/** What is sharded over whom. */
export type Sharding = Pick<Plan, "zero" | "shardRanks">;

/** Values that are tried; see the module. */
export interface LeafOptions {
  /** What hides tokens. */
  experts: readonly Overlap["experts"][];
  /** Sharding. */
  shardings: readonly Sharding[];
  /** Whether activations travel beside kernels. */
  pipeline: readonly boolean[];
  /** Plans for each cut, formats of products, dispatcher, set of modules and `experts`. */
  plans: number;
}

/** Fields that are chosen before. */
const chosen: readonly RuledField[] = [
  ...["tp", "cp", "dp", "pp", "ep", "etp", "sequenceParallel", "contextExchange"] as const,
  ...["microBatch", "schedule", "vpp"] as const,
];

const expertRules = rulesAt(["overlap"], chosen);
const shardingRules = rulesAt(["zero", "shardRanks"], chosen);

/** Whether parameters are gathered at all, so that it matters beside what. */
export const gathersParameters = ({ zero }: Sharding) => zero > 0;

/** Whether a way to hide tokens does no more than another one; see the module. */
function fateOf(
  experts: Overlap["experts"],
  plan: Plan,
  held: readonly Overlap["experts"][],
): "dominance" | undefined {
  const alone = held.includes("none") || held.includes("shared");
  if (experts === "none") return held.includes("shared") ? "dominance" : undefined;
  if (experts === "shared" || experts === "attention" || !alone) return undefined;
  if (plan.ep * plan.etp === 1) return "dominance";
  const own = { ...plan, zero: 0 as const, overlap: { ...plan.overlap, experts } };
  const pairs = pairRule(own) !== "none" || runsWhole(own) || plan.pp === 1;
  return pairs ? undefined : "dominance";
}

function expertsOf(plan: Plan, of: LeafSite): { tried: Overlap["experts"][]; plans: number } {
  const { site, lists, tally, perCut } = of;
  const plans = perCut / lists.experts.length;
  const held: Overlap["experts"][] = [];
  for (const experts of lists.experts) {
    const broken = brokenRule(
      expertRules,
      { ...plan, overlap: { ...plan.overlap, experts } },
      site,
    );
    if (broken === undefined) held.push(experts);
    else if (tally) countRule(tally, broken, BigInt(plans));
  }
  const tried = held.filter((experts) => {
    const fate = fateOf(experts, plan, held);
    if (tally && fate) tally[fate] += BigInt(plans);
    return fate === undefined;
  });
  return { tried, plans };
}

/** The shardings that hold. */
export function shardingsOf(plan: Plan, of: Pick<LeafSite, "site" | "lists">): Sharding[] {
  const { site, lists } = of;
  return lists.zero.flatMap((zero) =>
    lists.shardRanks.map((shardRanks) => ({
      zero,
      ...(shardRanks !== undefined && { shardRanks }),
    }))
  ).filter((sharding) =>
    brokenRule(shardingRules, { ...plan, shardRanks: undefined, ...sharding }, site) === undefined
  );
}

/** What options are worked out from. */
export interface LeafSite {
  /** The problem. */
  site: SearchSite;
  /** Values by field. */
  lists: ChoiceLists;
  /** Plans of a cut. */
  perCut: number;
  /** Counts what falls, if given. */
  tally?: Tally;
}

/** The options of a plan whose degrees, micro-batch and cut are chosen. */
export function leafOptions(plan: Plan, of: LeafSite): LeafOptions {
  const { site, lists, tally } = of;
  const { tried: experts, plans } = expertsOf(plan, of);
  const count = BigInt(experts.length);
  let each = plans / (lists.zero.length * lists.shardRanks.length);
  const shardings: Sharding[] = [];
  for (const zero of lists.zero) {
    for (const shardRanks of lists.shardRanks) {
      const sharding = { zero, ...(shardRanks !== undefined && { shardRanks }) };
      const broken = brokenRule(shardingRules, { ...plan, ...sharding }, site);
      if (broken === undefined) shardings.push(sharding);
      else if (tally) countRule(tally, broken, BigInt(each) * count);
    }
  }
  const left = count * BigInt(shardings.length);
  const tensor = lists.tensor.length;
  if (tally) tally.dominance += BigInt(each - each / tensor) * left;
  each /= tensor;
  const pipeline = plan.pp === 1 ? lists.pipeline.slice(0, 1) : lists.pipeline;
  const kept = each / lists.pipeline.length * pipeline.length;
  if (tally) tally.same += BigInt(each - kept) * left;
  const idle = shardings.filter((sharding) => !gathersParameters(sharding)).length;
  const twice = kept / lists.parameters.length * (lists.parameters.length - 1);
  if (tally) tally.same += BigInt(twice) * BigInt(idle) * count;
  const all = kept * shardings.length - twice * idle;
  return {
    experts,
    shardings,
    pipeline,
    plans: all / (lists.precision.length * lists.dispatcher.length * lists.recompute.length),
  };
}

/** The options of plans, which they share with others of the same cut; counts what falls. */
export type LeafTable = (plan: Plan, tally: Tally) => LeafOptions;

/** Options that are worked out once for all plans with the same. */
export function leafTable(of: Omit<LeafSite, "tally">): LeafTable {
  const known = new Map<string, { options: LeafOptions; tally: Tally }>();
  return (plan, tally) => {
    const { pp, vpp, schedule, ep, etp, dp, cp } = plan;
    const key = `${pp}/${vpp}/${schedule}/${ep * etp === 1}/${dp * cp}`;
    let entry = known.get(key);
    if (entry === undefined) {
      const own = emptyTally();
      known.set(key, entry = { options: leafOptions(plan, { ...of, tally: own }), tally: own });
    }
    addTally(tally, entry.tally);
    return entry.options;
  };
}
