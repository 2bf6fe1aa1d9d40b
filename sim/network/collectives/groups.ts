/**
 * Ranks of a group by the domain that they are in, and rings that use every port of a domain.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import { nodeTier, rankSpans } from "../../cluster/tiers.ts";

/**
 * The ranks by domain, in the order in which the domains appear.
 *
 * @param ranks Ranks, in any order.
 * @param cluster Where they are.
 * @param options `tier` whose domains count, by its place; that of the nodes unless given.
 *
 * @example
 * ```ts
 * import { byDomain, parseCluster } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(byDomain([0, 4, 8, 12], parseCluster("h100:16")), [[0, 4], [8, 12]]);
 * ```
 */
export function byDomain(
  ranks: readonly number[],
  cluster: Cluster,
  options: { tier?: number } = {},
): number[][] {
  const { tier = nodeTier(cluster) } = options;
  const span = rankSpans(cluster)[tier] ?? 1;
  const domains = new Map<number, number[]>();
  for (const rank of ranks) {
    const domain = Math.floor(rank / span);
    const members = domains.get(domain);
    if (members) members.push(rank);
    else domains.set(domain, [rank]);
  }
  return [...domains.values()];
}

/**
 * The same, all of one size.
 *
 * @throws {UserError} where domains have different numbers of the ranks.
 */
export function evenDomains(
  ranks: readonly number[],
  cluster: Cluster,
  options: { tier?: number } = {},
): number[][] {
  const domains = byDomain(ranks, cluster, options);
  const sizes = domains.map((members) => members.length);
  if (new Set(sizes).size > 1) {
    throw new UserError(
      `Cannot split ${ranks.length} ranks over the domains of cluster "${cluster.id}": found ` +
        `${sizes.join(", ")} in them, wanted equal numbers`,
    );
  }
  return domains;
}

/**
 * One ring for each member of a domain, each of which leaves the domains by another member's port;
 * with one domain, one ring. Every other domain is passed backwards, so that a ring comes in where
 * the same rail left off.
 *
 * @example
 * ```ts
 * import { domainRings } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(domainRings([[0, 1], [8, 9]]), [[0, 1, 9, 8], [1, 0, 8, 9]]);
 * ```
 */
export function domainRings(domains: readonly (readonly number[])[]): number[][] {
  if (domains.length === 1) return [[...domains[0]]];
  return domains[0].map((_, turn) =>
    domains.flatMap((members, at) => {
      const order = members.map((_, i) => members[(turn + i) % members.length]);
      return at % 2 === 0 ? order : order.reverse();
    })
  );
}
