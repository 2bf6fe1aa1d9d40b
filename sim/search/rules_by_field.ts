/**
 * When each rule of plans can be checked: as soon as the fields that it reads are chosen.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { type PlanRule, planRules, type PlanSite } from "../plan/plan_rules.ts";

/** The fields of a plan that its rules read. */
export type RuledField = Exclude<
  keyof Plan,
  "recompute" | "offload" | "precision" | "formats" | "dispatcher" | "globalBatch"
>;

/** The fields that each rule reads; what holds for a whole problem is left out. */
export const ruleFields: Readonly<Record<string, readonly RuledField[]>> = {
  "world": ["tp", "cp", "pp"],
  "replicas": ["tp", "cp", "dp", "pp"],
  "experts exist": ["ep", "etp"],
  "expert world": ["tp", "cp", "dp", "ep", "etp"],
  "experts": ["ep"],
  "expert width": ["etp"],
  "heads": ["tp"],
  "key and value heads": ["tp"],
  "heads by context": ["tp", "cp", "contextExchange"],
  "dense width": ["tp"],
  "sequence by context": ["cp"],
  "sequence by tensor": ["tp", "cp", "sequenceParallel"],
  "batch": ["dp", "microBatch"],
  "shards": ["dp", "cp", "shardRanks"],
  "sharded parameters": ["zero", "pp"],
  "chunks": ["vpp", "pp", "schedule"],
  "layers": ["vpp", "pp", "schedule"],
  "layers of stages": ["vpp", "pp", "schedule"],
  "two-way pipeline": ["pp", "schedule"],
  "micro-batches": ["schedule", "pp", "dp", "microBatch"],
  "overlap": ["overlap", "schedule"],
};

/**
 * The rules that can be checked when `fields` are chosen, and could not before.
 *
 * @param before Fields that were chosen before; the last of a rule's fields is the one that counts.
 */
export function rulesAt(
  fields: readonly RuledField[],
  before: readonly RuledField[],
): readonly PlanRule[] {
  const now = new Set([...fields, ...before]);
  const then = new Set(before);
  return planRules.filter(({ name }) => {
    const read = ruleFields[name];
    return read.every((field) => now.has(field)) && !read.every((field) => then.has(field));
  });
}

/** The name of the first of some rules that a plan breaks. */
export function brokenRule(
  rules: readonly PlanRule[],
  plan: Plan,
  site: PlanSite,
): string | undefined {
  for (let i = 0; i < rules.length; i++) {
    if (rules[i].fault(plan, site) !== undefined) return rules[i].name;
  }
}
