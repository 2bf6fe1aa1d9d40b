/**
 * What became of every plan of a space.
 *
 * @module
 */

/** Plans by what became of them; decimal digits, as spaces outgrow what a number can count. */
export interface SearchCounts {
  /** All plans of the space. */
  enumerated: string;
  /** Plans that break a rule, by the first one that was found. */
  rules: Record<string, string>;
  /** Plans that say the same as another in other words, such as a context exchange of one rank. */
  same: string;
  /** Plans that another one beats or equals in everything. */
  dominance: string;
  /** Plans that do not fit. */
  memory: string;
  /** Plans that cannot be among the best, by a bound of their time. */
  time: string;
  /** Plans that were priced. */
  evaluated: string;
  /** Plans that nobody looked at, because the search was stopped. */
  left: string;
  /** Of those that were priced, plans that fit. */
  feasible: string;
}

/** What a plan that was not priced fell to. */
export type Fate = "same" | "dominance" | "memory" | "time" | "left";

/** Counts while they grow. */
export interface Tally {
  rules: Record<string, bigint>;
  same: bigint;
  dominance: bigint;
  memory: bigint;
  time: bigint;
  left: bigint;
  evaluated: bigint;
  feasible: bigint;
}

/** Nothing counted yet. */
export function emptyTally(): Tally {
  return {
    rules: {},
    ...{ same: 0n, dominance: 0n, memory: 0n, time: 0n, left: 0n, evaluated: 0n, feasible: 0n },
  };
}

/** Counts plans that break a rule. */
export function countRule(tally: Tally, rule: string, plans: bigint): void {
  tally.rules[rule] = (tally.rules[rule] ?? 0n) + plans;
}

const fates = ["same", "dominance", "memory", "time", "left", "evaluated", "feasible"] as const;

/** Counts as they are saved. */
export function tallyCounts(tally: Tally, enumerated: bigint): SearchCounts {
  const rules = Object.entries(tally.rules).map(([rule, plans]) => [rule, String(plans)]);
  const rest = fates.map((fate) => [fate, String(tally[fate])]);
  return {
    enumerated: String(enumerated),
    rules: Object.fromEntries(rules),
    ...Object.fromEntries(rest) as Record<typeof fates[number], string>,
  };
}

/** Counts as they were saved. */
export function countsTally(counts: SearchCounts): Tally {
  const rules = Object.entries(counts.rules).map(([rule, plans]) => [rule, BigInt(plans)]);
  const rest = fates.map((fate) => [fate, BigInt(counts[fate])]);
  return {
    rules: Object.fromEntries(rules),
    ...Object.fromEntries(rest) as Record<typeof fates[number], bigint>,
  };
}

/** Adds counts to others. */
export function addTally(to: Tally, from: Tally): void {
  for (const [rule, plans] of Object.entries(from.rules)) countRule(to, rule, plans);
  for (const fate of fates) to[fate] += from[fate];
}
