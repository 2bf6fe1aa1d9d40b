/**
 * What a model has learned, and how its experts are used, on text that it has not seen.
 *
 * @module
 */
import { IGNORED } from "../../kernels/cross_entropy/cross_entropy.ts";
import { batchOf, type Corpus, type Objective, type TrainingBatch } from "./data/corpus.ts";
import { floorOf, type LossFloor } from "./data/synthetic.ts";
import {
  type LoadSpread,
  loadSpread,
  perplexity,
  type Specialisation,
  specialisationOf,
} from "./measures.ts";

/** What a layer with experts did with a batch. */
export interface LayerCounts {
  /** Choices of each expert before any was dropped [E]. */
  wanted_E: ArrayLike<number>;
  /** Choices of each expert that it had room for [E]. */
  kept_E: ArrayLike<number>;
  /** Mean entropy of a token's scores, nats. */
  entropy: number;
  /** Choices of each expert by tokens of each tag, tag by tag [G, E]. */
  byTag_GE: ArrayLike<number>;
  /** Mean of the squared log-sum-exp of a token's logits: what the router z-loss keeps small. */
  logSumExp2: number;
}

/** What a model makes of a batch. */
export interface EvaluatedBatch {
  /** Losses [T] in nats, 0 where nothing is predicted. */
  losses_T: Float32Array;
  /** The same where the model is used as its recipe says; absent where that is no other way. */
  decoded_T?: ArrayLike<number>;
  /** What each layer with experts did. */
  layers: LayerCounts[];
}

/** Something that gives the loss of each token of a batch without learning from it. */
export interface Evaluable {
  /** Evaluates a batch. */
  evaluate(batch: TrainingBatch): Promise<EvaluatedBatch>;
}

/** A layer with experts, over all tokens of an evaluation. */
export interface LayerEvaluation {
  /** Share of all choices that each expert got, before any was dropped [E]. */
  share_E: number[];
  /** How evenly choices are spread. */
  load: LoadSpread;
  /** Mean entropy of a token's scores, nats. */
  entropy: number;
  /** What experts and domains tell of each other. */
  specialisation: Specialisation;
  /** Share of the choices that found no room. */
  dropped: number;
  /** Mean of the squared log-sum-exp of a token's logits. */
  routerZ: number;
}

/** A domain's share of an evaluation. */
export interface DomainEvaluation {
  /** Name of the domain. */
  name: string;
  /** Tokens that were predicted. */
  tokens: number;
  /** Mean loss, nats a token; null where none was predicted. */
  loss: number | null;
}

/** What an evaluation found. */
export interface Evaluation {
  /** Tokens that were predicted. */
  tokens: number;
  /** Mean loss, nats a token. */
  loss: number;
  /** exp of the loss. */
  perplexity: number;
  /** Both where the model is used as its recipe says (`GateRecipe.decoding`); absent without. */
  decoded?: { loss: number; perplexity: number };
  /** The least loss that can be, on the same tokens; absent where the process is not known. */
  floor?: LossFloor;
  /** By domain. */
  domains: DomainEvaluation[];
  /** Layers with experts, in order. */
  layers: LayerEvaluation[];
}

/** What is evaluated. */
export interface EvaluateOptions {
  /** Batches of held-out text. */
  batches: number;
  /** Sequences of a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** Seed of the text. */
  seed: number;
  /** What is predicted; "next" where absent. */
  objective?: Objective;
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);

/** Adds counts up, entry by entry. */
function added(lists: readonly ArrayLike<number>[]): number[] {
  return Array.from(lists[0], (_, i) => lists.reduce((n, list) => n + list[i], 0));
}

const mean = (values: readonly number[]) => sum(values) / values.length;

/**
 * Puts the counts of a layer over several batches of equal size together.
 *
 * @example
 * ```ts
 * import { layerEvaluation } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const counts = { wanted_E: [6, 2], kept_E: [4, 2], byTag_GE: [4, 0, 2, 2] };
 * const layer = layerEvaluation([{ ...counts, entropy: 0.5, logSumExp2: 1 }], { domains: 2 });
 * assertEquals([layer.share_E, layer.dropped], [[0.75, 0.25], 0.25]);
 * assertEquals(layer.load, { maxOverMean: 1.5, variation: 0.5 });
 * ```
 */
export function layerEvaluation(
  batches: readonly LayerCounts[],
  options: { domains: number },
): LayerEvaluation {
  const wanted_E = added(batches.map((one) => one.wanted_E));
  const kept = sum(added(batches.map((one) => one.kept_E)));
  const wanted = sum(wanted_E);
  return {
    share_E: wanted_E.map((n) => wanted > 0 ? n / wanted : 0),
    load: loadSpread(wanted_E),
    entropy: mean(batches.map((one) => one.entropy)),
    specialisation: specialisationOf(added(batches.map((one) => one.byTag_GE)), options),
    dropped: wanted > 0 ? 1 - kept / wanted : 0,
    routerZ: mean(batches.map((one) => one.logSumExp2)),
  };
}

/** Evaluates a model on held-out text of a corpus. Each batch costs a wait. */
export async function evaluateModel(
  model: Evaluable,
  corpus: Corpus,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { batches, objective = "next", length } = options;
  const counts = new Float64Array(corpus.domains.length);
  const losses = new Float64Array(corpus.domains.length);
  const layers: LayerCounts[][] = [];
  const floors: LossFloor[] = [];
  let decoded: number | undefined;
  for (let step = 0; step < batches; step++) {
    const batch = batchOf(corpus, { ...options, step, part: "held-out", objective });
    const found = await model.evaluate(batch);
    found.losses_T.forEach((loss, t) => {
      if (batch.targets[t] === IGNORED) return;
      counts[batch.tags[t]]++;
      losses[batch.tags[t]] += loss;
    });
    if (found.decoded_T) decoded = (decoded ?? 0) + sum(found.decoded_T);
    found.layers.forEach((layer, i) => (layers[i] ??= []).push(layer));
    const floor = objective === "next" ? floorOf(corpus, { ...batch, length }) : undefined;
    if (floor) floors.push(floor);
  }
  const tokens = sum(counts);
  const loss = sum(losses) / tokens;
  return {
    tokens,
    loss,
    perplexity: perplexity(loss),
    ...(decoded !== undefined && {
      decoded: { loss: decoded / tokens, perplexity: perplexity(decoded / tokens) },
    }),
    ...(floors.length > 0 && {
      floor: {
        told: mean(floors.map(({ told }) => told)),
        inferred: mean(floors.map(({ inferred }) => inferred)),
      },
    }),
    domains: corpus.domains.map((name, domain) => ({
      name,
      tokens: counts[domain],
      loss: counts[domain] > 0 ? losses[domain] / counts[domain] : null,
    })),
    layers: layers.map((one) => layerEvaluation(one, { domains: corpus.domains.length })),
  };
}
