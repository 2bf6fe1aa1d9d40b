/**
 * The plan nearest to one that does not hold.
 *
 * One field is changed, or two where one is not enough. Of the plans that hold, the one is taken
 * that changes degrees by the least factors; a field counts the more the later the broken rule
 * names it.
 *
 * @module
 */
import { scheduleNames } from "../pipeline/schedule.ts";
import { withDefaults } from "./plan_defaults.ts";
import type { PlanInput } from "./plan_input.ts";
import { type MendableField, planFault, planRules, type PlanSite } from "./plan_rules.ts";

/** Fields of a plan and the values that mend it; undefined gives the field back to the defaults. */
export type PlanChanges = Partial<Record<MendableField | "stageLayers", PlanInput[MendableField]>>;

/** A change and what it costs: the factor in powers of two, 1 for what is no number. */
interface Step {
  field: MendableField;
  value: PlanInput[MendableField];
  cost: number;
}

/** Factor of the cost of a field for each that the rule names before it. */
const LATER = 4;

/** The layers of stages are for a number of parts: where that changes they are given up. */
const PART_FIELDS: readonly MendableField[] = ["pp", "vpp", "schedule"];

function divisors(n: number): number[] {
  return Array.from({ length: Math.min(n, 4096) }, (_, i) => i + 1).filter((d) => n % d === 0);
}

/** Batches near the one wanted, which fill the replicas and, where that matters, the pipeline. */
function batches(wanted: number, unit: number, stages: number): number[] {
  const near = (
    step: number,
  ) => [Math.floor(wanted / step) * step, Math.ceil(wanted / step) * step];
  return [...near(unit), ...near(unit * stages), 2 * unit * stages].filter((batch) => batch > 0);
}

function steps(field: MendableField, input: PlanInput, site: PlanSite): Step[] {
  const now = withDefaults(input, site);
  const numeric = (values: readonly number[]): Step[] =>
    [...new Set(values)].filter((value) => value !== now[field]).map((value) => ({
      field,
      value,
      cost: Math.abs(Math.log2(value / Number(now[field]))) || 1,
    })).sort((a, b) => a.cost - b.cost);
  const named = (values: readonly PlanInput[MendableField][]): Step[] =>
    values.filter((value) => value !== now[field]).map((value) => ({ field, value, cost: 1 }));
  switch (field) {
    case "schedule":
      return named(["interleaved", "1f1b", "dualpipe", ...scheduleNames]);
    case "contextExchange":
      return named(["p2p"]);
    case "sequenceParallel":
      return named([false]);
    case "zero":
      return now.zero > 2 ? [{ field, value: 2, cost: 0.5 }] : [];
    case "vpp":
      return numeric(divisors(site.sizes.layers));
    case "ep":
      return numeric(divisors(site.sizes.moe?.experts ?? 1));
    case "globalBatch": {
      const unit = Math.max(1, Math.floor(now.dp) * now.microBatch);
      return numeric(batches(now.globalBatch, unit, now.pp));
    }
    case "microBatch":
      return numeric(divisors(Math.max(1, Math.floor(now.globalBatch / now.dp))));
    default:
      return numeric(divisors(site.devices));
  }
}

function changesOf(chosen: readonly Step[], input: PlanInput): PlanChanges {
  const changes: PlanChanges = {};
  for (const { field, value } of chosen) changes[field] = value;
  const cut = chosen.some(({ field }) => PART_FIELDS.includes(field));
  return input.stageLayers && cut ? { ...changes, stageLayers: undefined } : changes;
}

/**
 * The changes that make a plan hold, or undefined where none within two fields do.
 *
 * @param input The plan as given.
 * @param site What it is for.
 * @param options `rule` that it breaks, by name.
 */
export function nearestPlan(
  input: PlanInput,
  site: PlanSite,
  options: { rule: string },
): PlanChanges | undefined {
  const holds = (changes: PlanChanges) =>
    planFault(withDefaults({ ...input, ...changes } as PlanInput, site), site) === undefined;
  const { mends } = planRules.find(({ name }) => name === options.rule)!;
  if (mends.length === 0) {
    const changes = { stageLayers: undefined };
    return holds(changes) ? changes : undefined;
  }
  const single = mends.flatMap((field, at) =>
    steps(field, input, site).map((step) => ({ ...step, cost: step.cost * LATER ** at }))
  );
  const best: { changes?: PlanChanges; cost: number } = { cost: Infinity };
  const consider = (chosen: readonly Step[]) => {
    const cost = chosen.reduce((sum, step) => sum + step.cost, 0);
    if (cost >= best.cost) return;
    const changes = changesOf(chosen, input);
    if (holds(changes)) Object.assign(best, { changes, cost });
  };
  for (const step of single) consider([step]);
  if (best.changes !== undefined) return best.changes;
  const others: readonly MendableField[] = [
    "tp",
    "cp",
    "pp",
    "ep",
    "vpp",
    "schedule",
    "globalBatch",
  ];
  for (const first of single) {
    for (const field of others.filter((name) => name !== first.field)) {
      const changed = { ...input, ...changesOf([first], input) } as PlanInput;
      for (const second of steps(field, changed, site)) consider([first, second]);
    }
  }
  return best.changes;
}
