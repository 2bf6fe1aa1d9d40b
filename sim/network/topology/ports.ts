/**
 * The ports of devices at one tier, or their network cards.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";
import { linkFactor } from "../../cluster/faults.ts";
import { isNetwork } from "../../cluster/tiers.ts";
import { effectiveBandwidth } from "../link.ts";
import type { Links } from "./links.ts";

/** Up and down ports: of rank r, link 2 r and link 2 r + 1. */
export interface Ports extends Links {
  /** Whether the port of a rank carries anything. */
  alive(rank: number): boolean;
}

/** The ports of a tier by its place; of the first network tier, the cards that all of them share. */
export function createPorts(at: number, cluster: Cluster): Ports {
  const tier = cluster.tiers[at];
  const network = isNetwork(tier);
  const names = network ? cluster.tiers.filter(isNetwork).map(({ name }) => name) : [tier.name];
  const factors = new Map(
    (cluster.linkFaults ?? [])
      .filter((fault) => names.includes(fault.tier))
      .map(({ rank }) => [
        rank,
        // A fault of the card may be said once a tier: it is one fault all the same.
        Math.min(...names.map((name) => linkFactor({ rank, tier: name }, cluster))),
      ]),
  );
  const whole = effectiveBandwidth(tier.link);
  const capacities = new Array<number>(2 * cluster.devices).fill(whole);
  for (const [rank, factor] of factors) {
    capacities[2 * rank] = capacities[2 * rank + 1] = whole * factor;
  }
  const called = network ? "nic" : tier.name;
  return {
    capacities,
    alive: (rank) => factors.get(rank) !== 0,
    nameOf: (link) => `${called} ${link % 2 === 0 ? "up" : "down"} of rank ${Math.floor(link / 2)}`,
  };
}
