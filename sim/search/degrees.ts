/**
 * The first level of a search: degrees of both sides of the world and what they decide.
 *
 * Fields are chosen one after the other; a rule is checked when the last field that it reads is
 * chosen, so that what it forbids is never looked at.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import type { PlanRule } from "../plan/plan_rules.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import { countRule, type Tally } from "./counts.ts";
import type { SearchSite } from "./problem.ts";
import { brokenRule, type RuledField, rulesAt } from "./rules_by_field.ts";

/** Degrees that hold, and the two fields that say how their ranks work together. */
export type SearchDegrees = Pick<
  Plan,
  "tp" | "cp" | "dp" | "pp" | "ep" | "etp" | "sequenceParallel" | "contextExchange"
>;

/** The order in which fields are chosen; `dp` follows from the world. */
const order = ["tp", "cp", "pp", "etp", "ep", "sequenceParallel", "contextExchange"] as const;

type DegreeField = typeof order[number];

/** The fields that are known when degrees are. */
export const degreeFields: readonly RuledField[] = [...order, "dp"];

interface Level {
  field: DegreeField;
  values: readonly unknown[];
  rules: readonly PlanRule[];
  /** Plans below one value. */
  below: bigint;
}

function levelsOf(lists: ChoiceLists, below: bigint): Level[] {
  const levels: Level[] = [];
  const before: RuledField[] = [];
  for (const field of order) {
    const fields: RuledField[] = field === "pp" ? ["pp", "dp"] : [field];
    levels.push({ field, values: lists[field], rules: rulesAt(fields, before), below });
    before.push(...fields);
  }
  let under = below;
  for (let i = levels.length - 1; i >= 0; i--) {
    levels[i].below = under;
    under *= BigInt(levels[i].values.length);
  }
  return levels;
}

/** Whether a value says what another one says too: only the first of these is looked at. */
function saysNothing(field: DegreeField, plan: Plan, level: Level): boolean {
  if (field === "contextExchange") return plan.cp === 1 && plan[field] !== level.values[0];
  // Without tensor ranks nothing is split along the sequence.
  return field === "sequenceParallel" && plan.tp === 1 && level.values.length > 1 &&
    plan.sequenceParallel;
}

/**
 * Calls `visit` with all degrees that hold and counts those that do not.
 *
 * @param options `below`: plans with the same degrees.
 */
export function visitDegrees(
  site: SearchSite,
  lists: ChoiceLists,
  options: { below: bigint; tally: Tally; visit: (degrees: SearchDegrees) => void },
): void {
  const { tally, visit } = options;
  const levels = levelsOf(lists, options.below);
  // Rules read the fields of their level and those before it alone.
  const plan = { globalBatch: site.problem.globalBatch } as Plan;
  const { fix } = site.problem;
  plan.capacityFactor = fix?.capacityFactor;

  function descend(at: number): void {
    if (at === levels.length) return visit(degreesOf(plan));
    const { field, values, rules, below } = levels[at];
    for (const value of values) {
      (plan as unknown as Record<string, unknown>)[field] = value;
      if (field === "pp") plan.dp = fix?.dp ?? site.devices / (plan.tp * plan.cp * plan.pp);
      if (saysNothing(field, plan, levels[at])) {
        tally.same += below;
        continue;
      }
      const broken = brokenRule(rules, plan, site);
      if (broken === undefined) descend(at + 1);
      else countRule(tally, broken, below);
    }
  }

  descend(0);
}

function degreesOf(plan: Plan): SearchDegrees {
  const { tp, cp, dp, pp, ep, etp, contextExchange } = plan;
  const sequenceParallel = plan.sequenceParallel && tp > 1;
  return { tp, cp, dp, pp, ep, etp, sequenceParallel, contextExchange };
}
