/**
 * The experiment `adapters`: published mixtures of parameter-efficient experts over one frozen base.
 *
 * @module
 */
import { adapterById, adapterControls, adapterRecipes } from "../../core/adapters/recipes.ts";
import { adapterCount, fitAdapters, sizedAdapters } from "../../core/adapters/sizes.ts";
import type { AdapterRecipe } from "../../core/adapters/specs.ts";
import { adapterKey, choiceWords, guessedKernels, openDevice } from "../../kernels/mod.ts";
import { adapterOf } from "../circumstances.ts";
import { type Context, defineExperiment, type Outcome } from "../define.ts";
import { contentId } from "../hash.ts";
import { seedsFrom } from "../training/arena.ts";
import { clustersOf } from "./batches.ts";
import { adapterChecks } from "./checks.ts";
import type { TunedGroup } from "./figures.ts";
import { adapterBase, adapterSettings, adapterTexts, type AdapterValues } from "./settings.ts";
import { type AdapterRace, raceAdapters } from "./speed.ts";
import { raceTable, tunedTable } from "./table.ts";
import { trainBase } from "./train_base.ts";
import { tuneAdapters, type TuningSite } from "./tune.ts";
import { adaptersDecision, adaptersNotes, adaptersVerdict } from "./words.ts";

/** See the module. */
export const adaptersExperiment = defineExperiment({
  id: "adapters",
  title: "Mixtures of adapters over one frozen base",
  question:
    "Tuned to new domains with as many parameters as one LoRA, which mixtures of adapters give a lower perplexity there, and what do they forget?",
  parameters: adapterSettings,
  run: runAdapters,
});

/** Adapters of one product that are raced; tokens, width and rank stay. */
const races: readonly AdapterRace[] = [4, 16, 32].map((adapters) => ({
  ...{ adapters, tokens: 512, width: 128, rank: 8 },
}));

async function runAdapters(context: Context<AdapterValues>): Promise<Outcome> {
  const { seed, parameters: values, progress, signal } = context;
  const model = adapterBase(values);
  const texts = adapterTexts(values);
  const { sequences, length, domains: tags, steps, rank } = values;
  const fitted = (recipe: AdapterRecipe, budget: number) => {
    const adapted = { model, recipe, sequences, length, tags, steps };
    return { ...adapted, recipe: fitAdapters(adapted, budget) };
  };
  const budget = adapterCount({
    ...{ model, sequences, length, tags },
    recipe: sizedAdapters(adapterById("lora"), rank),
  });
  const all = [...adapterControls, ...adapterRecipes].map((recipe) => fitted(recipe, budget));
  const base: TunedGroup = { name: "base, untouched", figures: [] };
  const groups = all.map(({ recipe }): TunedGroup => ({ recipe, name: recipe.name, figures: [] }));
  const seeds = seedsFrom(seed, values.seeds);

  const device = await openDevice();
  try {
    progress.start(seeds.length * (all.length + 1), "the base");
    for (const seed of seeds) {
      const trained = await trainBase(device, model, { values, corpus: texts.old, seed, signal });
      const clusters = clustersOf(texts.fresh, { length, seed });
      const site: TuningSite = { device, base: trained, texts, clusters, values, signal };
      base.figures.push(await tuneAdapters(all[0], site, { seed, untouched: true }));
      for (const [i, adapted] of all.entries()) {
        progress.step(`${adapted.recipe.name}, seed ${seed}`);
        groups[i].figures.push(await tuneAdapters(adapted, site, { seed }));
      }
      progress.step();
    }
    progress.stop();
    const raced = [];
    for (const race of device.timestamps ? races : []) {
      signal.throwIfAborted();
      raced.push({ race, raced: await raceAdapters(device, race) });
    }
    const [control, full, ...mixtures] = groups;
    const found = {
      ...{ base, control, full, mixtures },
      races: raced.map(({ race: { adapters }, raced }) => ({ ...raced, adapters })),
    };
    const told = [
      await tunedTable([base, ...groups], { base, control }),
      ...raced.length > 0 ? [await raceTable(raced)] : [],
    ];
    return {
      verdict: adaptersVerdict(found),
      decision: adaptersDecision(found),
      notes: adaptersNotes(values),
      tables: told.map(({ info }) => info),
      rows: told.flatMap(({ rows }) => rows),
      ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
      checks: adapterChecks(found),
      circumstances: {
        adapter: adapterOf(device),
        timer: { kind: "wall clock around stretches of steps", resolutionSeconds: 1e-3 },
        inputs: {
          old: texts.old.id,
          new: texts.fresh.id,
          recipes: await contentId(all.map(({ recipe }) => recipe)),
          device: adapterKey(device.adapter),
        },
        kernels: choiceWords(guessedKernels(device)),
      },
    };
  } finally {
    device.close();
  }
}
