/**
 * What differs between two plans, in words.
 *
 * @module
 */
import type { Plan } from "../../../sim/plan/plan.ts";
import { formatPlan } from "../../../sim/plan/plan_words.ts";
import { fieldOf, type ListField, matters, withField } from "./list_fields.ts";

/** A word of a plan that differs. */
export interface PlanChange {
  /** The word: "schedule". */
  word: string;
  /** Its value before; none where it had none. */
  from?: string;
  /** Its value after; none where it has none. */
  to?: string;
}

/** What a field is said to be where it changes nothing. */
const idle: Readonly<Partial<Record<ListField, unknown>>> = {
  ...{ sequenceParallel: false, tensor: false, pipeline: false, parameters: true },
  ...{ dispatcher: "all-to-all", experts: "none" },
};

function wordsOf(plan: Plan, experts: boolean): Map<string, string> {
  let plain = plan;
  for (const [field, value] of Object.entries(idle) as [ListField, unknown][]) {
    if (!matters(plan, field, experts) && fieldOf(plan, field) !== value) {
      plain = withField(plain, field, value);
    }
  }
  return new Map(
    formatPlan(plain).split(",").map((word) => {
      const [name, ...rest] = word.split("=");
      return [name, rest.join("=")];
    }),
  );
}

/** Words that follow from others. */
const follow: Readonly<Record<string, readonly string[]>> = {
  dp: ["tp", "cp", "pp"],
  layers: ["pp", "vpp", "schedule"],
};

/** The words that differ, in the order of plans; those that follow from others are left out. */
export function changesBetween(before: Plan, after: Plan, experts: boolean): PlanChange[] {
  const [a, b] = [wordsOf(before, experts), wordsOf(after, experts)];
  const differ = [...new Set([...a.keys(), ...b.keys()])].filter((word) =>
    a.get(word) !== b.get(word)
  );
  return differ.filter((word) => !follow[word]?.some((other) => differ.includes(other)))
    .map((word) => ({
      word,
      ...(a.has(word) && { from: a.get(word) }),
      ...(b.has(word) && { to: b.get(word) }),
    }));
}
