/**
 * What became of all plans, over several searches and as a sum that one can check.
 *
 * @module
 */
import { addTally, countsTally, emptyTally, tallyCounts } from "../../sim/search/counts.ts";
import type { SearchCounts } from "../../sim/search/counts.ts";

/** The counts of several searches together. */
export function addCounts(counts: readonly SearchCounts[]): SearchCounts {
  const tally = emptyTally();
  for (const each of counts) addTally(tally, countsTally(each));
  const enumerated = counts.reduce((sum, each) => sum + BigInt(each.enumerated), 0n);
  return tallyCounts(tally, enumerated);
}

/** Plans that break any rule. */
export function brokenPlans({ rules }: SearchCounts): bigint {
  return Object.values(rules).reduce((sum, plans) => sum + BigInt(plans), 0n);
}

/** Counts in their order, with what they are of; together they are all plans. */
export function countLines(counts: SearchCounts): { what: string; plans: bigint }[] {
  return [
    { what: "break a rule", plans: brokenPlans(counts) },
    { what: "say the same as another", plans: BigInt(counts.same) },
    { what: "are never better than another", plans: BigInt(counts.dominance) },
    { what: "do not fit", plans: BigInt(counts.memory) },
    { what: "are too slow by a bound", plans: BigInt(counts.time) },
    { what: "were priced", plans: BigInt(counts.evaluated) },
    { what: "were left", plans: BigInt(counts.left) },
  ];
}

/**
 * The counts as a sum in words, "7 break a rule + 3 were priced = 10".
 *
 * @throws {RangeError} where they do not add up: the search has lost plans.
 */
export function sumOfCounts(counts: SearchCounts): string {
  const lines = countLines(counts);
  const sum = lines.reduce((total, { plans }) => total + plans, 0n);
  if (sum !== BigInt(counts.enumerated)) {
    throw new RangeError(`Counts of plans come to ${sum}, wanted ${counts.enumerated}`);
  }
  const parts = lines.filter(({ plans }) => plans > 0n).map(({ what, plans }) =>
    `${plans} ${what}`
  );
  return `${parts.join(" + ")} = ${counts.enumerated}`;
}
