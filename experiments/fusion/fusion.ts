/**
 * The experiment `fusion`: Fusion of Experts (arXiv 2310.01542) in the small. Models that each know a domain
 * stay as they are; fusers learn from what they say, and are held against rules that learn nothing.
 *
 * @module
 */
import { join } from "node:path";
import { adapterKey, choiceWords, guessedKernels, openDevice } from "../../kernels/mod.ts";
import { stableJson, writeTextFile } from "../../kernels/base/files.ts";
import { studyCorpus } from "../bam/domains.ts";
import { studyMemory } from "../bam/memory.ts";
import { adapterOf } from "../circumstances.ts";
import { type Context, defineExperiment, type Outcome } from "../define.ts";
import { MEMORY } from "../device_profile.ts";
import { contentId } from "../hash.ts";
import { seedsFrom } from "../training/arena.ts";
import { fusionChecks } from "./checks.ts";
import type { FusionFigures } from "./figures.ts";
import { checkFusionValues, fusionParameters, type FusionValues } from "./parameters.ts";
import { runFusion } from "./run_fusion.ts";
import { askedPlot, domainMap, fusionTable } from "./table.ts";
import { fusionDecision, fusionNotes, fusionVerdict } from "./words.ts";

/** See the module. */
export const fusionExperiment = defineExperiment({
  id: "fusion",
  title: "Fusion of Experts",
  question:
    "Where models of several domains stay as they are, does a small network that learns from what they say predict better than the mean of their predictions, and how many of them must be asked?",
  parameters: fusionParameters,
  run: runFusionExperiment,
});

/** What the page shows. */
export async function fusionReport(
  figures: FusionFigures,
  values: FusionValues,
): Promise<Omit<Outcome, "circumstances">> {
  const { info, rows } = await fusionTable(figures);
  return {
    verdict: fusionVerdict(figures, values),
    decision: fusionDecision(figures),
    notes: fusionNotes(figures, values),
    ...{ tables: [info], rows },
    ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
    lines: [askedPlot(figures)],
    heatmaps: [domainMap(figures)],
    checks: fusionChecks(figures),
  };
}

async function runFusionExperiment(context: Context<FusionValues>): Promise<Outcome> {
  const { seed, parameters: values, progress, signal, out } = context;
  checkFusionValues(values);
  const corpus = await studyCorpus(values);
  const device = await openDevice();
  try {
    // Weights alone are kept: nothing is examined while experts are trained.
    const memory = studyMemory(join(MEMORY, "fusion"), { batches: 0, cloze: 0, exact: 0 });
    const seeds = seedsFrom(seed, values.seeds);
    const { figures, plan } = await runFusion(values, {
      ...{ device, corpus, memory, seeds, progress, signal },
    });
    const told = await fusionReport(figures, values);
    await writeTextFile(join(out, "figures.json"), stableJson(figures));
    await memory.forget(plan);
    return {
      ...told,
      circumstances: {
        adapter: adapterOf(device),
        timer: { kind: "none", resolutionSeconds: 0 },
        inputs: {
          text: corpus.id,
          experts: await contentId(plan.length > 0 ? plan.map(({ id }) => id) : values.models),
          device: adapterKey(device.adapter),
        },
        kernels: choiceWords(guessedKernels(device)),
      },
    };
  } finally {
    device.close();
  }
}
