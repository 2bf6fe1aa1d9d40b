/**
 * The fields that searches have lists for, in plans.
 *
 * @module
 */
import type { Overlap, Plan } from "../../../sim/plan/plan.ts";
import type { ChoiceLists } from "../../../sim/search/choice_lists.ts";

/** A field of the lists. */
export type ListField = keyof ChoiceLists;

const overlaps: readonly ListField[] = [
  ...["gradients", "parameters", "tensor", "pipeline", "experts"] as const,
];
const rows: readonly ListField[] = ["dispatch", "combine"];

/** What a plan has of a field. */
export function fieldOf(plan: Plan, field: ListField): unknown {
  if (overlaps.includes(field)) return plan.overlap[field as keyof Overlap];
  if (rows.includes(field)) return plan.formats[field as keyof Plan["formats"]];
  return plan[field as keyof Plan];
}

/** A plan with another value of a field; nothing that follows from it is changed. */
export function withField(plan: Plan, field: ListField, value: unknown): Plan {
  if (overlaps.includes(field)) return { ...plan, overlap: { ...plan.overlap, [field]: value } };
  if (!rows.includes(field)) return { ...plan, [field]: value };
  const { [field as "dispatch"]: _, ...formats } = plan.formats;
  return { ...plan, formats: value === undefined ? formats : { ...formats, [field]: value } };
}

/** Whether a field changes anything beside the others of a plan. */
export function matters(plan: Plan, field: ListField, experts: boolean): boolean {
  switch (field) {
    case "contextExchange":
      return plan.cp > 1;
    case "sequenceParallel":
    case "tensor":
      return plan.tp > 1;
    case "pipeline":
      return plan.pp > 1;
    case "parameters":
      return plan.zero > 0;
    case "dispatcher":
    case "dispatch":
    case "combine":
    case "experts":
      return experts && plan.ep * plan.etp > 1;
    default:
      return true;
  }
}

/** The same value: lists of modules are the same in any order. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((one) => b.includes(one));
}

const modules = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === "none" ? [] : [value];

/** How far a value is from another one: 0 where they are the same. */
export function distance(field: ListField, from: unknown, to: unknown): number {
  if (sameValue(from, to)) return 0;
  if (typeof from === "number" && typeof to === "number") {
    return field === "zero" ? Math.abs(from - to) : Math.abs(Math.log2(Math.max(to, 1) / from));
  }
  if (field !== "recompute") return 1;
  const [a, b] = [modules(from), modules(to)];
  return a.filter((one) => !b.includes(one)).length + b.filter((one) => !a.includes(one)).length;
}
