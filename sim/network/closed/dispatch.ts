/**
 * Dispatch and combine of tokens without duplicates (DeepEP, github.com/deepseek-ai/DeepEP; Hybrid-EP).
 *
 * A token with k experts crosses to each *domain* that holds some of them once, over the network card
 * of the device in its own place there, and fans out over the domain's ports, once to each *rank* with
 * one of its experts. With D distinct domains and R distinct ranks in expectation, N domains of L
 * members, and b bytes of rows that a rank brings (one copy each):
 *
 *     network   b D (N - 1)/N        leaves each card (a home domain is as likely as any other)
 *     domain    b R (L - 1)/L        leaves each inner port (a rank is its own goal one time in L)
 *     copy      R rows by m multiprocessors, each a start and its bytes
 *
 * All three work side by side in small pieces, so the slowest counts; a fixed cost for barriers comes
 * on top. Combine is the same way back.
 *
 * Routing: experts are equally likely; `domainLimit` confines a token to so many domains
 * (arXiv 2412.19437, section 2.1.2).
 *
 * @module
 */
import type { Fabric } from "../fabric.ts";
import type { DispatchKernel } from "../software.ts";
import { expectedDistinct } from "./distinct.ts";
import { type Group, membersInTier, outerTier } from "./group.ts";
import { exchangeRate } from "./ports.ts";

/** Where tokens go. */
export interface TokenGoals {
  /** Experts that a token goes to (its k). */
  copies: number;
  /** Experts of the layer, where a token chooses none twice. */
  experts?: number;
  /** Domains that a token may reach. */
  domainLimit?: number;
}

/** What is sent where, and by what. */
export interface DispatchOptions extends TokenGoals {
  /** Library; "deepep" unless given. */
  kernel?: DispatchKernel;
  /** Bytes of one row, for what the multiprocessors take; that is left out unless given. */
  rowBytes?: number;
  /** Multiprocessors that copy rows; as the library sets them unless given. */
  multiprocessors?: number;
  /** Way back, where rows are added up. */
  combine?: boolean;
}

/** Expected distinct domains that a token reaches. */
export function distinctDomains(group: Group, fabric: Fabric, goals: TokenGoals): number {
  const domains = Math.ceil(group.ranks / membersInTier(group, 0, fabric));
  const open = Math.min(domains, goals.domainLimit ?? domains);
  return expectedDistinct(goals.copies, open, (goals.experts ?? Infinity) * open / domains);
}

/** Expected distinct ranks that a token reaches. */
export function distinctRanks(group: Group, fabric: Fabric, goals: TokenGoals): number {
  const members = membersInTier(group, 0, fabric);
  const domains = Math.ceil(group.ranks / members);
  const open = Math.min(domains, goals.domainLimit ?? domains);
  const experts = (goals.experts ?? Infinity) * open / domains;
  return expectedDistinct(goals.copies, group.ranks * open / domains, experts);
}

/**
 * Seconds of a dispatch (or combine) in which every rank brings `bytes`, all copies counted.
 *
 * @throws {RangeError} without `copies`.
 *
 * @example
 * ```ts
 * import { compileFabric, dispatchSeconds, parseCluster } from "@moelab/moelab/sim";
 * import { assert } from "@std/assert";
 *
 * const fabric = compileFabric(parseCluster("h800:64"));
 * const group = { ranks: 64, perDomain: 8 };
 * const bytes = 4096 * 8 * 7168;
 * const free = dispatchSeconds(bytes, group, fabric, { copies: 8 });
 * assert(dispatchSeconds(bytes, group, fabric, { copies: 8, domainLimit: 4 }) < free);
 * ```
 */
export function dispatchSeconds(
  bytes: number,
  group: Group,
  fabric: Fabric,
  options: Partial<DispatchOptions>,
): number {
  if (!hasCopies(options)) {
    throw new RangeError(
      `Cannot price a dispatch of ${bytes} bytes with ${options.copies} copies of a row: ` +
        `wanted a number above 0, such as the experts of a token`,
    );
  }
  const outer = outerTier(group, fabric);
  const members = membersInTier(group, 0, fabric);
  const domains = Math.ceil(group.ranks / members);
  const open = Math.min(domains, options.domainLimit ?? domains);
  const { copies, experts = Infinity } = options;
  const own = bytes / copies;
  const within = experts * open / domains;
  const received = own * expectedDistinct(copies, members * open, within);
  const inside = received * (members - 1) / members / exchangeRate(0, group, fabric);
  const leaving = own * expectedDistinct(copies, open, within) * (1 - 1 / domains);
  const across = outer === 0 ? 0 : leaving / exchangeRate(outer, group, fabric);
  const kernel = fabric.dispatch[options.kernel ?? "deepep"];
  const wire = Math.max(inside, across) / kernel.portShare;
  const fixed = kernel.fixedSeconds + fabric.tiers[outer].latencySeconds;
  if (options.rowBytes === undefined) return fixed + wire;
  const start = options.combine ? kernel.combineRowSeconds : kernel.dispatchRowSeconds;
  const each = start / options.rowBytes + 1 / kernel.copyBytesPerSecond;
  return fixed +
    Math.max(wire, received * each / (options.multiprocessors ?? kernel.multiprocessors));
}

function hasCopies(options: Partial<DispatchOptions>): options is DispatchOptions {
  return options.copies !== undefined && options.copies > 0;
}
