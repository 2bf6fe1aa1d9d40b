/**
 * Max-min fair rates of flows that share links.
 *
 * No flow can get more without taking it from a flow that has no more (Bertsekas and Gallager,
 * "Data Networks", section 6.5.2). Progressive filling: all rates grow alike until a link is full;
 * its flows keep that rate, what they use is taken off their other links, and the rest grow on.
 * Links that fill at the same rate are closed together, so that a symmetric exchange takes one pass.
 *
 * @module
 */
import { createSharing, fillRates, type SharedFlow } from "./sharing.ts";

/**
 * The rate of every flow in the unit of `capacities`, which gives the capacity of each link id.
 *
 * @throws {RangeError} for a link without a capacity of 0 or more.
 *
 * @example
 * ```ts
 * import { fairRates } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * // Two flows share link 0; one of them goes on over the narrow link 1.
 * const rates = fairRates([{ links: [0] }, { links: [0, 1] }], [10, 2]);
 * assertEquals([...rates], [8, 2]);
 * ```
 */
export function fairRates(
  flows: readonly SharedFlow[],
  capacities: ArrayLike<number>,
): Float64Array {
  const sharing = createSharing(flows, capacities);
  fillRates(sharing, flows.map((_, flow) => flow));
  return sharing.rates;
}
