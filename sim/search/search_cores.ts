/**
 * The last level: plans that are priced.
 *
 * Plans that differ in sharding and in what hides data ranks alone have the same pipeline; once the
 * first of them is priced, what its pipeline takes is a bound for the others.
 *
 * @module
 */
import type { StepTime } from "../cost/closed_form.ts";
import { alikeTimes, planMemory } from "./evaluate.ts";
import { isHopeless, keepPlan } from "./incumbents.ts";
import { gathersParameters } from "./leaf_options.ts";
import type { Core } from "./unit_cores.ts";
import type { UnitSite } from "./unit_site.ts";
import { boundSlack } from "./time_bound.ts";

/** Seconds of a step without what data ranks and optimiser take. */
const insideSeconds = ({ busySeconds, bubbleSeconds }: StepTime) => busySeconds + bubbleSeconds;

function searchCore(core: Core, of: UnitSite): boolean {
  const { space: { site, lists }, known, rules, tally, stop } = of;
  // What the pipeline of all but sharded parameters takes, once it is known.
  let inside = 0;
  const timeOf = alikeTimes(site);
  for (const { sharding, ...least } of core.shardings) {
    let peakBytes: number | undefined;
    const parameters = gathersParameters(sharding)
      ? lists.parameters
      : lists.parameters.slice(0, 1);
    const stays = sharding.zero < 3;
    for (const gradients of lists.gradients) {
      for (const gathers of parameters) {
        const again = stays ? inside + least.updateSeconds : 0;
        const stepSeconds = Math.max(least.stepSeconds, again);
        if (isHopeless(known, { stepSeconds, peakBytes: peakBytes ?? least.peakBytes }, rules)) {
          tally.time++;
          continue;
        }
        const overlap = { ...core.plan.overlap, gradients, parameters: gathers };
        const plan = { ...core.plan, ...sharding, overlap };
        peakBytes ??= planMemory(plan, site).peakBytes;
        if (peakBytes > site.limitBytes) {
          tally.memory++;
          continue;
        }
        if (stop()) return false;
        const time = timeOf(plan);
        tally.evaluated++;
        tally.feasible++;
        keepPlan(known, { plan, stepSeconds: time.stepSeconds, peakBytes }, rules);
        if (stays) inside = (insideSeconds(time) + site.stack.fixedSeconds) * boundSlack;
      }
    }
  }
  return true;
}

/** Prices the plans of cores; false where it was stopped before the end. */
export function searchCores(cores: readonly Core[], of: UnitSite): boolean {
  return cores.every((core) => searchCore(core, of));
}
