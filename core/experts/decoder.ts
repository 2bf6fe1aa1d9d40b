/**
 * A small causal transformer around any kind of experts, as a program: every second block has experts,
 * the others are dense, so that there is a layer before for those that read it.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import { within } from "../nn/gating.ts";
import {
  attentionTensors,
  denseNetwork,
  denseTensors,
  gainOf,
  rmsRows,
  selfAttention,
} from "../programs/blocks.ts";
import { decoderAround, type DecoderSizes } from "../programs/decoder_parts.ts";
import { type ModelProgram, prefixed, type ProgramRun } from "../programs/program.ts";
import {
  type Earlier,
  expertLayer,
  type ExpertLayerOutput,
  expertLayerParameters,
  type ExpertLayerShape,
  expertLayerStates,
} from "./layer.ts";
import type { ExpertRecipe } from "./recipe.ts";

/** Sizes of a decoder with experts. */
export interface ExpertDecoderSizes extends DecoderSizes {
  /** Experts of a layer, before a recipe cuts them. */
  experts: number;
  /** Width of an expert; that of a head where experts are attention. */
  width: number;
  /** Different tags of sequences. */
  tags: number;
}

const hasExperts = (layer: number) => layer % 2 === 1;

/** Sizes of the expert layer in block `layer`. */
export function expertLayerIn(
  sizes: ExpertDecoderSizes,
  { layer, steps }: { layer: number; steps?: number },
): ExpertLayerShape {
  const { dModel, experts, width, vocabulary, layers, sequences, length, tags } = sizes;
  return {
    ...{ dModel, experts, topK: 2, width, tokens: sequences * length, length, vocabulary, tags },
    ...{ layer: (layer - 1) / 2, layers: Math.floor(layers / 2), steps },
  };
}

interface Block<A, I> {
  g: Arrays<A, I>;
  run: ProgramRun<A, I>;
  recipe: ExpertRecipe;
  sizes: ExpertDecoderSizes;
  layer: number;
  steps?: number;
}

/** The experts of a block over its norm of x; those of the layer before go through the same norm. */
function experts<A, I>(block: Block<A, I>, x: A, before?: Earlier<A>): ExpertLayerOutput<A, I> {
  const { g, run, recipe, sizes, layer, steps } = block;
  const w = within(run.w, `blocks.${layer}.experts.`);
  const normed = (a: A) => rmsRows(g, a, w.norm);
  const { tokens, before: idsBefore, tags } = run.ids;
  const earlier = before &&
    { output: normed(before.output), middle: normed(before.middle), input: normed(before.input) };
  return expertLayer({
    ...{ g, w, state: within(run.state, `blocks.${layer}.experts.`), training: run.training },
    ...{ shape: expertLayerIn(sizes, { layer, steps }), earlier },
    input: { x: normed(x), tokens, before: idsBefore, tags },
  }, recipe);
}

/** What a block left, and what its experts gave beside. */
interface Left<A, I> {
  earlier: Earlier<A>;
  given?: ExpertLayerOutput<A, I>;
}

function runBlock<A, I>(block: Block<A, I>, input: A, before?: Earlier<A>): Left<A, I> {
  const { g, run, recipe, sizes: { heads, length }, layer } = block;
  const w = within(run.w, `blocks.${layer}.`);
  const add = (x: A, y: A) => g.map("add", x, y);
  const stands = (where: ExpertRecipe["where"]) => hasExperts(layer) && recipe.where === where;
  let given: ExpertLayerOutput<A, I> | undefined;
  const attention = (x: A) => {
    if (stands("attention")) return (given = experts(block, x, before)).y;
    const own = within(w, "attention.");
    return selfAttention(g, rmsRows(g, x, own.norm), { w: own, heads, length, causal: true });
  };
  const network = (x: A) => {
    if (stands("network")) return (given = experts(block, x, before)).y;
    const own = within(w, "dense.");
    return denseNetwork(g, rmsRows(g, x, own.norm), own);
  };
  const middle = add(input, attention(input));
  const output = add(middle, network(middle));
  return { earlier: { input, middle, output }, given };
}

function blockParameters(
  recipe: ExpertRecipe,
  sizes: ExpertDecoderSizes,
  { layer, steps }: { layer: number; steps?: number },
): ModelProgram["parameters"] {
  const { dModel, hidden } = sizes;
  const norm = gainOf(dModel);
  const stands = (where: ExpertRecipe["where"]) => hasExperts(layer) && recipe.where === where;
  const own = hasExperts(layer)
    ? { norm, ...expertLayerParameters(recipe, expertLayerIn(sizes, { layer, steps })) }
    : {};
  return prefixed(`blocks.${layer}.`, {
    ...!stands("attention") && prefixed("attention.", { norm, ...attentionTensors(dModel) }),
    ...!stands("network") && prefixed("dense.", { norm, ...denseTensors(dModel, hidden) }),
    ...prefixed("experts.", own),
  });
}

const blockStates = (
  recipe: ExpertRecipe,
  sizes: ExpertDecoderSizes,
  at: { layer: number; steps?: number },
) =>
  hasExperts(at.layer)
    ? prefixed(
      `blocks.${at.layer}.experts.`,
      expertLayerStates(recipe, expertLayerIn(sizes, at)),
    )
    : {};

/**
 * A causal transformer that predicts the next token, with a kind of experts in every second block. A
 * batch has `tokens`, `before`, `tags` and `targets`, [T, 1] each; figures are the loss of `each` token
 * and their mean `ofTokens`, without the losses of gates.
 */
export function expertDecoder(
  recipe: ExpertRecipe,
  sizes: ExpertDecoderSizes,
  { steps }: { steps?: number } = {},
): ModelProgram {
  const blocks = Array.from({ length: sizes.layers }, (_, layer) => ({ layer, steps }));
  const program = decoderAround(sizes, {
    parameters: Object.assign({}, ...blocks.map((at) => blockParameters(recipe, sizes, at))),
    states: Object.assign({}, ...blocks.map((at) => blockStates(recipe, sizes, at))),
    blocks<A, I>(g: Arrays<A, I>, x: A, run: ProgramRun<A, I>) {
      let before: Earlier<A> | undefined;
      const losses: A[] = [];
      const states: Record<string, A> = {};
      for (const at of blocks) {
        const { earlier, given } = runBlock({ g, run, recipe, sizes, ...at }, x, before);
        before = earlier;
        x = earlier.output;
        if (given === undefined) continue;
        losses.push(...given.losses.map(({ value }) => value));
        Object.assign(states, prefixed(`blocks.${at.layer}.experts.`, given.states));
      }
      return { x, losses, states };
    },
  });
  const shape = [sizes.sequences * sizes.length, 1] as const;
  return { ...program, indices: { ...program.indices, before: shape, tags: shape } };
}
