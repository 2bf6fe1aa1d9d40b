/**
 * A mixture of soft prompts (SMoP, Choi et al., EMNLP 2023): several short prompts before a frozen model,
 * of which a gate picks one for each input.
 *
 * The work's inputs are read before anything is predicted. Here the first half of a sequence is the
 * input: its mean embedding goes to the gate, and the second half is what is predicted and counted, so
 * that no token is told of those after it.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { GateShape } from "../gates/gate.ts";
import { gateOf } from "../gates/pipeline.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { recipeById } from "../gates/recipes.ts";
import { within } from "../nn/gating.ts";
import { addAll, lossOfRows, meanOfAll, rmsRows } from "../programs/blocks.ts";
import { denseBlock, embedded, tokenIndices } from "../programs/decoder_parts.ts";
import { decoderProgram } from "../programs/decoder_program.ts";
import {
  type ModelProgram,
  prefixed,
  type ProgramRun,
  type ProgramValues,
} from "../programs/program.ts";
import type { DerivativeSizes } from "./recipe.ts";

/** What prompts are told beside sizes. */
export interface PromptOptions {
  /** Prompts; as many as experts where absent. */
  prompts?: number;
  /** Tokens of a prompt; 2 where absent. */
  promptLength?: number;
  /** The gate, over one row for each sequence; that of SMoP where absent. */
  recipe?: GateRecipe;
}

/** The gate of SMoP over rows that are sequences already. */
export function promptGate(): GateRecipe {
  const smop = recipeById("smop");
  return { ...smop, score: { ...smop.score, of: "token" } };
}

/** What a prompted model begins with: the values of the model that is frozen. */
export const promptedValues = (values: Readonly<Record<string, Float32Array>>): ProgramValues =>
  prefixed("base.", values);

/** Whether a parameter is one of the model that is frozen. */
export const isBase = (name: string): boolean => name.startsWith("base.");

/** Rows of a[P, D] over those of b[Q, D]: [P + Q, D]. */
const above = <A, I>(g: Arrays<A, I>, a: A, b: A): A =>
  g.transpose(g.beside(g.transpose(a), g.transpose(b)));

/** Rows by constant indices. */
const pick = <A, I>(
  g: Arrays<A, I>,
  a: A,
  { name, rows }: { name: string; rows: readonly number[] },
): A => g.lookUp(a, g.indices(name, [rows.length, 1], () => Uint32Array.from(rows)));

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/**
 * A frozen decoder behind a mixture of prompts. Figures: "each", the cross-entropy of each token of the
 * second halves, [T / 2, 1], their mean "ofTokens", and "shares", what each prompt was picked for, [1, N].
 */
export function promptsProgram(
  sizes: DerivativeSizes,
  options: PromptOptions = {},
): ModelProgram {
  const { sequences, length, layers, dModel, vocabulary, experts } = sizes;
  const { prompts = experts, promptLength = 2, recipe = promptGate() } = options;
  const half = Math.floor(length / 2);
  const whole = { ...sizes, length: promptLength + length };
  const shape: GateShape = {
    ...{ dModel, experts: prompts, topK: 1, tokens: sequences, length: 1, vocabulary, tags: 1 },
    ...{ layer: 0, layers: 1, steps: sizes.steps },
  };
  const base = decoderProgram(sizes);
  // Row s of the whole is the prompt of sequence s, then its tokens.
  const order = range(sequences).flatMap((s) => [
    ...range(promptLength).map((i) => s * promptLength + i),
    ...range(length).map((t) => sequences * promptLength + s * length + t),
  ]);
  const inputs = range(sequences).flatMap((s) => range(half).map((t) => s * length + t));
  const counted = range(sequences)
    .flatMap((s) => range(length - half).map((t) => s * whole.length + promptLength + half + t));
  const asked = range(sequences)
    .flatMap((s) => range(length - half).map((t) => s * length + half + t));
  const size = `${sequences} of ${length}`;
  return {
    parameters: {
      ...prefixed("base.", base.parameters),
      prompts: { shape: [prompts, promptLength * dModel], init: { normal: 0.5 } },
      ...prefixed("gate.", gateOf(recipe).parameters(shape)),
    },
    indices: tokenIndices(sizes),
    loss<A, I>(g: Arrays<A, I>, run: ProgramRun<A, I>) {
      const { w, training, ids } = run;
      const own = within(w, "base.");
      const tokens = embedded(g, { ...run, w: own }, sizes);
      const read = pick(g, g.lookUp(own.embedding, ids.tokens), {
        ...{ name: `inputs ${size}`, rows: inputs },
      });
      const zeros = g.indices(
        `zeros ${sequences}`,
        [sequences, 1],
        () => new Uint32Array(sequences),
      );
      const gated = gateOf(recipe).route({
        ...{ g, w: within(w, "gate."), state: {}, shape, training },
        input: { x: g.segmentMeans(read, half), tokens: zeros, before: zeros, tags: zeros },
      });
      if (gated.dispatch.kind !== "choice") {
        throw new RangeError(`Picked prompts by "${gated.dispatch.kind}", wanted a choice`);
      }
      const gates = g.put(gated.dispatch.weights, gated.dispatch.ids, prompts);
      const picked = g.reshape(g.product(gates, w.prompts), [sequences * promptLength, dModel]);
      let x = pick(g, above(g, picked, tokens), {
        ...{ name: `prompted ${size} by ${promptLength}`, rows: order },
      });
      for (const layer of range(layers)) {
        x = denseBlock(g, x, { w: within(own, `blocks.${layer}.`), sizes: whole });
      }
      const seconds = pick(g, x, { name: `counted ${size} by ${promptLength}`, rows: counted });
      const targets = g.lookUpIds(
        ids.targets,
        g.indices(`asked ${size}`, [asked.length, 1], () => Uint32Array.from(asked)),
      );
      const logits = g.product(rmsRows(g, seconds, own.norm), own.head);
      const each = lossOfRows(g, logits, targets);
      const ofTokens = meanOfAll(g, each);
      return {
        loss: addAll(g, [ofTokens, ...gated.losses.map(({ value }) => value)]),
        figures: { each, ofTokens, shares: g.scale(g.sumColumns(gates), 1 / sequences) },
      };
    },
  };
}
