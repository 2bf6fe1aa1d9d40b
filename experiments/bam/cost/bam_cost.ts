/**
 * What BAM costs beside BTX: formulas, training steps and latency on this device, steps on clusters.
 *
 * Source: BAM, arXiv 2408.08274, sections 4 and 5, Tables 7, 9 and 10.
 *
 * @module
 */
import {
  createPool,
  type Device,
  openDevice,
  profileOf,
  startProfiling,
  tunedKernels,
} from "../../../kernels/mod.ts";
import type { Result } from "../../../reports/result.ts";
import { circumstancesOf } from "../../circumstances.ts";
import { summarisePairs } from "../../compare/errors_of_pairs.ts";
import { type Context, defineExperiment, type Outcome } from "../../define.ts";
import { MEMORY } from "../../device_profile.ts";
import { stepKinds } from "../../training/train_step.ts";
import { type ClusterStep, clusterSteps, type PaperSize, paperSizeModels } from "./cluster.ts";
import { clusterBars, clusterRows, clusterTable } from "./cluster_tables.ts";
import { checkCostValues, costParameters, costSizes, type CostValues } from "./cost_parameters.ts";
import { costDecision, type CostFigures, costNotes, costVerdict } from "./cost_words.ts";
import { formulaTableRows, formulaTables } from "./formula_tables.ts";
import { formulaRows, isErratum } from "./formulas.ts";
import { type Generations, measureGenerations } from "./generation.ts";
import {
  latencyFigures,
  latencyRows,
  latencyTable,
  readRows,
  readTable,
} from "./latency_tables.ts";
import { type StepFigures, stepFigures } from "./step_figures.ts";
import { memoryTable, stepBars, stepPairs, stepRows, stepTable } from "./step_tables.ts";
import { measureVariants } from "./steps.ts";
import { variantModel, variants, type VariantSizes } from "./variants.ts";

/** What mixtures of attention experts cost. */
export const bamCostExperiment = defineExperiment({
  id: "bam-cost",
  title: "What BAM costs",
  question:
    "How much dearer than Branch-Train-MiX is a mixture whose attention is experts too, in " +
    "training and in generation, and do FLOP say so?",
  parameters: costParameters,
  run: runCost,
});

const modelsOf = (sizes: VariantSizes) =>
  variants.map((variant) => ({ variant, model: variantModel(variant, sizes) }));

type Site = Pick<Context<CostValues>, "seed" | "parameters" | "progress" | "signal">;

/** Steps of all variants, measured and predicted, with the circumstances. */
async function trainAll(
  device: Device,
  { seed, parameters, progress, signal }: Site,
): Promise<{ steps: StepFigures[]; circumstances: Outcome["circumstances"] }> {
  const { sequences, length, repeats } = parameters;
  progress.start(100, "choosing kernels");
  const kernels = await tunedKernels(device, { memory: `${MEMORY}/tune.json` });
  const pool = createPool(device);
  const profiling = startProfiling(pool, { kernels, kinds: stepKinds });
  let shown = 0;
  const measured = await measureVariants(device, modelsOf(costSizes(parameters).trained), {
    ...{ sequences, length, seed, kernels, repeats, pool, profiling, signal },
    done(share) {
      for (; shown < Math.floor(100 * share); shown++) progress.step("profile and steps");
    },
  });
  profiling.release();
  const profile = await profileOf(pool, { profiling, kernels });
  pool.trim();
  progress.stop();
  const circumstances = await circumstancesOf(device, { profile, resolutionSeconds: 1e-9 });
  return {
    steps: await stepFigures(measured, { profile, batch: { sequences, length } }),
    circumstances,
  };
}

async function generateAll(
  device: Device,
  { seed, parameters, progress, signal }: Site,
): Promise<Generations> {
  const { prompt, generated, generations: rounds } = parameters;
  progress.start((rounds + 1) * variants.length, "generation");
  const found = await measureGenerations(device, modelsOf(costSizes(parameters).generated), {
    ...{ prompt, generated, rounds, seed, signal },
    done: (label) => progress.step(`generation: ${label}`),
  });
  progress.stop();
  return found;
}

