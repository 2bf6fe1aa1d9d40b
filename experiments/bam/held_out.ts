/**
 * What a model of the study makes of held-out text, domain by domain: the same sequences for all models
 * of a seed.
 *
 * @module
 */
import { batchOf, type Corpus } from "../../core/train/data/corpus.ts";
import { weightedCorpus } from "../../core/train/data/weighted.ts";
import { floorOf } from "../../core/train/data/synthetic.ts";
import type { Evaluable } from "../../core/train/evaluate.ts";
import { mean } from "../mean.ts";
import { lossBySequence } from "../training/held_out.ts";
import type { DomainFigures } from "./figures.ts";

/** How much held-out text. */
export interface HeldOutOptions {
  /** Batches of each domain. */
  batches: number;
  /** Sequences of a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** Seed of the text. */
  seed: number;
}

/** A corpus of one domain, the others being there and never read. */
export const onlyDomain = (corpus: Corpus, domain: number): Corpus =>
  weightedCorpus(corpus, corpus.domains.map((_, i) => i === domain ? 1 : 0));

/** Means of lists, entry by entry. */
const meanLists = (lists: readonly number[][]) =>
  lists[0].map((_, i) => mean(lists.map((list) => list[i])));

/** Counts as shares of their sum. */
function sharesOf(counts: ArrayLike<number>): number[] {
  const sum = Array.from(counts).reduce((a, b) => a + b, 0);
  return Array.from(counts, (n) => n / sum);
}

/** A domain under a model. */
export interface DomainEvaluated {
  /** Losses. */
  figures: DomainFigures;
  /** Share of the tokens that each expert gets, mean over layers [E]; none for dense models. */
  shares?: number[];
}

/** Evaluates a model on a domain; each batch costs a wait. */
export async function evaluateDomain(
  model: Evaluable,
  corpus: Corpus,
  { domain, batches, sequences, length, seed }: HeldOutOptions & { domain: number },
): Promise<DomainEvaluated> {
  const text = onlyDomain(corpus, domain);
  const losses: number[] = [];
  const layers: number[][][] = [];
  const floors: number[] = [];
  for (let step = 0; step < batches; step++) {
    const batch = batchOf(text, { sequences, length, seed, step, part: "held-out" });
    const found = await model.evaluate(batch);
    losses.push(...lossBySequence(found.losses_T, { targets: batch.targets, length }));
    const floor = floorOf(text, { ...batch, length });
    if (floor) floors.push(floor.told);
    layers.push(found.layers.map(({ wanted_E }) => sharesOf(wanted_E)));
  }
  const shares = layers.flat();
  return {
    figures: {
      name: corpus.domains[domain],
      tokens: batches * sequences * length,
      loss: mean(losses),
      sequences: losses,
      ...floors.length > 0 && { floor: mean(floors) },
    },
    ...shares.length > 0 && { shares: meanLists(shares) },
  };
}
