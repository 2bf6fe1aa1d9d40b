/**
 * Where two plans differ, in the words of plans.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { formatPlan } from "../plan/plan_words.ts";

/** A word that two plans say differently; undefined where one does not say it. */
export interface WordDifference {
  /** Word, such as "tp". */
  word: string;
  /** What the first plan says. */
  from?: string;
  /** What the second plan says. */
  to?: string;
}

const wordsOf = (plan: Plan): Map<string, string> =>
  new Map(
    formatPlan(plan).split(",").map((part): [string, string] => {
      const at = part.indexOf("=");
      return [part.slice(0, at), part.slice(at + 1)];
    }),
  );

/** The words in which two plans differ, in the order of the words. */
export function wordDifferences(from: Plan, to: Plan): WordDifference[] {
  const [before, after] = [wordsOf(from), wordsOf(to)];
  const words = [...new Set([...before.keys(), ...after.keys()])];
  return words.filter((word) => before.get(word) !== after.get(word)).map((word) => ({
    word,
    from: before.get(word),
    to: after.get(word),
  }));
}

/** Words that follow from others. */
export const followers: ReadonlySet<string> = new Set(["dp", "layers"]);

/**
 * What turns one plan into another, as one would type it: "tp=4,zero=2". What follows by itself
 * (replicas, layers of stages) is left out unless nothing else differs.
 *
 * @example
 * ```ts
 * import { changeWords, completePlan, parsePlan, type Sizes } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 512, vocab: 32000, tied: true, mtpLayers: 0 },
 *   attention: { heads: 8, kvHeads: 8, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 2048, ffnMatrices: 3, learnedPositions: false },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const planOf = (words: string) =>
 *   completePlan(parsePlan(words), { devices: 16, sizes, workload });
 * assertEquals(changeWords(planOf("tp=2,gb=64"), planOf("tp=4,zero=2,gb=64")), "tp=4,zero=2");
 * ```
 */
export function changeWords(from: Plan, to: Plan): string {
  const differences = wordDifferences(from, to);
  const chosen = differences.filter(({ word }) => !followers.has(word));
  return (chosen.length > 0 ? chosen : differences)
    .map(({ word, to: said }) => said === undefined ? `without ${word}` : `${word}=${said}`)
    .join(",");
}
