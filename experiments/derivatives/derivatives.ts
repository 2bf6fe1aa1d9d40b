/**
 * The experiment `derivatives`: models that grew out of mixtures of experts, each beside what it
 * changes.
 *
 * @module
 */
import type { DerivativeSizes } from "../../core/derivatives/recipe.ts";
import { derivativeControls, derivativeRecipes } from "../../core/derivatives/table.ts";
import { adapterKey, choiceWords, guessedKernels, openDevice } from "../../kernels/mod.ts";
import { adapterOf } from "../circumstances.ts";
import { type Context, defineExperiment, type Outcome } from "../define.ts";
import { contentId } from "../hash.ts";
import { seedsFrom } from "../training/arena.ts";
import { derivativeTable } from "./derivative_table.ts";
import { derivativesDecision, derivativesNotes, derivativesVerdict } from "./derivative_words.ts";
import { derivativeTexts } from "./texts.ts";
import { type DerivativeRun, trainDerivative } from "./train_derivative.ts";
import { learnedChecks, type TrainedGroup } from "./trained_models.ts";

/** Parameters of the experiment. */
export const derivativeParameters = {
  seeds: { quick: 1, full: 3, note: "seeds of each model" },
  steps: { quick: 50, full: 600, note: "steps of each stage" },
  layers: { quick: 2, full: 4, note: "blocks, and depths of a shared block" },
  dModel: { quick: 32, full: 64, note: "width of the model" },
  heads: { quick: 2, full: 4, note: "attention heads" },
  hidden: { quick: 32, full: 64, note: "width of a dense network, or of an expert" },
  experts: { quick: 8, full: 8, note: "experts of a layer" },
  sequences: { quick: 4, full: 8, note: "sequences of a batch" },
  length: { quick: 32, full: 64, note: "tokens of a sequence" },
  heldOut: { quick: 8, full: 16, note: "batches of held-out text" },
  rate: { quick: 1e-2, full: 3e-3, note: "highest learning rate; twice this for prompts" },
  domains: { quick: 4, full: 4, note: "domains of the synthetic text; the first half is old" },
} as const;

type Values = { -readonly [K in keyof typeof derivativeParameters]: number };

/** See the module. */
export const derivativesExperiment = defineExperiment({
  id: "derivatives",
  title: "Derivatives of mixtures of experts",
  question:
    "Do shared depth, halting, mixed tokens, mixed prompts, grown experts and mixed depths give a lower held-out loss than what each is held against?",
  parameters: derivativeParameters,
  run: runDerivatives,
});

/** Sizes of the decoder. */
export function derivativeSizes(values: Values): DerivativeSizes {
  const { layers, dModel, heads, hidden, experts, sequences, length, steps } = values;
  const vocabulary = 256;
  return { layers, dModel, heads, hidden, experts, sequences, length, steps, vocabulary };
}

async function runDerivatives(context: Context<Values>): Promise<Outcome> {
  const { seed, parameters: values, progress, signal } = context;
  const { steps, rate, heldOut } = values;
  const sizes = derivativeSizes(values);
  const texts = derivativeTexts(values.domains);
  const recipes = [...derivativeControls, ...derivativeRecipes];
  const seeds = seedsFrom(seed, values.seeds);
  const device = await openDevice();
  try {
    const groups: TrainedGroup[] = [];
    const site = { device, texts, signal, stages: new Map() };
    progress.start(recipes.length * seeds.length, recipes[0].name);
    for (const { id, name, against } of recipes) {
      const group: TrainedGroup = { id, name, against, models: [] };
      for (const seed of seeds) {
        signal.throwIfAborted();
        const run: DerivativeRun = { id, seed, sizes, steps, rate, heldOut };
        group.models.push(await trainDerivative(run, site));
        progress.step(`${name}, seed ${seed}`);
      }
      groups.push(group);
    }
    progress.stop();
    const { info, rows } = await derivativeTable(groups);
    return {
      verdict: derivativesVerdict(groups),
      decision: derivativesDecision(groups),
      notes: derivativesNotes(groups, values),
      ...{ tables: [info], rows },
      ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
      checks: learnedChecks(groups),
      circumstances: {
        adapter: adapterOf(device),
        timer: { kind: "none", resolutionSeconds: 0 },
        inputs: {
          text: texts.all.id,
          derivatives: await contentId(recipes.map(({ id }) => id)),
          device: adapterKey(device.adapter),
        },
        kernels: choiceWords(guessedKernels(device)),
      },
    };
  } finally {
    device.close();
  }
}
