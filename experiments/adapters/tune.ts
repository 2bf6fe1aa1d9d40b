/**
 * One recipe tuned over a frozen base, and what it then makes of the new text and of the old.
 *
 * @module
 */
import { adapterFrozen, adapterProgram, adapterStages } from "../../core/adapters/program.ts";
import type { AdaptedModel } from "../../core/adapters/places.ts";
import { adapterCount, adapterSize } from "../../core/adapters/sizes.ts";
import type { AdapterStage } from "../../core/adapters/listen.ts";
import type { ProgramValues } from "../../core/programs/program.ts";
import { createProgramTrainer, type ProgramTrainer } from "../../core/programs/program_trainer.ts";
import type { Corpus } from "../../core/train/data/corpus.ts";
import { rateAt } from "../../core/train/schedule.ts";
import type { SequenceClusters } from "../../core/adapters/clusters.ts";
import { type Device, now } from "../../kernels/mod.ts";
import { lossBySequence } from "../training/held_out.ts";
import { tuningBatch } from "./batches.ts";
import type { AdapterValues } from "./settings.ts";

/** Where recipes are tuned. */
export interface TuningSite {
  /** The device. */
  device: Device;
  /** Values of the base. */
  base: Readonly<Record<string, Float32Array>>;
  /** What the base learned, and what it is tuned to. */
  texts: { old: Corpus; fresh: Corpus };
  /** Clusters of the new text. */
  clusters: SequenceClusters;
  /** Settings. */
  values: AdapterValues;
  /** Throws its reason between two waits. */
  signal: AbortSignal;
}

/** What a tuning gave. */
export interface TunedFigures {
  /** Loss of each step of the last stage. */
  losses: number[];
  /** Mean loss of each held-out sequence of the new domains, nats a token. */
  fresh_S: number[];
  /** Of the old domains. */
  old_S: number[];
  /** Parameters that were trained, gates included. */
  trained: number;
  /** Free number of its adapters, such as the rank; absent where there is none. */
  size?: number;
  /** Seconds of a step, one sample for each stretch between two waits. */
  stepSeconds: number[];
  /** Entries of the base that are not what they were, to the bit. */
  moved: number;
}

/** Steps between two waits. */
const STRETCH = 6;

/** Share of the steps in which experts are made that are then given. */
const GIVEN = 1 / 3;

/** Held-out losses of each sequence of a corpus. */
async function heldOut(
  trainer: ProgramTrainer,
  corpus: Corpus,
  { values, clusters }: TuningSite,
): Promise<number[]> {
  const losses: number[] = [];
  for (let step = 0; step < values.heldOut; step++) {
    const batch = tuningBatch(corpus, { values, clusters, seed: 1, step, part: "held-out" });
    const { figures } = await trainer.run(batch);
    const targets = Uint32Array.from(batch.targets);
    losses.push(...lossBySequence(figures.each, { targets, length: values.length }));
  }
  return losses;
}

/** Steps of each stage, from where to where. */
function stretches(stages: readonly AdapterStage[], steps: number) {
  const given = stages.length > 1 ? Math.max(1, Math.round(steps * GIVEN)) : 0;
  return stages.map((stage) => ({
    stage,
    from: stage === "given" ? 0 : given,
    to: stage === "given" ? given : steps,
  }));
}

/** Steps of one stage: losses, and the seconds of a step between two waits. */
async function follow(
  trainer: ProgramTrainer,
  site: TuningSite,
  { from, to, seed }: { from: number; to: number; seed: number },
): Promise<Pick<TunedFigures, "losses" | "stepSeconds">> {
  const { texts, clusters, values, signal } = site;
  const losses: number[] = [];
  const stepSeconds: number[] = [];
  let waited: number | undefined;
  for (let step = from; step < to; step++) {
    const batch = tuningBatch(texts.fresh, { values, clusters, seed, step });
    const rate = rateAt({ peak: values.rate }, { step: step - from, steps: to - from });
    trainer.step(batch, { rate });
    if ((step + 1 - from) % STRETCH !== 0 && step + 1 < to) continue;
    const found = await trainer.losses();
    const at = now();
    // What comes before the first wait holds the compilation of kernels.
    if (waited !== undefined) stepSeconds.push((at - waited) / 1000 / found.length);
    waited = at;
    losses.push(...found);
    signal.throwIfAborted();
  }
  return { losses, stepSeconds };
}

/** Tunes a recipe; without one, the base is evaluated as it is. */
export async function tuneAdapters(
  adapted: AdaptedModel,
  site: TuningSite,
  options: { seed: number; untouched?: boolean },
): Promise<TunedFigures> {
  const { device, base, texts, values } = site;
  const { seed, untouched = false } = options;
  const { recipe } = adapted;
  let known: ProgramValues = base;
  let course: Pick<TunedFigures, "losses" | "stepSeconds"> = { losses: [], stepSeconds: [] };
  const all = stretches(adapterStages(recipe), values.steps);
  for (const { stage, from, to } of all) {
    const trainer = createProgramTrainer(device, adapterProgram(adapted, { stage }), {
      ...{ seed, values: known, frozen: adapterFrozen(adapted, stage) },
    });
    try {
      if (!untouched) course = await follow(trainer, site, { from, to, seed });
      const after = await trainer.values();
      known = after;
      if (to < values.steps) continue;
      const size = adapterSize(recipe);
      return {
        ...course,
        fresh_S: await heldOut(trainer, texts.fresh, site),
        old_S: await heldOut(trainer, texts.old, site),
        trained: untouched ? 0 : adapterCount(adapted),
        ...size !== undefined && { size },
        moved: Object.entries(base)
          .reduce((n, [name, was]) => n + was.filter((v, i) => after[name][i] !== v).length, 0),
      };
    } finally {
      trainer.close();
    }
  }
  throw new RangeError(`Tuned "${recipe.id}" in no stage`);
}
