/**
 * A stack of one's own from a few measured steps: what they say moves, what they do not say stays
 * where the stack that one starts from has it.
 *
 * @module
 */
import { calibrate, type StepToFit } from "../../../sim/calibrate/calibrate.ts";
import type { FamilyLayout } from "../../../sim/calibrate/slots.ts";
import {
  type StackParameterName,
  stackParameterNames,
  stackParameters,
} from "../../../sim/calibrate/parameters.ts";
import type { Stack } from "../../../sim/stack/stack.ts";

/** A number of the stack, before and after. */
export interface MovedParameter {
  /** Name. */
  name: StackParameterName;
  /** Architecture that it holds for, or "all". */
  where: string;
  /** Before and after; shares of exchanges are odds s / (1 - s). */
  before: number;
  after: number;
  /** How far it moved, in standard deviations of what was known before. */
  deviations: number;
  /** Share of what was unknown before that the rows decided: 0 where they say nothing. */
  informedFraction: number;
}

/** A calibrated stack; see the module. */
export interface CalibratedStack {
  /** The stack. */
  stack: Stack;
  /** Its numbers, those that rows decided most first. */
  moved: MovedParameter[];
  /** log(predicted / measured) of each row before, after, and with that row left out. */
  before: number[];
  after: number[];
  leftOut: number[];
}

/** Rows are left out in at most so many groups. */
const mostFolds = 10;

type ByArchitecture = FamilyLayout["byArchitecture"][number];

/** Everything that the stack does at all may move. */
function layoutFor(stack: Stack): FamilyLayout {
  const byArchitecture = [
    ...new Set(Object.values(stack.byArchitecture ?? {}).flatMap((f) => Object.keys(f))),
  ] as ByArchitecture[];
  const shared = stackParameterNames.filter((name) => {
    const value = stackParameters[name].read(stack);
    return value > 0 && Number.isFinite(value) &&
      !(byArchitecture as readonly string[]).includes(name);
  });
  return { start: { [stack.id]: stack }, shared, byStack: [], byArchitecture };
}

const errorsOf = (rows: readonly StepToFit[], stack: Stack): number[] =>
  rows.map(({ predict, seconds }) => Math.log(predict(stack) / seconds));

/** Each row's error with a stack that its group of rows did not inform. */
function errorsLeftOut(rows: readonly StepToFit[], layout: FamilyLayout, id: string): number[] {
  const folds = Math.min(mostFolds, rows.length);
  const errors = new Array<number>(rows.length).fill(NaN);
  for (let fold = 0; fold < folds; fold++) {
    const known = rows.filter((_, i) => i % folds !== fold);
    const stack = known.length > 0 ? calibrate(known, layout).stacks[id] : layout.start[id];
    rows.forEach((row, i) => {
      if (i % folds === fold) errors[i] = errorsOf([row], stack)[0];
    });
  }
  return errors;
}

/**
 * Calibrates a stack on measured steps, all of them of the stack's own id.
 *
 * @param from The stack before any row: its numbers are the means of the priors.
 */
export function calibrateStack(rows: readonly StepToFit[], from: Stack): CalibratedStack {
  const layout = layoutFor(from);
  const { stacks, moved } = calibrate(rows, layout);
  const stack = stacks[from.id];
  return {
    stack,
    moved: moved.map(({ name, where, before, after, spread }) => ({
      name,
      where,
      before,
      after,
      deviations: Math.log(after / before) / stackParameters[name].spread,
      informedFraction: Math.max(0, 1 - (spread / stackParameters[name].spread) ** 2),
    })).sort((a, b) => b.informedFraction - a.informedFraction),
    before: errorsOf(rows, from),
    after: errorsOf(rows, stack),
    leftOut: errorsLeftOut(rows, layout, from.id),
  };
}
