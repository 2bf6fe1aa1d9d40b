/**
 * How much of a device's speed is left as something grows, and what takes the rest.
 *
 * *Efficiency* is model FLOP/s of a device over those of a reference; for one model that is its
 * tokens/s. Its inverse is device-seconds for each model FLOP over the reference's, and the parts of a
 * step are parts of that: what each part adds says what breaks the scaling, and what all of them add is
 * one over the efficiency, less one.
 *
 * @module
 */
import type { Breakdown } from "../simulate/step.ts";
import type { ScaledPoint, ScaledStep } from "./scaled_step.ts";

/** A part of a step. */
export type StepPartName = keyof Breakdown;

/** What a part adds to the device-seconds of a model FLOP, as a share of all of the reference's. */
export interface AddedPart {
  /** The part. */
  part: StepPartName;
  /** Share of the reference's device-seconds, below 0 where less. */
  addedFraction: number;
}

/** A step held against another. */
export interface Compared {
  /** Speed over that of the reference. */
  efficiencyFraction: number;
  /** What each part adds, the most first; together one over the efficiency, less one. */
  added: AddedPart[];
}

const speedOf = ({ rates }: ScaledStep) => rates.modelFlopsPerSecondPerDevice;

/** Holds a step against a reference. */
export function compareSteps(step: ScaledStep, reference: ScaledStep): Compared {
  const efficiencyFraction = speedOf(step) / speedOf(reference);
  // A part's share of its step, in steps of the reference's device-seconds.
  const shareOf = ({ breakdown, stepSeconds }: ScaledStep, part: StepPartName) =>
    breakdown[part] / stepSeconds;
  const parts = Object.keys(step.breakdown) as StepPartName[];
  const added = parts.map((part) => ({
    part,
    addedFraction: shareOf(step, part) / efficiencyFraction - shareOf(reference, part),
  })).sort((a, b) => b.addedFraction - a.addedFraction);
  return { efficiencyFraction, added };
}

/** A point held against the reference of its sweep. */
export interface ComparedPoint extends ScaledPoint {
  /** How it compares; nothing where no plan fits, here or anywhere. */
  compared?: Compared;
}

/**
 * Holds the points of a sweep against one of them: the one that lies at `reference`, or the first that
 * has a plan.
 */
export function comparePoints(
  points: readonly ScaledPoint[],
  options: { reference?: number } = {},
): ComparedPoint[] {
  const fits = points.filter(({ step }) => step);
  const base = fits.find(({ x }) => x === options.reference) ?? fits[0];
  return points.map((point) =>
    point.step && base?.step ? { ...point, compared: compareSteps(point.step, base.step) } : point
  );
}

/** Where efficiency falls. */
export interface Fall {
  /** The last point before it falls below, where there is one. */
  held?: ComparedPoint;
  /** The first point below, where there is one. */
  below?: ComparedPoint;
}

/** Where efficiency first falls below a share. */
export function fallBelow(points: readonly ComparedPoint[], share: number): Fall {
  const known = points.filter(({ compared }) => compared);
  const at = known.findIndex(({ compared }) => compared!.efficiencyFraction < share);
  return at < 0 ? { held: known.at(-1) } : { held: known[at - 1], below: known[at] };
}
