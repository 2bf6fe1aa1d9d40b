/**
 * The experiment `bam`: the study of Branch-Attend-Mix (arXiv 2408.08274) in the small. A seed model is
 * trained, branches of it become specialists, and mixtures of them, with attention averaged (BTX) or kept
 * as experts (BAM), are held against each other.
 *
 * @module
 */
import { join } from "node:path";
import { adapterKey, choiceWords, guessedKernels, openDevice } from "../../kernels/mod.ts";
import { stableJson, writeTextFile } from "../../kernels/base/files.ts";
import { adapterOf } from "../circumstances.ts";
import { type Context, defineExperiment, type Outcome } from "../define.ts";
import { MEMORY } from "../device_profile.ts";
import { contentId } from "../hash.ts";
import { seedsFrom } from "../training/arena.ts";
import { studyCorpus } from "./domains.ts";
import type { StudyFigures } from "./figures.ts";
import { studyMemory } from "./memory.ts";
import type { Examination } from "./model_figures.ts";
import { sizesOfRun, studyParameters, type StudyValues } from "./parameters.ts";
import { planStudy } from "./plan.ts";
import { studyClaims, studyLines, studyReport } from "./report/mod.ts";
import { runStudy } from "./run_study.ts";
import { CHOICES } from "./tasks/cloze.ts";
import { trainingNotes } from "./training_notes.ts";

/** The study. */
export const bamExperiment = defineExperiment({
  id: "bam",
  title: "Branch-Attend-Mix against Branch-Train-MiX",
  question:
    "Where dense models of several domains become one mixture, do attention experts (BAM) lower perplexity against averaged attention (BTX), at equal data and at equal compute?",
  parameters: studyParameters,
  run: runBam,
});

/** Exact spans come two or three to a text. */
const SPANS = 2;

/** Batches of held-out text and numbers of questions, whole batches of each. */
export function examinationOf(
  { heldOut, questions, sequences }: Pick<StudyValues, "heldOut" | "questions" | "sequences">,
): Examination {
  const whole = (texts: number) => Math.ceil(texts / sequences);
  return {
    batches: whole(heldOut),
    cloze: Math.ceil(whole(questions * CHOICES) * sequences / CHOICES),
    exact: whole(questions / SPANS) * sequences,
  };
}

async function runBam(context: Context<StudyValues>): Promise<Outcome> {
  const { seed, parameters: values, progress, signal, log, out } = context;
  const { stray, sequences, length, text, texts } = values;
  const sizes = sizesOfRun(values);
  const corpus = await studyCorpus({ text, texts });
  const device = await openDevice();
  try {
    const plan = await planStudy({
      ...{ sizes, corpus, stray, sequences, length, device: adapterKey(device.adapter) },
      seeds: seedsFrom(seed, values.seeds),
    });
    const examination = examinationOf(values);
    const memory = studyMemory(`${MEMORY}/bam`, examination);
    const models = await runStudy(plan, {
      ...{ device, corpus, examination, memory, progress, signal, log },
    });
    const figures: StudyFigures = { domains: [...corpus.domains], models };
    const claims = studyClaims(figures);
    const told = await studyReport(figures, { notes: trainingNotes(values, plan), claims });
    await writeTextFile(join(out, "figures.json"), stableJson(figures));
    studyLines(figures, claims).forEach((line) => log(line));
    return {
      ...told,
      written: () => memory.forget(plan),
      circumstances: {
        adapter: adapterOf(device),
        timer: { kind: "wall clock around stretches of steps", resolutionSeconds: 1e-3 },
        inputs: { text: corpus.id, trainings: await contentId(plan.map(({ id }) => id)) },
        kernels: choiceWords(guessedKernels(device)),
      },
    };
  } finally {
    device.close();
  }
}
