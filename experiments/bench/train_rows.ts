/**
 * A timed training step as rows: the whole, its products alone, and where its time goes.
 *
 * @module
 */
import { lowerTrainingStep, type TrainingPhase } from "../../core/spec/lower_training.ts";
import { flops } from "../../kernels/base/op.ts";
import type { LaunchTime } from "../../kernels/recorder.ts";
import { type StepPart, stepParts } from "../training/train_step_align.ts";
import type { BenchContest, BenchRow } from "./bench.ts";
import type { Contender } from "./heat.ts";
import { contestOf, rowOf } from "./rows.ts";
import type { TrainedModel } from "./train_models.ts";
import type { TimedStep } from "./train_time.ts";

/** Share of the speed of its products alone that a step shall reach. */
const OF_PRODUCTS = 0.6;

/** Operators with a smaller share of the step are taken together. */
const SHOWN = 0.02;

/** Seconds from the begin of the first launch to the end of the last. */
const spanOf = (times: readonly LaunchTime[]) =>
  times[times.length - 1].endSeconds - times[0].startSeconds;

const busyOf = (times: readonly LaunchTime[]) =>
  times.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);

/** The seconds of some launches in each round. */
const samplesOf = (steps: readonly LaunchTime[][], places: readonly number[]) =>
  steps.map((times) => busyOf(places.map((i) => times[i])));

/** A row's contender; nothing runs it alone. */
const party = (
  facts: Pick<Contender, "id" | "labels" | "flops">,
): Contender => ({ ...facts, underRoof: false, run: () => Promise.resolve(0) });

/** A step's parts of one phase, or of one phase and name. */
function splitRows(
  trained: TrainedModel,
  parts: readonly StepPart[],
  steps: readonly LaunchTime[][],
): BenchRow[] {
  const all = steps.reduce((sum, times) => sum + spanOf(times), 0);
  const total = (chosen: readonly StepPart[]) =>
    samplesOf(steps, chosen.flatMap(({ launches }) => launches));
  const share = (samples: readonly number[]) => samples.reduce((a, b) => a + b) / all;
  const row = (what: string, operator: string, chosen: readonly StepPart[]) => {
    const samples = total(chosen);
    const work = chosen.flatMap(({ ops }) => ops).reduce((sum, op) => sum + flops(op), 0);
    return rowOf(
      party({
        id: `train/${trained.id}/${what} ${operator}`,
        labels: { what, operator, "of the step": `${(100 * share(samples)).toFixed(1)} %` },
        flops: work,
      }),
      samples,
      { family: trained.id },
    );
  };
  return (["forward", "backward", "update"] as const).flatMap((phase: TrainingPhase) => {
    const own = parts.filter((part) => part.phase === phase);
    const of = (name: string) => own.filter((part) => part.name === name);
    const names = [...new Set(own.map(({ name }) => name))];
    const shown = names.filter((name) => share(total(of(name))) >= SHOWN);
    const rest = own.filter(({ name }) => !shown.includes(name));
    return [
      row(phase, "all", own),
      ...shown.map((name) => row(phase, name, of(name))),
      ...rest.length > 0 ? [row(phase, "the rest", rest)] : [],
    ];
  });
}

/** The rows of a model, and its step against its products. */
export function trainRows(
  trained: TrainedModel,
  { steps, products, flops: work, count }: TimedStep,
): { rows: BenchRow[]; contest: BenchContest } {
  const { id, says, model, sequences, length } = trained;
  const ops = lowerTrainingStep(model, sequences * length, { sequence: length });
  const parts = stepParts(ops, steps[0].map(({ label }) => label));
  const items = { name: "tokens", count: sequences * length };
  const all = Object.values(ops).flat().reduce((sum, op) => sum + flops(op), 0);
  const step = party({
    id: `train/${id}/step`,
    labels: { what: "whole step", operator: says, "of the step": "100.0 %" },
    flops: all,
  });
  const alone = party({
    id: `train/${id}/products`,
    labels: { what: "its products alone", operator: `${count} products`, "of the step": "" },
    flops: work,
  });
  const parties = [
    { contender: step, samples: steps.map(spanOf) },
    { contender: alone, samples: products.map(spanOf) },
  ];
  return {
    rows: [
      ...parties.map(({ contender, samples }) => ({
        ...{ ...rowOf(contender, samples, { family: id }), items },
      })),
      ...splitRows(trained, parts, steps),
    ],
    contest: contestOf({
      says: `a training step, ${id}, against its products alone`,
      ...{ ours: step.id, theirs: alone.id, goal: { speed: OF_PRODUCTS } },
    }, parties),
  };
}
