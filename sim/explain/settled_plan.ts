/**
 * A plan with one field changed, and what has to follow changed with it.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { defaultStageLayers, modelParts } from "../plan/stage_layers.ts";
import type { ChoiceLists } from "../search/choice_lists.ts";
import type { SearchSite } from "../search/problem.ts";

/** Fields that are changed on their own. */
export type ChangedField = Exclude<keyof ChoiceLists, "dispatch" | "combine">;

const overlaps: readonly string[] = ["gradients", "parameters", "tensor", "pipeline", "experts"];

/** What a plan has in a field. */
export function fieldOf(plan: Plan, field: ChangedField): unknown {
  return overlaps.includes(field)
    ? plan.overlap[field as keyof Plan["overlap"]]
    : plan[field as Exclude<ChangedField, keyof Plan["overlap"]>];
}

/** A way to hide tokens that holds under the schedule. */
function experts({ overlap, schedule }: Plan, { sizes }: SearchSite): Plan["overlap"]["experts"] {
  if (overlap.experts !== "dualpipe" || schedule.startsWith("dualpipe")) return overlap.experts;
  return sizes.moe?.sharedWidth ? "shared" : "none";
}

/**
 * A plan with another value in a field. Replicas, layers of stages and what the schedule asks for
 * follow; chunks of a stage bring the schedule that has some. The plan may break rules.
 */
export function settledPlan(
  from: Plan,
  change: { field: ChangedField; value: unknown },
  site: SearchSite,
): Plan {
  const { field, value } = change;
  const plan: Plan = overlaps.includes(field)
    ? { ...from, overlap: { ...from.overlap, [field]: value } }
    : { ...from, [field]: value };
  const { fix } = site.problem;
  if (plan.shardRanks === undefined) delete plan.shardRanks;
  if (field === "vpp" && plan.vpp > 1 && fix?.schedule === undefined) plan.schedule = "interleaved";
  if (field !== "vpp" && (plan.schedule !== "interleaved" || plan.pp === 1)) plan.vpp = 1;
  plan.dp = fix?.dp ?? site.devices / (plan.tp * plan.cp * plan.pp);
  if (plan.tp === 1) plan.sequenceParallel = false;
  else if (from.tp === 1 && field === "tp") plan.sequenceParallel = fix?.sequenceParallel ?? true;
  plan.overlap = { ...plan.overlap, experts: experts(plan, site) };
  const cut = plan.pp !== from.pp || plan.vpp !== from.vpp || plan.schedule !== from.schedule;
  if (!cut || fix?.stageLayers !== undefined) return plan;
  delete plan.stageLayers;
  if (modelParts(plan) > site.sizes.layers) return plan;
  const stageLayers = defaultStageLayers(site.sizes.layers, plan);
  return stageLayers === undefined ? plan : { ...plan, stageLayers };
}
