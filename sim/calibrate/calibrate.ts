/**
 * Fits software stacks to measured steps.
 *
 * Stacks of one family share most parameters (`shared`): they are releases or variants of the same
 * framework. What differs by variant (`byStack`) or by the architecture of the device (`byArchitecture`:
 * libraries pick other kernels there) has a value for each that occurs. Priors keep what the rows do
 * not say where the start has it.
 *
 * @module
 */
import type { Stack } from "../stack/stack.ts";
import { fitLeastLogError } from "./fit.ts";
import { type StackParameterName, stackParameters } from "./parameters.ts";
import {
  type FamilyLayout,
  type PredictedStep,
  slotsOf,
  stacksAt,
  startOf,
  startsOf,
} from "./slots.ts";

/** A step that was measured. */
export interface StepToFit extends PredictedStep {
  /** Measured seconds. */
  seconds: number;
}

/** A calibrated family. */
export interface Calibration {
  /** Stacks by id. */
  stacks: Record<string, Stack>;
  /** What moved: name, where it holds, value, value before, spread of its logarithm. */
  moved: readonly {
    name: StackParameterName;
    where: string;
    before: number;
    after: number;
    spread: number;
  }[];
}

/**
 * Residual beyond which a row counts linearly. Of 0.05, 0.07, 0.1 and 0.2 this leaves the least error on
 * published models that are left out: smaller ones follow rows that share a model too closely.
 */
export const rowNoise = 0.1;

/**
 * The stacks of a family that explain measured steps best; see the module.
 *
 * @throws {RangeError} for a row whose stack the layout lacks.
 */
export function calibrate(
  rows: readonly StepToFit[],
  layout: FamilyLayout,
  options: { steps?: number } = {},
): Calibration {
  const unknown = rows.find((row) => !(row.stack in layout.start));
  if (unknown) {
    throw new RangeError(
      `Cannot calibrate: row "${unknown.id}" ran on "${unknown.stack}", wanted one of ` +
        Object.keys(layout.start).join(", "),
    );
  }
  const slots = slotsOf(rows, layout);
  const before = slots.map((slot) => startOf(slot, layout.start));
  const residuals = (values: readonly number[]) => {
    const stacks = stacksAt(values, slots, layout.start);
    return rows.map(({ stack, predict, seconds }) => Math.log(predict(stacks[stack]) / seconds));
  };
  const fits = startsOf(before, slots).map((start) =>
    fitLeastLogError(residuals, start, {
      noise: rowNoise,
      steps: options.steps ?? 40,
      priors: slots.map(({ name }, i) => ({
        mean: before[i],
        spread: stackParameters[name].spread,
      })),
    })
  );
  const fit = fits.reduce((best, other) => other.cost < best.cost ? other : best);
  return {
    stacks: stacksAt(fit.values, slots, layout.start),
    moved: slots.map(({ name, stack, architecture }, i) => ({
      name,
      where: stack ?? architecture ?? "all",
      before: before[i],
      after: fit.values[i],
      spread: fit.spreads[i],
    })),
  };
}
