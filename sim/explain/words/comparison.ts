/**
 * Two plans against each other, and what is wrong with one, in sentences.
 *
 * @module
 */
import type { BytePart, PlanComparison } from "../compare_plans.ts";
import type { PlanVerdict } from "../why_not.ts";
import { wordExplanation } from "./explanation.ts";
import { factorWords, type FigureFormat, stepPartNames, type WordOptions } from "./figures.ts";

/** Parts of memory in words. */
export const bytePartNames: Readonly<Record<BytePart, string>> = {
  weightBytes: "weights",
  gradientBytes: "gradients",
  optimizerBytes: "optimiser",
  activationBytes: "activations",
  logitBytes: "logits",
  workingBytes: "working memory",
  communicationBytes: "buffers of exchanges",
  libraryBytes: "libraries",
  reservedBytes: "reserved memory",
};

const moreOrLess = (
  difference: number,
  of: { unit: "seconds" | "bytes"; format: FigureFormat },
): string => `${of.format(Math.abs(difference), of.unit, 3)} ${difference < 0 ? "less" : "more"}`;

/** Fields whose effect is told. */
const told = 3;

/** The fields that do most on their own. */
function aloneWords({ a, fields }: PlanComparison, format: FigureFormat): string[] {
  const effects = fields.flatMap(({ word, to, alone }) =>
    alone ? [{ word, to, change: alone.stepSeconds - a.stepSeconds }] : []
  ).filter(({ change }) => change !== 0).sort((x, y) => Math.abs(y.change) - Math.abs(x.change));
  if (fields.length < 2 || effects.length === 0) return [];
  const words = effects.slice(0, told).map(({ word, to, change }) =>
    `${word}=${to} ${moreOrLess(change, { unit: "seconds", format })}`
  );
  return [`On its own, in the first plan: ${words.join("; ")}`];
}

/**
 * A comparison in sentences, the second plan seen from the first: the steps, the fields, what these do
 * alone, and the parts that decide.
 */
export function wordComparison(
  comparison: PlanComparison,
  { format }: WordOptions,
): string[] {
  const { a, b, fields, bytes, decisive } = comparison;
  const steps = [a, b].map(({ stepSeconds }) => format(stepSeconds, "seconds"));
  const words = fields.map(({ word, from, to }) => `${word} ${from ?? "none"} to ${to ?? "none"}`);
  const [largest] = bytes;
  return [
    `The step goes from ${steps[0]} to ${steps[1]}, ` +
    `${factorWords(b.stepSeconds / a.stepSeconds, format)}; memory from ` +
    `${format(a.peakBytes, "bytes", 3)} to ${format(b.peakBytes, "bytes", 3)}`,
    words.length > 0 ? `What differs: ${words.join(", ")}` : "Nothing differs",
    ...aloneWords(comparison, format),
    ...decisive.map(({ part, a: before, b: after, difference }) =>
      `${stepPartNames[part]}: ${moreOrLess(difference, { unit: "seconds", format })}, ` +
      `${format(before, "seconds", 3)} to ${format(after, "seconds", 3)}`
    ),
    ...largest && largest.difference !== 0
      ? [
        `Of memory ${bytePartNames[largest.part]} differ most: ` +
        moreOrLess(largest.difference, { unit: "bytes", format }),
      ]
      : [],
  ];
}

/** Rules and memory of a plan in sentences; of one with which nothing is wrong, its explanation. */
export function wordVerdict(verdict: PlanVerdict, { format }: WordOptions): string[] {
  const { faults, memory, otherwise, nearest, explained } = verdict;
  const [worst] = memory;
  const sound = faults.length === 0 && worst === undefined;
  const stages = memory.length > 1 ? `, and ${memory.length - 1} more stages do not fit` : "";
  return [
    ...faults.map(({ rule, says, mends }) =>
      `Rule "${rule}": ${says}${mends.length > 0 ? ` (to be mended by ${mends.join(", ")})` : ""}`
    ),
    ...worst
      ? [
        `Stage ${worst.stage} needs ${format(worst.peakBytes, "bytes", 3)} at its peak ` +
        `(${worst.moment}), ${format(worst.overBytes, "bytes", 3)} beyond the limit of ` +
        `${format(worst.limitBytes, "bytes", 3)}${stages}`,
      ]
      : [],
    ...otherwise.length > 0 ? [`The question holds ${otherwise.join(", ")} otherwise`] : [],
    ...nearest
      ? [
        `Nearest that holds${nearest.fits ? " and fits" : ", though it does not fit"}: ` +
        `${nearest.changes}, a step of ${format(nearest.price.stepSeconds, "seconds")} in ` +
        format(nearest.price.peakBytes, "bytes", 3),
      ]
      : sound
      ? []
      : ["No plan nearby holds"],
    ...explained ? wordExplanation(explained, { format }) : [],
  ];
}
