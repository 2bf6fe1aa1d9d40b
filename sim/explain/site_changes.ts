/**
 * A planner's question with one input changed: for prices of the same plans, and, where the question
 * itself can say it, for another search.
 *
 * @module
 */
import { clusterOf } from "../cluster/parse.ts";
import { isNetwork } from "../cluster/tiers.ts";
import type { Machine } from "../cost/machine.ts";
import type { Precision } from "../plan/plan.ts";
import { type SearchProblem, type SearchSite, searchSite } from "../search/problem.ts";
import { changedMachine, machineInputKinds, machineInputs } from "./machine_changes.ts";

/** Inputs of a question that can be changed: those of the machine, and the memory of a plan. */
export const siteInputs = ["memory", ...machineInputs] as const;

/** One of them. */
export type SiteInput = typeof siteInputs[number];

/** An input and the factor by which it is changed; see `changedMachine`. */
export interface SiteChange {
  /** What is changed. */
  input: SiteInput;
  /** Factor of what it is, above 0. */
  factor: number;
}

/** The factor that makes an input better by a share: more of a rate or of memory, less of a time. */
export function betterFactor(input: SiteInput, share: number): number {
  return input === "memory" || machineInputKinds[input] === "rate" ? 1 + share : 1 - share;
}

/** A site on which plans are priced with an input changed. */
export function changedSite(site: SearchSite, { input, factor }: SiteChange): SearchSite {
  if (input === "memory") return { ...site, limitBytes: site.limitBytes * factor };
  const known = new Map<Precision, Machine>();
  return {
    ...site,
    machine: (precision) => {
      let machine = known.get(precision);
      if (machine === undefined) {
        machine = changedMachine(site.machine(precision), { input, factor });
        known.set(precision, machine);
      }
      return machine;
    },
  };
}

/**
 * The question with an input changed, to be searched anew; undefined for inputs that no question
 * names (those of the device, latencies as software has them, and the host).
 */
export function changedProblem(
  problem: SearchProblem,
  { input, factor }: SiteChange,
): SearchProblem | undefined {
  if (input === "memory") {
    return { ...problem, memoryLimit: searchSite(problem).limitBytes * factor };
  }
  if (input !== "network-bandwidth" && input !== "node-bandwidth") return undefined;
  const cluster = clusterOf(problem.cluster);
  const network = input === "network-bandwidth";
  const tiers = cluster.tiers.map((tier) => {
    if (isNetwork(tier) !== network) return tier;
    const { link } = tier;
    const bandwidthBytesPerSecond = link.bandwidthBytesPerSecond * factor;
    return { ...tier, link: { ...link, bandwidthBytesPerSecond } };
  });
  return { ...problem, cluster: { ...cluster, tiers } };
}