/** Steps of the work's sizes on all clusters. */
export function allClusterSteps(
  { clusters, sequence, microBatch, expertRanks }: Pick<
    CostValues,
    "clusters" | "sequence" | "microBatch" | "expertRanks"
  >,
): ClusterStep[] {
  const sizes: PaperSize[] = ["small", "large"];
  return clusters.flatMap((cluster) =>
    sizes.flatMap((size) =>
      paperSizeModels(size).flatMap((paper) =>
        clusterSteps(paper, { cluster, sequence, microBatch, expertRanks })
      )
    )
  );
}

/** How far events may be from the closed form: exchanges may share a link in them. */
const EVENTS = 0.1;

/** How far predicted memory may be from what is held: buffers come in whole slots. */
const MEMORY_ERROR = 0.02;

function checksOf(
  { steps, clusters, formulas }: CostFigures,
  generations: Generations,
): Result["checks"] {
  const losses = steps.filter(({ loss }) => !Number.isFinite(loss)).length;
  const logits = generations.measured
    .filter(({ largestLogit }) => !Number.isFinite(largestLogit)).length;
  const unexplained = formulas.filter((row) => isErratum(row) && !row.note).length;
  const apart = Math.max(
    ...clusters.map(({ stepSeconds, eventSeconds }) => Math.abs(eventSeconds / stepSeconds - 1)),
  );
  const memory = Math.max(
    ...steps.map(({ heldBytes: { state, step }, predictedBytes }) =>
      Math.abs(predictedBytes / (state + step) - 1)
    ),
  );
  const none = { limit: 0 } as const;
  return [
    {
      ...{ name: "losses are numbers", value: losses, ...none, passed: losses === 0 },
      note: "variants whose loss after all rounds is not finite",
    },
    {
      ...{ name: "logits are numbers", value: logits, ...none, passed: logits === 0 },
      note: "variants whose last logits are not finite",
    },
    {
      ...{ name: "memory", value: memory, limit: MEMORY_ERROR, passed: memory <= MEMORY_ERROR },
      note: "the largest difference of predicted and held memory of a training",
    },
    {
      ...{ name: "printed figures", value: unexplained, ...none, passed: unexplained === 0 },
      note: "printed figures that shapes do not give and no erratum explains",
    },
    {
      ...{ name: "events and closed form", value: apart, limit: EVENTS, passed: apart <= EVENTS },
      note: "the largest difference of a simulated step between the two",
    },
  ];
}

/** The result but for the circumstances. */
export async function costOutcome(
  figures: CostFigures,
  { generations, values }: { generations: Generations; values: CostValues },
): Promise<Omit<Outcome, "circumstances">> {
  const { steps, latency, clusters, formulas } = figures;
  const bars = [stepBars(steps), clusterBars(clusters)];
  const pairs = stepPairs(steps);
  return {
    verdict: costVerdict(figures),
    decision: costDecision(figures),
    notes: costNotes(figures),
    tables: [
      ...[stepTable, memoryTable, latencyTable(values), readTable, clusterTable],
      ...formulaTables,
    ],
    rows: [
      ...stepRows(steps),
      ...await latencyRows(latency, generations),
      ...await readRows(),
      ...await clusterRows(clusters),
      ...await formulaTableRows(formulas),
    ],
    samples: Object.fromEntries(steps.map(({ pair, samples }) => [pair.id, samples])),
    pairs,
    pairStyle: { measured: "measured", series: "group" },
    pairSummaries: [summarisePairs("training steps", pairs)],
    timelines: [],
    bars,
    sections: [...bars.map(({ id }) => id), "results", "parity", "checks"],
    checks: checksOf(figures, generations),
  };
}

async function runCost(context: Context<CostValues>): Promise<Outcome> {
  const { parameters: values, signal } = context;
  checkCostValues(values);
  // Wrong words of a cluster end the run before anything is measured.
  const clusters = allClusterSteps(values);
  const device = await openDevice();
  try {
    const { steps, circumstances } = await trainAll(device, context);
    signal.throwIfAborted();
    const generations = await generateAll(device, context);
    const latency = latencyFigures(generations);
    const figures: CostFigures = { steps, latency, clusters, formulas: formulaRows() };
    return { ...await costOutcome(figures, { generations, values }), circumstances };
  } finally {
    device.close();
  }
}
