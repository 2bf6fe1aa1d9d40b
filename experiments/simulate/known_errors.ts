/**
 * What is known of a stack's errors: the interval of a prediction, and how the stack is known.
 *
 * @module
 */
import type { Stack } from "../../sim/stack/stack.ts";
import { baseStack } from "../../sim/stack/base.ts";
import { stackPresets } from "../../sim/stack/stacks.ts";
import type { Sizes } from "../../sim/cost/sizes.ts";
import type { ErrorSummary } from "../published/fit/summary.ts";
import { sources } from "../published/sources.ts";
import type { InputGrade } from "./grades.ts";
import type { FitErrors } from "./left_out.ts";

/** How far predictions with a stack are from measurements. */
export interface KnownErrors {
  /** Nine of ten measured steps are within this factor of their prediction, above 1. */
  factor: number;
  /** What it is taken from, in words. */
  from: string;
  /** How the stack's numbers are known. */
  stackGrade: InputGrade;
}

/** How the calibration of one's own steps begins what it says of itself. */
export const ownCalibration = "Calibrated on";

/** With fewer rows nine in ten say nothing: those of all sources of the same kind of model are asked. */
const enough = 10;

/** The source whose rows a shipped stack is of. */
export function sourceOfStack(id: string): string | undefined {
  return sources
    .filter(({ stack }) => id === stack || id.startsWith(`${stack}-`))
    .sort((a, b) => b.stack.length - a.stack.length)[0]?.id;
}

const known = ({ rows, p90 }: ErrorSummary, what: string, stackGrade: InputGrade): KnownErrors => ({
  factor: 1 + p90,
  from: `the interval holds nine in ten of ${rows} ${what}`,
  stackGrade,
});

/**
 * What is known of a stack's errors. One that ships has the errors of its source's rows with their
 * model left out of the fit, or those of all sources where its own are few; one that was calibrated
 * on a few steps those of sources that were; any other those of sources that no fit had seen.
 */
export function knownErrors(
  stack: Stack,
  { report, few }: FitErrors,
  { moe }: Pick<Sizes, "moe">,
): KnownErrors {
  const source = sourceOfStack(stack.id);
  const own = source === undefined ? undefined : report.modelLeftOut.sources[source];
  if (stackPresets[stack.id] === stack && stack.id !== baseStack.id) {
    const left = "whose model was left out of the fit";
    if (own && own.rows >= enough) {
      return known(own, `published steps of ${source} ${left}`, "fitted to step rows");
    }
    const like = moe ? "models with experts" : "dense models";
    const set = report.modelLeftOut.sets[moe ? "moe" : "dense"];
    return known(set, `published steps of ${like} ${left}`, "fitted to step rows");
  }
  if (stack.sources.some((text) => text.startsWith(ownCalibration))) {
    const what = `published steps of sources that were calibrated on ${few} of theirs alone`;
    return known(report.fewRows.all, what, "fitted to step rows");
  }
  const unseen = "published steps of sources that no fit had seen";
  return known(report.sourceLeftOut.all, unseen, "assumed");
}
