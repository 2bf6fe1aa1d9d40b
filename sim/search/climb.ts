/**
 * Good plans before the search: from a few starts, one field after the other is changed while that
 * helps. What is found proves nothing and is only there to be beaten, so that bounds cut early.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { planFault } from "../plan/plan_rules.ts";
import { defaultStageLayers, modelParts } from "../plan/stage_layers.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import { planMemory, planTime } from "./evaluate.ts";
import { type IncumbentRules, type Incumbents, keepPlan } from "./incumbents.ts";
import { leafOptions } from "./leaf_options.ts";
import { bitsOf, fullBits } from "./recompute_sets.ts";
import type { PreparedSearch } from "./search_space.ts";

type ClimbField = Exclude<keyof ChoiceLists, "dispatch" | "combine" | "tensor">;

const overlaps = ["gradients", "parameters", "pipeline", "experts"] as const;

const isOverlap = (field: ClimbField): field is typeof overlaps[number] =>
  (overlaps as readonly string[]).includes(field);

/** The plan as the search would have it, or undefined where it breaks a rule. */
function settled(input: Plan, space: PreparedSearch): Plan | undefined {
  const { site, lists, base, perCut } = space;
  const { tp, cp, pp } = input;
  const plan: Plan = { ...input, overlap: { ...input.overlap, tensor: lists.tensor[0] } };
  plan.dp = site.problem.fix?.dp ?? site.devices / (tp * cp * pp);
  const [shardRanks] = lists.shardRanks;
  if (!lists.shardRanks.includes(plan.shardRanks)) plan.shardRanks = shardRanks;
  if (plan.shardRanks === undefined) delete plan.shardRanks;
  if (tp === 1) plan.sequenceParallel = false;
  else if (!lists.sequenceParallel.includes(plan.sequenceParallel)) {
    plan.sequenceParallel = lists.sequenceParallel[0];
  }
  if (cp === 1) plan.contextExchange = lists.contextExchange[0];
  if (base.stageLayers === undefined) {
    delete plan.stageLayers;
    const fits = modelParts(plan) <= site.sizes.layers;
    const stageLayers = fits ? defaultStageLayers(site.sizes.layers, plan) : undefined;
    if (stageLayers) plan.stageLayers = stageLayers;
  }
  const options = leafOptions(plan, { site, lists, perCut });
  if (options.experts.length === 0) return undefined;
  if (!options.experts.includes(plan.overlap.experts)) plan.overlap.experts = options.experts[0];
  plan.formats = space.formats;
  if (pp === 1) plan.overlap.pipeline = lists.pipeline[0];
  if (plan.zero === 0) plan.overlap.parameters = lists.parameters[0];
  return planFault(plan, site) === undefined ? plan : undefined;
}

function changed(plan: Plan, field: ClimbField, value: unknown): Plan {
  return isOverlap(field)
    ? { ...plan, overlap: { ...plan.overlap, [field]: value } }
    : { ...plan, [field]: value };
}

const valueOf = (plan: Plan, field: ClimbField): unknown =>
  isOverlap(field) ? plan.overlap[field] : plan[field];

/** Lists so long that only neighbours in them are tried. */
const LONG = 24;

/** Whether sets of modules differ by one module, or one of them is nothing or everything. */
function nearSets(a: Plan["recompute"], b: Plan["recompute"]): boolean {
  const [one, other] = [bitsOf(a), bitsOf(b)];
  if (one % fullBits === 0 || other % fullBits === 0) return true;
  const apart = one ^ other;
  return (apart & (apart - 1)) === 0;
}

/** Plans that differ from one in a field. */
function* neighbours(plan: Plan, field: ClimbField, space: PreparedSearch): Generator<Plan> {
  const list: readonly unknown[] = space.lists[field];
  const now = list.indexOf(valueOf(plan, field));
  for (let i = 0; i < list.length; i++) {
    if (i === now) continue;
    const near = field === "recompute"
      ? nearSets(plan.recompute, space.lists.recompute[i])
      : list.length <= LONG || Math.abs(i - now) <= 3;
    const next = near ? settled(changed(plan, field, list[i]), space) : undefined;
    if (next) yield next;
  }
}

interface Place {
  plan: Plan;
  stepSeconds: number;
  peakBytes: number;
}

/** How far a plan is from fitting, and how long it takes. */
function better(a: Place, b: Place, limitBytes: number): boolean {
  const [over, than] = [a, b].map(({ peakBytes }) => Math.max(0, peakBytes - limitBytes));
  return over !== than ? over < than : a.stepSeconds < b.stepSeconds;
}

/** Rounds through all fields at most. */
const ROUNDS = 12;

/** What a climb goes by. */
export interface ClimbSite {
  /** The search. */
  space: PreparedSearch;
  /** What has been found. */
  known: Incumbents;
  /** What is kept. */
  rules: IncumbentRules;
  /** Whether to stop. */
  stop: () => boolean;
}

/**
 * Climbs from a plan to a faster one within some bytes, or to a smaller one while it is above; every
 * plan on the way within `keptBytes`, the same unless given, is kept. Gives the last one, or nothing
 * where the plan breaks a rule.
 */
export function climb(
  start: Plan,
  of: ClimbSite & { limitBytes: number; keptBytes?: number },
): Plan | undefined {
  const { space, known, rules, stop, limitBytes, keptBytes = limitBytes } = of;
  const { site } = space;
  const placeOf = (plan: Plan): Place => {
    const { peakBytes } = planMemory(plan, site);
    const fits = peakBytes <= keptBytes;
    const stepSeconds = fits ? planTime(plan, site).stepSeconds : Infinity;
    if (fits) keepPlan(known, { plan, stepSeconds, peakBytes }, rules);
    return { plan, stepSeconds, peakBytes };
  };
  const first = settled(start, space);
  if (first === undefined) return undefined;
  const { dispatch: _d, combine: _c, tensor: _t, ...lists } = space.lists;
  const fields = (Object.keys(lists) as ClimbField[]).filter((field) => lists[field].length > 1);
  let here = placeOf(first);
  // Fields since the last change.
  let idle = 0;
  for (let i = 0; i < ROUNDS * fields.length && idle < fields.length; i++, idle++) {
    const { plan } = here;
    for (const next of neighbours(plan, fields[i % fields.length], space)) {
      if (stop()) return here.plan;
      const place = placeOf(next);
      if (better(place, here, limitBytes)) [here, idle] = [place, 0];
    }
  }
  return here.plan;
}
