/**
 * What an expert may be: every kind of the table, trained from the same data at equal FLOP.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { expertRecipeById, expertRecipes } from "../../core/experts/recipes.ts";
import type { ExpertRecipe } from "../../core/experts/recipe.ts";
import { recipeById } from "../../core/gates/recipes.ts";
import { adapterKey, choiceWords, guessedKernels, openDevice } from "../../kernels/mod.ts";
import { adapterOf } from "../circumstances.ts";
import { type Context, defineExperiment, type Outcome } from "../define.ts";
import { MEMORY } from "../device_profile.ts";
import { readCommit } from "../git.ts";
import { contentId } from "../hash.ts";
import { seedsFrom } from "../training/arena.ts";
import { trainMany } from "../training/train_many.ts";
import { type KindGroup, kindTables } from "./kind_groups.ts";
import { vocabularyOf } from "./kind_language.ts";
import { type KindFigures, type KindRun, languageOf, trainKind } from "./kind_runs.ts";
import { kindParameters, type KindValues } from "./kind_parameters.ts";
import { kindFlops, type KindSizes, type SizedKind, sizeKind } from "./kind_sizes.ts";
import { kindChecks, kindDecision, kindNotes, kindVerdict } from "./kind_words.ts";

/** Sizes of both tasks. */
export function kindSizes(values: KindValues): KindSizes {
  const { dModel, experts, width, sequences, length, images, imageRows } = values;
  const heads = dModel / 16;
  const tags = 4;
  const vocabulary = vocabularyOf(languageOf({ tags }));
  return {
    decoder: {
      ...{ vocabulary, dModel, heads, hidden: 2 * dModel, layers: 2, sequences, length },
      ...{ experts, width, tags },
    },
    image: { images, rows: imageRows, dModel: 8, experts: 4, width: 8, classes: 4 },
  };
}

/** A kind without a choice: one network for all tokens. */
const without = (id: string, own: Pick<ExpertRecipe, "id" | "name">): ExpertRecipe => ({
  ...expertRecipeById(id),
  ...own,
  gate: recipeById("dense"),
});

/** Kinds that stand in one place, the control first: each at the FLOP of the control. */
export function sizedKinds(where: "text" | "image", sizes: KindSizes): SizedKind[] {
  const text = where === "text";
  const control = expertRecipeById(text ? "ffn-swiglu" : "experts-two-layer");
  const wanted = kindFlops(control, sizes);
  const others = expertRecipes.filter((one) => one !== control && (one.where !== "image") === text);
  const single = text
    ? without("ffn-swiglu", { id: "one-network", name: "one network" })
    : without("experts-two-layer", {
      id: "one-network-of-filters",
      name: "one network of filters",
    });
  const one: KindSizes = {
    decoder: { ...sizes.decoder, experts: 1 },
    image: { ...sizes.image, experts: 1 },
  };
  return [
    sizeKind(control, sizes, wanted),
    sizeKind(single, one, wanted),
    ...others.map((recipe) => sizeKind(recipe, sizes, wanted)),
  ];
}

/** Every kind of experts. */
export const expertKindsExperiment = defineExperiment({
  id: "expert-kinds",
  title: "Kinds of experts",
  question: "At equal FLOP, which kind of experts learns most from the same data?",
  parameters: kindParameters,
  run: runKinds,
});

const suite = fileURLToPath(new URL("../..", import.meta.url));

async function runKinds(context: Context<KindValues>): Promise<Outcome> {
  const { seed, parameters: values, progress, signal, log } = context;
  const { steps, rate, imageRate, heldOut } = values;
  const sizes = kindSizes(values);
  const seeds = seedsFrom(seed, values.seeds);
  const kinds = [...sizedKinds("text", sizes), ...sizedKinds("image", sizes)];
  const runs = kinds.flatMap((kind) =>
    seeds.map((seed): KindRun => ({
      ...{ kind, seed },
      training: { steps, heldOut, rate: kind.recipe.where === "image" ? imageRate : rate },
    }))
  );
  const device = await openDevice();
  try {
    const { outcomes, forget } = await trainMany<KindRun, KindFigures>(runs, {
      train: (run) => trainKind(device, run, { signal }),
      label: ({ kind, seed }) => `${kind.recipe.id}, seed ${seed}`,
      folder: `${MEMORY}/training`,
      under: { device: adapterKey(device.adapter), commit: await readCommit(suite) },
      ...{ progress, signal, log },
    });
    const groups = kinds.map((kind): KindGroup => ({
      kind,
      figures: outcomes.filter((_, i) => runs[i].kind === kind),
    }));
    const of = (image: boolean) =>
      groups.filter(({ kind }) => (kind.recipe.where === "image") === image);
    const [text, images] = [of(false), of(true)];
    const tables = [
      ...await kindTables(text, { id: "text-kinds", title: "Kinds in a language", unit: "token" }),
      ...await kindTables(images, { id: "image-kinds", title: "Kinds in images", unit: "place" }),
    ];
    return {
      written: forget,
      verdict: kindVerdict(text, images),
      decision: kindDecision(text, images),
      notes: kindNotes(values),
      tables: tables.map(({ info }) => info),
      rows: tables.flatMap(({ rows }) => rows),
      ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
      checks: kindChecks(groups),
      circumstances: {
        adapter: adapterOf(device),
        timer: { kind: "none", resolutionSeconds: 0 },
        inputs: { runs: await contentId(runs) },
        kernels: choiceWords(guessedKernels(device)),
      },
    };
  } finally {
    device.close();
  }
}
