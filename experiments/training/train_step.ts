/**
 * Does a simulator that knows only a device's profile predict the time and the memory of whole
 * training steps of models that it never saw?
 *
 * Models are drawn by seed and trained for a step on the device, with every launch timed; the
 * simulator prices the operators that the same description lowers to, with the token counts that the
 * routers really chose, and goes through the description once more for the memory.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import {
  createPool,
  openDevice,
  type OpKind,
  profiledKinds,
  profileOf,
  startProfiling,
  tunedKernels,
} from "../../kernels/mod.ts";
import type { Timeline } from "../../reports/result.ts";
import { circumstancesOf } from "../circumstances.ts";
import { type Context, defineExperiment, type Outcome } from "../define.ts";
import { MEMORY } from "../device_profile.ts";
import { drawSteps } from "./train_step_draw.ts";
import {
  type ComparedStep,
  compareStep,
  memoryPair,
  phasePairs,
  phases,
  stepSummaries,
} from "./train_step_compare.ts";
import { measureSteps, prepareStep } from "./train_step_measure.ts";
import { operatorPairs, stepRows } from "./train_step_rows.ts";
import {
  stepDecision,
  stepNotes,
  stepRoundsNote,
  stepTables,
  stepVerdict,
} from "./train_step_words.ts";

/** The measured and the predicted time and memory of whole training steps. */
export const trainStepExperiment = defineExperiment({
  id: "train-step",
  title: "A training step, measured and predicted",
  question:
    "Does a simulator that knows only this device's profile predict the time and the memory " +
    "of a training step of a model it never saw?",
  parameters: {
    models: { quick: 12, full: 48, note: "models to draw and compare" },
    repeats: { quick: 7, full: 21, note: "timed repetitions of each step" },
  },
  run: runTrainStep,
});

/** Operators that no step of a training has: products of inference, an activation by itself. */
const absent: readonly OpKind[] = ["gemm_swiglu", "grouped_gemm_swiglu", "activation"];

/** The operators of a training step of the models that are drawn. */
export const stepKinds: readonly OpKind[] = profiledKinds.filter((kind) => !absent.includes(kind));

/** The first step as the simulator sees it. */
function timelineOf({ pair, predicted }: ComparedStep): Timeline {
  return {
    id: "gantt-step",
    title: `The predicted step of ${pair.label}`,
    note: "One queue runs all operators one after the other.",
    kind: "simulated",
    spans: predicted.spans,
  };
}

async function runTrainStep(
  context: Context<{ models: number; repeats: number }>,
): Promise<Outcome> {
  const { seed, parameters, progress, signal } = context;
  for (const [name, value] of Object.entries(parameters)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new UserError(
        `Cannot run train-step with ${name}=${value}: wanted a whole number from 1`,
      );
    }
  }
  const device = await openDevice();
  try {
    progress.start(100, "choosing kernels");
    const kernels = await tunedKernels(device, { memory: `${MEMORY}/tune.json` });
    const pool = createPool(device);
    const profiling = startProfiling(pool, { kernels, kinds: stepKinds });
    const drawn = drawSteps({ curves: profiling.outlines }, { seed, count: parameters.models });
    const prepared = [];
    for (const step of drawn) {
      signal.throwIfAborted();
      prepared.push(await prepareStep(device, step, { seed, kernels }));
    }
    let shown = 0;
    const measured = await measureSteps(pool, prepared, {
      ...{ repeats: parameters.repeats, profiling, signal },
      done(share) {
        for (; shown < Math.floor(100 * share); shown++) progress.step("profile and steps");
      },
    });
    profiling.release();
    const profile = await profileOf(pool, { profiling, kernels });
    const compared: ComparedStep[] = [];
    for (const [i, step] of drawn.entries()) {
      compared.push(await compareStep(step, measured[i], profile));
    }
    progress.stop();
    const pairs = compared.map(({ pair }) => pair);
    const memory = compared.map(memoryPair);
    const wrong = compared.filter((one) => !Number.isFinite(one.measured.loss)).length;
    return {
      verdict: stepVerdict(pairs, memory),
      decision: stepDecision,
      notes: [...stepNotes, stepRoundsNote(profiling.rounds())],
      tables: stepTables,
      rows: await stepRows(compared),
      samples: Object.fromEntries(
        compared.map(({ pair, measured }) => [pair.id, measured.timing.total.seconds]),
      ),
      pairs: [
        ...pairs,
        ...phases.flatMap((phase) => phasePairs(compared, phase)),
        ...await operatorPairs(compared),
      ],
      pairStyle: { measured: "measured", series: "group" },
      pairSummaries: stepSummaries(compared),
      timelines: [timelineOf(compared[0])],
      checks: [
        {
          name: "losses are numbers",
          value: wrong,
          limit: 0,
          passed: wrong === 0,
          note: "models whose loss after all rounds is not finite",
        },
      ],
      circumstances: await circumstancesOf(device, {
        profile,
        resolutionSeconds: Math.min(
          ...compared.map((one) => one.measured.timing.resolutionSeconds),
        ),
      }),
    };
  } finally {
    device.close();
  }
}
