/**
 * What the report of `speed-of-experts` says.
 *
 * @module
 */
import { median } from "simple-statistics";
import { formatPlain } from "../../reports/format.ts";
import type { Result, TableInfo } from "../../reports/result.ts";
import { errorOf } from "../compare/errors_of_pairs.ts";
import type { TimedKind } from "./speed_measure.ts";
import type { SpeedValues } from "./speed_parameters.ts";

/** The table. */
export const speedTable: TableInfo = {
  id: "speed",
  title: "One layer of each kind, forward and backward",
  note: "Measured: undisturbed times of all launches and of the gaps between them, added. " +
    "Predicted: operators that were counted, priced by the profile taken in the same rounds. The " +
    "error is predicted over measured, less 1. A kind that can skip experts stands there twice: all " +
    "experts for all tokens, and each for those tokens alone that chose it, which takes that share " +
    "of the time of all.",
  columns: [
    "kind",
    "gate",
    "computes",
    "layerSeconds",
    "ofAllFraction",
    "predictedSeconds",
    "errorFraction",
    "productFraction",
  ]
    .concat("productFlops", "movedBytes", "launches", "operators"),
  best: { layerSeconds: "lowest" },
};

const percent = (fraction: number) => `${formatPlain(100 * fraction, 2)} %`;

/** The time of chosen experts over that of all. */
export const timeOfAll = (chosen: TimedKind, all: TimedKind): number =>
  chosen.measured.value / all.measured.value;

/** What is gained where chosen experts compute alone. */
function chosenWords(timed: readonly TimedKind[]): string {
  const pairs = timed.filter(({ compute }) => compute === "chosen").map((chosen) => {
    const all = timed.find((one) => one.recipe === chosen.recipe && one.compute === "all")!;
    return { chosen, all, share: timeOfAll(chosen, all) };
  }).sort((a, b) => a.share - b.share);
  if (pairs.length === 0) return "";
  const middle = median(pairs.map(({ share }) => share));
  const flops = median(pairs.map(({ chosen, all }) => chosen.productFlops / all.productFlops));
  const error = medianError(pairs.map(({ chosen }) => chosen));
  const [least, most] = [pairs[0], pairs[pairs.length - 1]];
  const told = ({ chosen, share }: typeof least) => `${percent(share)} for ${chosen.recipe.name}`;
  return ` Where ${pairs.length} kinds compute their chosen experts alone, a layer does ` +
    `${percent(flops)} of the FLOP in products and takes ${percent(middle)} of the time of all ` +
    `experts, medians; from ${told(least)} to ${
      told(most)
    }. Counting predicts these with a median ` +
    `absolute error of ${percent(error)}.`;
}

/** Median of the absolute errors. */
const medianError = (timed: readonly TimedKind[]) =>
  median(timed.map((one) => Math.abs(errorOf(one))));

/** The answer. */
export function speedVerdict(both: readonly TimedKind[]): string {
  const timed = both.filter(({ compute }) => compute === "all");
  const networks = timed.filter(({ recipe }) => recipe.where === "network");
  const order = [...networks].sort((a, b) => a.measured.value - b.measured.value);
  const [first, last] = [order[0], order[order.length - 1]];
  const worst = timed.reduce((a, b) => Math.abs(errorOf(b)) > Math.abs(errorOf(a)) ? b : a);
  return `Of ${networks.length} kinds in place of a network ${first.recipe.name} is the fastest and ` +
    `${last.recipe.name} takes ${
      formatPlain(last.measured.value / first.measured.value, 2)
    } times ` +
    `as long. Counting predicts ${timed.length} kinds with a median absolute error of ` +
    `${percent(medianError(timed))}; it is furthest off for ${worst.recipe.name}, by ` +
    `${percent(errorOf(worst))}.${chosenWords(both)}`;
}

/** What follows from it. */
export function speedDecision(timed: readonly TimedKind[]): string {
  const error = medianError(timed);
  const share = median(timed.map(({ productShare }) => productShare));
  return `Products are ${percent(share)} of the time of a median kind at this size, the rest is ` +
    "passes that move numbers: what would make kinds fast is fewer passes. " +
    (error < 0.25
      ? "Counts are good enough to choose between kinds; measure before building on one."
      : "Counts rank kinds and no more: measure a kind before building on it.");
}

/** How it was done, and its limits. */
export function speedNotes(values: SpeedValues): Result["notes"] {
  const { tokens, dModel, experts, width } = values;
  return [{
    heading: "What was timed",
    paragraphs: [
      `One layer with its gate: ${tokens} tokens of width ${dModel}, ${experts} experts of width ` +
      `${width} (heads and filters an eighth of that), forward and backward to the tokens and to ` +
      "all parameters. Kinds in attention attend over their sequences; those of images convolve.",
      "Layers run in the language of gates: every line is a launch. Where all experts compute, " +
      "those that were not chosen are multiplied by 0. Where chosen ones compute alone, choices are " +
      "sorted by expert and products run over the rows of each; kinds can do so whose experts are " +
      "networks of a token. Times here compare kinds with each other and with their counts, not " +
      "with a kernel made for one of them: the fused layer is timed by `moe-layer`.",
      "Experts are not equal in number: PEER has 16 times as many, of one unit each, MoE++ twice as " +
      "many, of which four are no networks, fine-grained ones twice as many of half the width.",
      "Products, pointwise passes and look-ups of rows have curves in the profile. Sums, moves and " +
      "choices have no operator: they are counted as a pointwise pass over what they read or " +
      "write. That is where errors come from, beside a machine that others use.",
    ],
  }];
}
