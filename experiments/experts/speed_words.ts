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
import type { SpeedValues } from "./speed_of_experts.ts";

/** The table. */
export const speedTable: TableInfo = {
  id: "speed",
  title: "One layer of each kind, forward and backward",
  note: "Measured: undisturbed times of all launches and of the gaps between them, added. " +
    "Predicted: operators that were counted, priced by the profile taken in the same rounds. The " +
    "error is predicted over measured, less 1.",
  columns: ["kind", "gate", "layerSeconds", "predictedSeconds", "errorFraction", "productFraction"]
    .concat("productFlops", "movedBytes", "launches", "operators"),
  best: { layerSeconds: "lowest" },
};

const percent = (fraction: number) => `${formatPlain(100 * fraction, 2)} %`;

/** Median of the absolute errors. */
const medianError = (timed: readonly TimedKind[]) =>
  median(timed.map((one) => Math.abs(errorOf(one))));

/** The answer. */
export function speedVerdict(timed: readonly TimedKind[]): string {
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
    `${percent(errorOf(worst))}.`;
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
      "Layers run in the language of gates: every line is a launch, and experts that were not " +
      "chosen are computed and multiplied by 0. The fused layer, which skips them, is timed by " +
      "`moe-layer`. Times here compare kinds with each other and with their counts, not with a " +
      "kernel made for one of them.",
      "Experts are not equal in number: PEER has 16 times as many, of one unit each, MoE++ twice as " +
      "many, of which four are no networks, fine-grained ones twice as many of half the width.",
      "Products, pointwise passes and look-ups of rows have curves in the profile. Sums, moves and " +
      "choices have no operator: they are counted as a pointwise pass over what they read or " +
      "write. That is where errors come from, beside a machine that others use.",
    ],
  }];
}
