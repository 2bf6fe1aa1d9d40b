/**
 * Which experts are worth asking (Fusion of Experts, arXiv 2310.01542, section 4): each has a price, and
 * what it is likely to say is only known from texts that were seen before.
 *
 * The sets of experts that were asked are the nodes of a graph, and to ask one more is an edge that costs
 * its price. What a set is worth is the loss that is expected of it, given what those asked have said.
 * {@linkcode nextExpert} looks at all sets that can be reached and takes one step towards the best;
 * {@linkcode frugalOrder} looks one step ahead. How the work breaks ties, and that it estimates losses by
 * just so many neighbours, is not confirmed.
 *
 * @module
 */

/** Numbers 0 to n - 1. */
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Most experts whose sets are listed. */
const MOST = 12;

/**
 * The experts of every set, sets in the order of their numbers: expert e is in set s where bit e of s is 1.
 *
 * @throws {RangeError} where there are more than 12 experts.
 */
export function expertSets(experts: number): number[][] {
  if (!(Number.isInteger(experts) && experts >= 1 && experts <= MOST)) {
    throw new RangeError(
      `Cannot list all sets of ${experts} experts: wanted a whole number from 1 to ${MOST}`,
    );
  }
  return upTo(2 ** experts).map((set) => upTo(experts).filter((e) => (set >> e) & 1));
}

/** What asking is worth. */
export interface AskingOptions {
  /** Expected loss of a set of experts, in ascending order; the empty one included. */
  lossOf: (asked: readonly number[]) => number;
  /** Price of asking each, in the unit of the loss. */
  price: readonly number[];
}

/**
 * The expert to ask next: of the sets with those asked, the one with the least expected loss and price is
 * looked for, and of its other members the one that is best alone. None where no set is worth its price.
 *
 * @param sets All sets of the experts, see {@linkcode expertSets}.
 *
 * @example Two experts are worth their price together, and neither alone
 * ```ts
 * import { expertSets, nextExpert } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const lossOf = (asked: readonly number[]) => asked.length === 2 ? 0.1 : 1;
 * const options = { lossOf, price: [0.2, 0.3] };
 * assertEquals(nextExpert(expertSets(2), { ...options, asked: [] }), 0);
 * assertEquals(nextExpert(expertSets(2), { ...options, asked: [0] }), 1);
 * assertEquals(nextExpert(expertSets(2), { ...options, asked: [0, 1] }), undefined);
 * ```
 */
export function nextExpert(
  sets: readonly (readonly number[])[],
  { asked, lossOf, price }: AskingOptions & { asked: readonly number[] },
): number | undefined {
  const newOf = (set: readonly number[]) => set.filter((e) => !asked.includes(e));
  const costOf = (set: readonly number[]) =>
    newOf(set).reduce((sum, e) => sum + price[e], lossOf(set));
  let best: readonly number[] = [...asked].sort((a, b) => a - b);
  let least = costOf(best);
  for (const set of sets) {
    if (set.length <= asked.length || !asked.every((e) => set.includes(e))) continue;
    const cost = costOf(set);
    if (cost < least) [best, least] = [set, cost];
  }
  const left = newOf(best);
  if (left.length < 2) return left[0];
  const alone = left.map((e) => costOf([...asked, e].sort((a, b) => a - b)));
  return left[alone.indexOf(Math.min(...alone))];
}

/**
 * The order in which experts are asked where nothing is learned on the way, and where that stops: each time
 * the one whose loss with those asked before falls most for its price, as long as it falls by more.
 *
 * @param experts How many there are.
 *
 * @example The second expert alone is worth its price
 * ```ts
 * import { frugalOrder } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const lossOf = (asked: readonly number[]) => asked.includes(1) ? 0.2 : asked.includes(0) ? 0.5 : 1;
 * assertEquals(frugalOrder(2, { lossOf, price: [0.1, 0.1] }), [1]);
 * ```
 */
export function frugalOrder(experts: number, { lossOf, price }: AskingOptions): number[] {
  const asked: number[] = [];
  for (;;) {
    const before = lossOf(asked);
    const left = upTo(experts).filter((e) => !asked.includes(e));
    const gains = left.map((e) => before - lossOf([...asked, e]) - price[e]);
    const best = gains.indexOf(Math.max(...gains));
    if (best < 0 || !(gains[best] > 0)) return asked;
    asked.push(left[best]);
  }
}
