/**
 * The experiment `applications`: mixtures of experts where the survey finds them beside language:
 * pictures, recommendation, and pictures with captions.
 *
 * @module
 */
import type { ApplicationSizes } from "../../core/applications/recipe.ts";
import { applicationTasks, modelsOf } from "../../core/applications/table.ts";
import { adapterKey, choiceWords, guessedKernels, openDevice } from "../../kernels/mod.ts";
import { adapterOf } from "../circumstances.ts";
import { type Context, defineExperiment, type Outcome } from "../define.ts";
import { learnedChecks, type TrainedGroup } from "../derivatives/trained_models.ts";
import { contentId } from "../hash.ts";
import { seedsFrom } from "../training/arena.ts";
import { type ApplicationSet, applicationTable } from "./application_table.ts";
import {
  applicationsDecision,
  applicationsNotes,
  applicationsVerdict,
} from "./application_words.ts";
import { trainApplication } from "./train_application.ts";

/** Parameters of the experiment. */
export const applicationParameters = {
  seeds: { quick: 1, full: 3, note: "seeds of each model" },
  steps: { quick: 60, full: 1000, note: "steps of each training" },
  dModel: { quick: 32, full: 64, note: "width of the model; features of a person" },
  heads: { quick: 2, full: 4, note: "attention heads" },
  hidden: { quick: 16, full: 32, note: "width of an expert" },
  experts: { quick: 8, full: 8, note: "experts" },
  samples: {
    quick: 16,
    full: 32,
    note: "pictures or pairs of a batch; people are eight times as many",
  },
  heldOut: { quick: 16, full: 32, note: "held-out batches" },
  rate: {
    quick: 6e-3,
    full: 3e-3,
    note: "highest learning rate; three times this in recommendation",
  },
  correlations: {
    quick: [0.5],
    full: [0, 0.5, 0.9],
    note: "correlations of the two tasks of recommendation",
  },
} as const;

type Values =
  & Record<Exclude<keyof typeof applicationParameters, "correlations">, number>
  & { correlations: readonly number[] };

/** See the module. */
export const applicationsExperiment = defineExperiment({
  id: "applications",
  title: "Applications of mixtures of experts",
  question:
    "Do mixtures of experts tell pictures, ratings and pairs of pictures and captions better than models without them?",
  parameters: applicationParameters,
  run: runApplications,
});

async function runApplications(context: Context<Values>): Promise<Outcome> {
  const { seed, parameters: values, progress, signal } = context;
  const { steps, rate, heldOut, correlations, dModel, heads, hidden, experts, samples } = values;
  const seeds = seedsFrom(seed, values.seeds);
  const sets = applicationTasks.flatMap((task): ApplicationSet[] =>
    (task.id === "recommendation" ? correlations : [undefined])
      .map((correlation) => ({ task, correlation, groups: [] }))
  );
  const total = sets.reduce((sum, { task }) => sum + modelsOf(task.id).length, 0);
  const device = await openDevice();
  try {
    progress.start(total * seeds.length, "the first model");
    for (const { task, correlation, groups } of sets) {
      const sizes: ApplicationSizes = {
        ...{ dModel, heads, hidden, experts, correlation },
        samples: samples * task.scale.samples,
      };
      for (const { id, name, against } of modelsOf(task.id)) {
        const group: TrainedGroup = { id, name, against, models: [] };
        for (const seed of seeds) {
          signal.throwIfAborted();
          const run = { id, seed, sizes, steps, rate: rate * task.scale.rate, heldOut };
          group.models.push(await trainApplication(run, { device, signal }));
          progress.step(`${name}, seed ${seed}`);
        }
        groups.push(group);
      }
    }
    progress.stop();
    const told = await Promise.all(
      applicationTasks.map(({ id }) => applicationTable(sets.filter(({ task }) => task.id === id))),
    );
    return {
      verdict: applicationsVerdict(sets),
      decision: applicationsDecision(sets),
      notes: applicationsNotes(sets, values),
      tables: told.map(({ info }) => info),
      rows: told.flatMap(({ rows }) => rows),
      ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
      checks: learnedChecks(sets.flatMap(({ groups }) => groups)),
      circumstances: {
        adapter: adapterOf(device),
        timer: { kind: "none", resolutionSeconds: 0 },
        inputs: {
          tasks: await contentId(applicationTasks.map(({ id }) => id)),
          device: adapterKey(device.adapter),
        },
        kernels: choiceWords(guessedKernels(device)),
      },
    };
  } finally {
    device.close();
  }
}
