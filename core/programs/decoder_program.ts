/**
 * A small transformer as a program, dense or with experts behind any gate: what others are held
 * against, and an example of a program.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { Gated, GateShape, GateTensor } from "../gates/gate.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { within } from "../nn/gating.ts";
import { attentionPart, gainOf, rmsRows } from "./blocks.ts";
import {
  attentionBlock,
  type AttentionLayout,
  decoderAround,
  type DecoderBody,
  type DecoderPassed,
  type DecoderSizes,
  denseBlock,
  denseBlockTensors,
} from "./decoder_parts.ts";
import {
  mixture,
  type MixtureRun,
  type MixtureSizes,
  mixtureStates,
  mixtureTensors,
} from "./mixture.ts";
import type { ExpertCompute } from "./chosen_experts.ts";
import { type ModelProgram, prefixed, type ProgramRun } from "./program.ts";

/** Sizes of the mixture in block `layer`. */
export function mixtureIn(
  sizes: DecoderSizes,
  options: Omit<MixtureSizes, "shape" | "dExpert" | "causal"> & {
    experts: number;
    layer: number;
    causal?: boolean;
    steps?: number;
  },
): MixtureSizes {
  const { dModel, vocabulary, hidden, layers, sequences, length } = sizes;
  const { recipe, experts, layer, causal = true, steps, compute } = options;
  const shape: GateShape = {
    ...{ dModel, experts, topK: 1, tokens: sequences * length, length, vocabulary, tags: 1 },
    ...{ layer, layers, steps },
  };
  return { recipe, shape, dExpert: hidden, causal, compute };
}

const layersOf = <T>({ layers }: DecoderSizes, of: (layer: number) => T) =>
  Array.from({ length: layers }, (_, layer) => of(layer));

/** Tensors of all blocks, as "blocks.0.NAME". */
export function inBlocks<T>(
  sizes: DecoderSizes,
  of: (layer: number) => Readonly<Record<string, T>>,
): Record<string, T> {
  return Object.assign({}, ...layersOf(sizes, (layer) => prefixed(`blocks.${layer}.`, of(layer))));
}

/** Blocks with dense networks. */
function denseBody(sizes: DecoderSizes): DecoderBody {
  return {
    parameters: inBlocks(sizes, () => denseBlockTensors(sizes)),
    blocks: (g, x, { w }) => ({
      x: layersOf(sizes, (layer) => within(w, `blocks.${layer}.`))
        .reduce((stream, own) => denseBlock(g, stream, { w: own, sizes }), x),
    }),
  };
}

/** Parameters of a block with experts. */
export function mixtureBlockTensors(own: MixtureSizes): Record<string, GateTensor> {
  const { dModel } = own.shape;
  return {
    ...attentionPart(dModel),
    "ffn.norm": gainOf(dModel),
    ...prefixed("ffn.", mixtureTensors(own)),
  };
}

/** What a block with experts is run with. */
export interface MixtureBlockRun<A, I> {
  /** Its parameters; see {@linkcode mixtureBlockTensors}. */
  w: Readonly<Record<string, A>>;
  /** Its gate's states. */
  state: Readonly<Record<string, A>>;
  /** Heads, and tokens of a sequence. */
  sizes: AttentionLayout;
  /** Sizes of the mixture; attention is causal where it is. */
  own: MixtureSizes;
  /** Whether the model is trained. */
  training: boolean;
  /** What the gate sees of the batch beside tokens' vectors. */
  input?: MixtureRun<A, I>["input"];
}

/** What a block with experts gives. */
export interface MixtureBlockPassed<A, I> extends Required<Omit<DecoderPassed<A>, "figures">> {
  /** All that the gate gave. */
  gated: Gated<A, I>;
}

/** x[T, D] after attention and a mixture, with the losses and new states of its gate. */
export function mixtureBlock<A, I>(
  g: Arrays<A, I>,
  x: A,
  { w, state, sizes, own, training, input }: MixtureBlockRun<A, I>,
): MixtureBlockPassed<A, I> {
  const ffn = within(w, "ffn.");
  const h = attentionBlock(g, x, { w, sizes, causal: own.causal });
  const mixed = mixture(g, rmsRows(g, h, ffn.norm), { sizes: own, w: ffn, state, training, input });
  return {
    x: g.map("add", h, mixed.y),
    losses: mixed.losses.map(({ value }) => value),
    ...{ states: mixed.states, gated: mixed.gated },
  };
}

/** Blocks with experts. */
function mixtureBody(
  sizes: DecoderSizes,
  options: Omit<Parameters<typeof mixtureIn>[1], "layer">,
): DecoderBody {
  const mixtures = layersOf(sizes, (layer) => mixtureIn(sizes, { ...options, layer }));
  return {
    parameters: inBlocks(sizes, (layer) => mixtureBlockTensors(mixtures[layer])),
    states: inBlocks(sizes, (layer) => mixtureStates(mixtures[layer])),
    blocks<A, I>(g: Arrays<A, I>, x: A, run: ProgramRun<A, I>) {
      const losses: A[] = [];
      const states: Record<string, A> = {};
      const { training, ids: { tokens } } = run;
      for (const [layer, own] of mixtures.entries()) {
        const at = `blocks.${layer}.`;
        const [w, state] = [within(run.w, at), within(run.state, at)];
        const passed = mixtureBlock(g, x, { w, state, sizes, own, training, input: { tokens } });
        x = passed.x;
        losses.push(...passed.losses);
        Object.assign(states, prefixed(at, passed.states));
      }
      return { x, losses, states };
    },
  };
}

/** What a decoder is made of beside its sizes. */
export interface DecoderOptions {
  /** Gate and number of experts; dense networks where absent. */
  experts?: {
    recipe: GateRecipe;
    count: number;
    /** Which of them compute for a token, where the gate chooses; "all" where absent. */
    compute?: ExpertCompute;
  };
  /** Steps of the whole training, for gates that change on the way. */
  steps?: number;
}

/**
 * A causal transformer that predicts the next token.
 *
 * @example
 * ```ts
 * import { decoderProgram, recipeById, trainProgram } from "@moelab/moelab/core";
 * import { openDevice } from "@moelab/moelab/kernels";
 * import { assertLess } from "@std/assert";
 *
 * const sizes = { vocabulary: 5, dModel: 8, heads: 2, hidden: 8, layers: 1, sequences: 2, length: 8 };
 * const program = decoderProgram(sizes, { experts: { recipe: recipeById("switch"), count: 4 } });
 * const tokens = Uint32Array.from({ length: 16 }, (_, t) => t % 5);
 * const batch = () => ({ tokens, targets: tokens.map((id) => (id + 1) % 5) });
 * const device = await openDevice();
 * const { losses } = await trainProgram(device, program, { seed: 1, steps: 20, batch });
 * device.close();
 * assertLess(losses[19], losses[0]);
 * ```
 */
export function decoderProgram(sizes: DecoderSizes, options: DecoderOptions = {}): ModelProgram {
  const { experts, steps } = options;
  return decoderAround(
    sizes,
    experts ? mixtureBody(sizes, { ...experts, experts: experts.count, steps }) : denseBody(sizes),
  );
}
