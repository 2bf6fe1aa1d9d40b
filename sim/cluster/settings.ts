/**
 * What can be set after the name of a cluster: "nic=400Gb/s", "latency.nic=10us", "slow.3=0.8".
 *
 * A setting is `FIELD.TIER=value`, `TIER=value` for a bandwidth, or a fault of a rank. `nic` stands
 * for every tier of the network, whatever it is called, and a field without a tier is of the last.
 *
 * @module
 */
import { unknownName, UserError } from "../../kernels/base/errors.ts";
import type { Link } from "../network/link.ts";
import type { Cluster, Tier } from "./cluster.ts";
import { readNumber, readQuantity } from "./quantity.ts";
import { isNetwork, nodeTier } from "./tiers.ts";

const ofLink = (tier: Tier, link: Partial<Link>): Tier => ({
  ...tier,
  link: { ...tier.link, ...link },
});

/** The fields of a tier that can be set, and how. */
const tierFields: Readonly<Record<string, (tier: Tier, text: string) => Tier>> = {
  bandwidth: (tier, text) =>
    ofLink(tier, { bandwidthBytesPerSecond: readQuantity(text, "bandwidth") }),
  latency: (tier, text) => ofLink(tier, { latencySeconds: readQuantity(text, "time") }),
  efficiency: (tier, text) =>
    ofLink(tier, { efficiency: readNumber(text, { low: Number.MIN_VALUE, high: 1 }) }),
  oversubscription: (tier, text) => {
    if (tier.fabric.kind === "torus") {
      throw new UserError(`Cannot oversubscribe the torus "${tier.name}": wanted a switched tier`);
    }
    return {
      ...tier,
      fabric: { ...tier.fabric, oversubscription: readNumber(text, { low: 1 }) },
    };
  },
  span: (tier, text) => {
    const { usedSpan: _, ...rest } = tier;
    return { ...rest, span: readNumber(text, { low: 1, whole: true }) };
  },
  sharp: (tier, text) => ({
    ...tier,
    sharpReduction: readNumber(text, { low: 0, high: 1, whole: true }) === 1,
  }),
};

/** The tiers that a name stands for. */
function tiersCalled(name: string | undefined, { tiers }: Cluster): Tier[] {
  if (name === undefined) return [tiers[tiers.length - 1]];
  const named = tiers.filter((tier) => tier.name === name || (name === "nic" && isNetwork(tier)));
  if (named.length > 0) return named;
  throw unknownName("tier", name, [...new Set([...tiers.map((tier) => tier.name), "nic"])]);
}

function withFault(cluster: Cluster, [who, tier]: string[], text: string): Cluster {
  if (tier !== undefined) {
    const rank = readNumber(who, { low: 0, whole: true });
    const factor = readNumber(text, { low: 0, high: 1 });
    const linkFaults = tiersCalled(tier, cluster).map(({ name }) => ({ rank, tier: name, factor }));
    return { ...cluster, linkFaults: [...cluster.linkFaults ?? [], ...linkFaults] };
  }
  const factor = readNumber(text, { low: Number.MIN_VALUE });
  const [, word, digits] = who.match(/^(node|rank|)(.*)$/)!;
  const number = readNumber(digits, { low: 0, whole: true });
  const part = word === "node" ? { node: number, factor } : { rank: number, factor };
  return { ...cluster, slow: [...cluster.slow ?? [], part] };
}

/**
 * The cluster with one setting changed, not yet checked as a whole.
 *
 * @throws {UserError} for a name or a value that cannot be, with the nearest name.
 */
export function withSetting(cluster: Cluster, key: string, text: string): Cluster {
  const [head, ...rest] = key.split(".");
  if ((head === "slow" && rest.length === 1) || (head === "link" && rest.length === 2)) {
    return withFault(cluster, rest, text);
  }
  const bare = rest.length === 0;
  const isTier = bare && (head === "nic" || cluster.tiers.some((tier) => tier.name === head));
  const field = head === "node" && bare ? "span" : isTier ? "bandwidth" : head;
  if (!Object.hasOwn(tierFields, field) || rest.length > 1) {
    const names = [...cluster.tiers.map((tier) => tier.name), "nic", "node"];
    const fields = Object.keys(tierFields);
    throw unknownName("setting", key, [
      ...new Set(names),
      ...fields,
      "slow.RANK",
      "link.RANK.TIER",
    ]);
  }
  const node = cluster.tiers[nodeTier(cluster)];
  if (head === "node" && node === undefined) {
    throw new UserError(`Cannot set the node of cluster "${cluster.id}": it has a network alone`);
  }
  const chosen = head === "node" ? [node] : tiersCalled(isTier ? head : rest[0], cluster);
  return {
    ...cluster,
    tiers: cluster.tiers.map((tier) =>
      chosen.includes(tier) ? tierFields[field](tier, text) : tier
    ),
  };
}
