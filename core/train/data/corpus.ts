/**
 * What a model learns from: domains that sequences are drawn from, and the batches made of them.
 *
 * A batch is a function of the seed and the number of its step alone. So a training that is resumed
 * needs no state of its data, and two gates that are compared see the same tokens in the same order.
 *
 * @module
 */
import { IGNORED, split, type Stream } from "../../../kernels/mod.ts";

/** What is learned from and what is kept back for evaluation. */
export type CorpusPart = "training" | "held-out";

/** What is predicted: the next token, or those that a mask hides (BERT, arXiv 1810.04805). */
export type Objective = "next" | "masked";

/** Text of several domains, as token ids. */
export interface Corpus {
  /** What it is, with the parameters that it was made with; checkpoints compare it. */
  id: string;
  /** Token ids are below it. */
  vocabulary: number;
  /** A token id that no text has. */
  mask: number;
  /** Names of the domains; a sequence's tag is the index of its own. */
  domains: readonly string[];
  /**
   * How often sequences are of each domain, as shares of their sum; all alike where absent. See
   * {@linkcode weightedCorpus}.
   */
  weights?: readonly number[];
  /** A sequence of `length` token ids of a domain. */
  draw(domain: number, options: { length: number; part: CorpusPart; stream: Stream }): Uint32Array;
  /**
   * What each token of a sequence costs who knows the process that a domain is drawn from: -log of
   * its probability after those before it, nats. Absent where nobody knows the process.
   */
  costs?(domain: number, ids: Uint32Array): Float64Array;
}

/** A batch on the host: sequences one behind the other, T tokens in all. */
export interface TrainingBatch {
  /** Token ids [T]. */
  ids: Uint32Array;
  /** What is to be predicted at each [T]; `IGNORED` where nothing is. */
  targets: Uint32Array;
  /** The id before each in its sequence [T], its own for the first. */
  before: Uint32Array;
  /** The domain of each [T]. */
  tags: Uint32Array;
}

/** Which batch. */
export interface BatchOptions {
  /** Sequences. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** Seed of the order. */
  seed: number;
  /** Number of the step, from 0 on. */
  step: number;
  /** The part to draw from; "training" where absent. */
  part?: CorpusPart;
  /** What is predicted; "next" where absent. */
  objective?: Objective;
}

/** Share of the tokens that a mask hides (BERT, arXiv 1810.04805, section 3.1). */
export const maskedShare = 0.15;

/** The numbers 0..n-1 in a seeded order. */
export function shuffled(n: number, stream: Stream): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = stream.int(0, i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Domain of a sequence: each round of as many sequences as domains has every domain once. */
function domainAt(index: number, domains: number, at: { seed: number; part: CorpusPart }): number {
  const round = Math.floor(index / domains);
  return shuffled(domains, split(at.seed, `${at.part}/deal/${round}`))[index % domains];
}

/** Sequences of a round of weighed domains: each domain has its share of them, up to one. */
const weighedRound = 20;

/** Domain of a sequence where domains have weights: a seeded place in a part of the round of its own. */
function weighedDomain(
  index: number,
  weights: readonly number[],
  at: { seed: number; part: CorpusPart },
): number {
  const round = Math.floor(index / weighedRound);
  const place = shuffled(weighedRound, split(at.seed, `${at.part}/weighed/${round}`));
  const within = split(at.seed, `${at.part}/weighed/${round}/within`).uniform();
  const whole = weights.reduce((a, b) => a + b);
  let rest = whole * (place[index % weighedRound] + within) / weighedRound;
  const found = weights.findIndex((weight) => (rest -= weight) < 0);
  return found >= 0 ? found : weights.findLastIndex((weight) => weight > 0);
}

/**
 * A batch of a corpus.
 *
 * @throws {RangeError} where there are no sequences or a sequence has no tokens.
 *
 * @example The same seed and step give the same batch; targets are the tokens that follow
 * ```ts
 * import { batchOf, syntheticCorpus } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const corpus = syntheticCorpus({ domains: 4, seed: 1 });
 * const options = { sequences: 2, length: 32, seed: 7, step: 100 };
 * const batch = batchOf(corpus, options);
 * assertEquals(batch, batchOf(corpus, options));
 * assertEquals(batch.targets.slice(0, 31), batch.ids.slice(1, 32));
 * ```
 */
export function batchOf(corpus: Corpus, options: BatchOptions): TrainingBatch {
  const { sequences, length, seed, step, part = "training", objective = "next" } = options;
  if (!(sequences >= 1 && length >= 1)) {
    throw new RangeError(
      `Cannot make a batch: found ${sequences} sequences of ${length} tokens, wanted 1 or more`,
    );
  }
  const tokens = sequences * length;
  const batch: TrainingBatch = {
    ids: new Uint32Array(tokens),
    targets: new Uint32Array(tokens),
    before: new Uint32Array(tokens),
    tags: new Uint32Array(tokens),
  };
  for (let s = 0; s < sequences; s++) {
    const index = step * sequences + s;
    const domain = corpus.weights
      ? weighedDomain(index, corpus.weights, { seed, part })
      : domainAt(index, corpus.domains.length, { seed, part });
    const stream = split(seed, `${part}/sequence/${index}`);
    const at = s * length;
    const text = corpus.draw(domain, { length: length + 1, part, stream });
    const ids = text.slice(0, length);
    if (objective === "next") batch.targets.set(text.subarray(1), at);
    else {
      const hidden = shuffled(length, split(seed, `${part}/mask/${index}`))
        .slice(0, Math.max(1, Math.round(maskedShare * length)));
      batch.targets.fill(IGNORED, at, at + length);
      for (const t of hidden) {
        batch.targets[at + t] = ids[t];
        ids[t] = corpus.mask;
      }
    }
    batch.ids.set(ids, at);
    batch.before.set(ids.subarray(0, length - 1), at + 1);
    batch.before[at] = ids[0];
    batch.tags.fill(domain, at, at + length);
  }
  return batch;
}
