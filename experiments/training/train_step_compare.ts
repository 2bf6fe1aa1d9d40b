/**
 * A step's predictions beside its measurements: time by phase and by operator, and memory.
 *
 * @module
 */
import { median } from "simple-statistics";
import type { TrainingPhase } from "../../core/mod.ts";
import { type Estimate, exactly, flops, sum } from "../../kernels/base/mod.ts";
import type { Profile } from "../../kernels/mod.ts";
import type { Pair, PairSummary } from "../../reports/result.ts";
import {
  gapOf,
  priceOp,
  type TrainingMemory,
  trainingMemory,
  type TrainingStep,
  trainingStep,
} from "../../sim/mod.ts";
import { summarisePairs } from "../compare/errors_of_pairs.ts";
import { ADDED } from "../compare/undisturbed_launches.ts";
import { contentId } from "../hash.ts";
import type { DrawnStep } from "./train_step_draw.ts";
import type { MeasuredStep } from "./train_step_measure.ts";

/** The phases of a step, in order. */
export const phases: readonly TrainingPhase[] = ["forward", "backward", "update"];

/** A part of a step under one name, predicted and measured. */
export interface ComparedPart {
  phase: TrainingPhase;
  name: string;
  predicted: Estimate;
  measured: Estimate;
}

/** A step, what was measured of it and what was predicted. */
export interface ComparedStep {
  step: DrawnStep;
  measured: MeasuredStep;
  predicted: TrainingStep;
  memory: TrainingMemory;
  /** The whole step, gaps included. */
  pair: Pair;
  /** Its parts, each without gaps. */
  parts: ComparedPart[];
}

/** A step in a few letters: its model and its batch. */
export const labelOf = ({ model, sequences, length }: DrawnStep): string =>
  `${model.name}, ${sequences} x ${length} tokens`;

/** Whether a device's kernels read matrices through textures. */
const readsMirrors = ({ kernels }: Profile) =>
  Object.values(kernels).some((words) => words.endsWith("texture"));

/** Predicts the time of a measured step under the loads that its routers chose, and its memory. */
export async function compareStep(
  step: DrawnStep,
  measured: MeasuredStep,
  profile: Profile,
): Promise<ComparedStep> {
  const { index: _, ...configuration } = step;
  const { model, sequences, length, inside } = step;
  const price = (op: Parameters<typeof priceOp>[0]) => priceOp(op, profile);
  const predicted = trainingStep(measured.ops, price, { gap: (op) => gapOf(op, profile) });
  const mirrors = readsMirrors(profile);
  return {
    step,
    measured,
    predicted,
    memory: trainingMemory(model, { sequences, length, mirrors }),
    pair: {
      id: `step-${await contentId(configuration)}`,
      label: labelOf(step),
      group: "steps",
      predicted: predicted.total.seconds,
      measured: measured.total,
      inside,
    },
    parts: measured.parts.map(({ phase, name, ops, seconds }) => ({
      ...{ phase, name },
      predicted: sum(ops.map(price), "sum of the profile's prices"),
      measured: sum(seconds, ADDED),
    })),
  };
}

/** Predicted and measured seconds of those parts of a step that `of` picks; none where it has none. */
export function partsPair(
  { parts }: ComparedStep,
  of: (part: ComparedPart) => boolean,
): Pick<Pair, "predicted" | "measured"> | undefined {
  const chosen = parts.filter(of);
  if (chosen.length === 0) return undefined;
  return {
    predicted: sum(chosen.map((part) => part.predicted), "sum of the profile's prices"),
    measured: sum(chosen.map((part) => part.measured), ADDED),
  };
}

/** The pairs of a phase, one a step. */
export const phasePairs = (compared: readonly ComparedStep[], phase: TrainingPhase): Pair[] =>
  compared.map((one) => ({
    ...{ ...one.pair, id: `${one.pair.id}-${phase}`, group: phase },
    ...partsPair(one, (part) => part.phase === phase),
  }));

/** Predicted and held memory as a pair, in bytes. */
export function memoryPair({ pair, memory, measured }: ComparedStep): Pair {
  const { state, step } = measured.heldBytes;
  return {
    ...{ ...pair, id: `${pair.id}-memory`, group: "memory" },
    predicted: exactly(memory.totalBytes, "planned from the description"),
    measured: exactly(state + step, "counted by the pools"),
  };
}

const flopsOf = ({ predicted }: ComparedStep) => predicted.total.flops;

/** The simplest rival: every step at the median rate of all of them, fitted on them. */
function constantRate(compared: readonly ComparedStep[]): PairSummary {
  const rate = median(compared.map((one) => flopsOf(one) / one.pair.measured.value));
  return summarisePairs(
    "steps, by one constant rate",
    compared.map((one) => ({ ...one.pair, predicted: exactly(flopsOf(one) / rate, "constant") })),
  );
}

/** Error statistics of steps, of their phases, of the rival, and of memory. */
export const stepSummaries = (compared: readonly ComparedStep[]): PairSummary[] => [
  summarisePairs("steps", compared.map(({ pair }) => pair)),
  ...phases.map((phase) => summarisePairs(phase, phasePairs(compared, phase))),
  constantRate(compared),
  summarisePairs("memory", compared.map(memoryPair)),
];

/** FLOP of a step that count. */
export const stepFlops = ({ ops }: MeasuredStep): number =>
  Object.values(ops).flat().reduce((total, op) => total + flops(op), 0);
