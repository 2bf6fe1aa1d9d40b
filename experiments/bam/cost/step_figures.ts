/**
 * Measured steps beside what the profile and what FLOP say.
 *
 * @module
 */
import { flopsPerToken, type TrainingPhase } from "../../../core/mod.ts";
import { type Estimate, exactly, flops } from "../../../kernels/base/mod.ts";
import type { Profile } from "../../../kernels/mod.ts";
import type { Pair } from "../../../reports/result.ts";
import {
  gapOf,
  priceOp,
  trainingMemory,
  type TrainingStep,
  trainingStep,
} from "../../../sim/mod.ts";
import { contentId } from "../../hash.ts";
import { pairedRatio } from "./ratios.ts";
import type { BatchSizes, LaunchPart, MeasuredVariant } from "./steps.ts";
import { RIVAL, type Variant } from "./variants.ts";

/** Figures of a variant's step. */
export interface StepFigures {
  /** The variant. */
  variant: Variant;
  /** Seconds of a step, measured and predicted. */
  pair: Pair;
  /** Seconds of a step over BTX's, round by round. */
  stepRatio: Estimate;
  /** The same of forward passes. */
  forwardRatio: Estimate;
  /** The same, predicted. */
  predictedRatio: number;
  /** FLOP of a training step by the description over BTX's. */
  flopsRatio: number;
  /** FLOP of all operators that ran, over BTX's: attention experts that nobody chose among them. */
  ranRatio: number;
  /** Training FLOP a token by the description. */
  tokenFlops: number;
  /** Seconds of a forward pass, undisturbed. */
  forwardSeconds: number;
  /** Seconds by what launches work for. */
  parts: Record<LaunchPart, number>;
  /** Bytes held at the most. */
  heldBytes: { state: number; step: number };
  /** The same from the description alone. */
  predictedBytes: number;
  /** Rounds of steps, seconds. */
  samples: number[];
  /** Loss after all rounds. */
  loss: number;
}

const phases: readonly TrainingPhase[] = ["forward", "backward", "update"];

const ranFlops = ({ ops }: MeasuredVariant): number =>
  phases.flatMap((phase) => ops[phase]).reduce((sum, op) => sum + flops(op), 0);

/** Training FLOP a token: a backward pass is twice a forward one. */
const tokenFlops = ({ model }: MeasuredVariant, { length }: BatchSizes): number =>
  3 * flopsPerToken(model, { sequence: length }).total;

/** The figures of all variants. */
export async function stepFigures(
  measured: readonly MeasuredVariant[],
  options: { profile: Profile; batch: BatchSizes },
): Promise<StepFigures[]> {
  const { profile, batch } = options;
  const predict = ({ ops }: MeasuredVariant): TrainingStep =>
    trainingStep(ops, (op) => priceOp(op, profile), { gap: (op) => gapOf(op, profile) });
  const rival = measured.find(({ variant }) => variant.id === RIVAL);
  if (!rival) throw new RangeError(`Cannot compare steps: ${RIVAL} was not measured`);
  const secondsOf = (one: MeasuredVariant) => predict(one).total.seconds;
  const against = secondsOf(rival).value;
  const mirrors = Object.values(profile.kernels).some((words) => words.endsWith("texture"));
  return await Promise.all(measured.map(async (one): Promise<StepFigures> => {
    const { variant, model } = one;
    const predicted = secondsOf(one);
    return {
      variant,
      pair: {
        id: `step-${await contentId({ variant: variant.id, ...batch, model })}`,
        label: variant.name,
        group: "training steps",
        ...{ predicted, measured: one.total, inside: true },
      },
      stepRatio: pairedRatio(one.stepSeconds, rival.stepSeconds),
      forwardRatio: pairedRatio(one.forwardSeconds, rival.forwardSeconds),
      predictedRatio: predicted.value / against,
      flopsRatio: tokenFlops(one, batch) / tokenFlops(rival, batch),
      ranRatio: ranFlops(one) / ranFlops(rival),
      tokenFlops: tokenFlops(one, batch),
      forwardSeconds: one.phases.forward,
      parts: one.parts,
      heldBytes: one.heldBytes,
      predictedBytes: trainingMemory(model, { ...batch, mirrors }).totalBytes,
      samples: one.stepSeconds,
      loss: one.loss,
    };
  }));
}

/** The ratio to BTX by FLOP, as an estimate without an interval. */
export const byFlops = ({ flopsRatio }: StepFigures): Estimate =>
  exactly(flopsRatio, "FLOP of the description over BTX's");

/** Whether a variant is slower than its FLOP say, beside BTX: "slower", "faster" or "as said". */
export function againstFlops({ stepRatio, flopsRatio }: StepFigures): string {
  if (stepRatio.lo > flopsRatio) return "slower";
  return stepRatio.hi < flopsRatio ? "faster" : "as said";
}
