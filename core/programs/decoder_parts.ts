/**
 * What small decoders are made of in the language: embedding, attention and dense blocks, norm, head
 * and loss, around blocks of any kind.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { GateTensor } from "../gates/gate.ts";
import { within } from "../nn/gating.ts";
import {
  addAll,
  attentionPart,
  denseNetwork,
  denseTensors,
  gainOf,
  lossOfRows,
  meanOfAll,
  positionIds,
  rmsRows,
  selfAttention,
  weightOf,
} from "./blocks.ts";
import { type ModelProgram, prefixed, type ProgramRun } from "./program.ts";

/** Sizes of a small transformer over token ids. */
export interface DecoderSizes {
  /** Different token ids V. */
  vocabulary: number;
  /** Width D of a token. */
  dModel: number;
  /** Attention heads. */
  heads: number;
  /** Hidden width of a dense network, or of one expert. */
  hidden: number;
  /** Blocks. */
  layers: number;
  /** Sequences of a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
}

/** Token ids and what is to be predicted at each, [T, 1] both. */
export function tokenIndices({ sequences, length }: DecoderSizes): ModelProgram["indices"] {
  const shape = [sequences * length, 1] as const;
  return { tokens: shape, targets: shape };
}

/** Embedding of tokens and positions, the last norm and the head. */
export function decoderEnds(sizes: DecoderSizes): Record<string, GateTensor> {
  const { vocabulary, dModel, length } = sizes;
  const rows = (count: number): GateTensor => ({ shape: [count, dModel], init: { normal: 0.5 } });
  return {
    embedding: rows(vocabulary),
    positions: rows(length),
    norm: gainOf(dModel),
    head: weightOf(dModel, vocabulary),
  };
}

/** The stream [T, D] that blocks begin with. */
export function embedded<A, I>(
  g: Arrays<A, I>,
  { w, ids }: ProgramRun<A, I>,
  { sequences, length }: DecoderSizes,
): A {
  const positions = positionIds(g, sequences * length, length);
  return g.map("add", g.lookUp(w.embedding, ids.tokens), g.lookUp(w.positions, positions));
}

/** Cross-entropy of each token [T, 1], after the last norm and the head. */
export function predicted<A, I>(g: Arrays<A, I>, x: A, { w, ids }: ProgramRun<A, I>): A {
  return lossOfRows(g, g.product(rmsRows(g, x, w.norm), w.head), ids.targets);
}

/** What attention is told of sequences and heads. */
export type AttentionLayout = Pick<DecoderSizes, "heads" | "length">;

/** x[T, D] plus the attention of its norm; parameters as {@linkcode attentionPart} names them. */
export function attentionBlock<A, I>(
  g: Arrays<A, I>,
  x: A,
  options: { w: Readonly<Record<string, A>>; sizes: AttentionLayout; causal?: boolean },
): A {
  const { w, sizes: { heads, length }, causal = true } = options;
  const own = within(w, "attention.");
  return g.map(
    "add",
    x,
    selfAttention(g, rmsRows(g, x, own.norm), { w: own, heads, length, causal }),
  );
}

/** What blocks made of the stream. */
export interface DecoderPassed<A> {
  /** The stream [T, D]. */
  x: A;
  /** Losses beside the cross-entropy, [1, 1], multiplied by their coefficients. */
  losses?: readonly A[];
  /** New values of states. */
  states?: Readonly<Record<string, A>>;
  /** What else one may want to read. */
  figures?: Readonly<Record<string, A>>;
}

/** The blocks of a decoder. */
export interface DecoderBody {
  /** Parameters. */
  parameters: Readonly<Record<string, GateTensor>>;
  /** States. */
  states?: Readonly<Record<string, GateTensor>>;
  /** Runs them on the embedded tokens [T, D]. */
  blocks<A, I>(g: Arrays<A, I>, x: A, run: ProgramRun<A, I>): DecoderPassed<A>;
}

/**
 * A model that predicts the next token: embedding, blocks of any kind, norm and head. Its figures are
 * "each", the cross-entropy of each token [T, 1], "ofTokens", their mean, and those of the blocks.
 */
export function decoderAround(sizes: DecoderSizes, body: DecoderBody): ModelProgram {
  return {
    parameters: { ...decoderEnds(sizes), ...body.parameters },
    ...body.states && { states: body.states },
    indices: tokenIndices(sizes),
    loss(g, run) {
      const { x, losses = [], states, figures } = body.blocks(g, embedded(g, run, sizes), run);
      const each = predicted(g, x, run);
      const ofTokens = meanOfAll(g, each);
      return {
        loss: addAll(g, [ofTokens, ...losses]),
        figures: { ...figures, each, ofTokens },
        states,
      };
    },
  };
}

/** Parameters of a block with a dense network. */
export function denseBlockTensors(
  { dModel, hidden }: Pick<DecoderSizes, "dModel" | "hidden">,
): Record<string, GateTensor> {
  return {
    ...attentionPart(dModel),
    "ffn.norm": gainOf(dModel),
    ...prefixed("ffn.", denseTensors(dModel, hidden)),
  };
}

/** x[T, D] after attention and a dense network. */
export function denseBlock<A, I>(
  g: Arrays<A, I>,
  x: A,
  options: { w: Readonly<Record<string, A>>; sizes: AttentionLayout; causal?: boolean },
): A {
  const h = attentionBlock(g, x, options);
  const ffn = within(options.w, "ffn.");
  return g.map("add", h, denseNetwork(g, rmsRows(g, h, ffn.norm), ffn));
}
