/**
 * Vision: which of eight kinds of picture is this? A small transformer over patches (ViT, arXiv
 * 2010.11929), dense or with experts in its second block (V-MoE, arXiv 2106.05974).
 *
 * A kind is one of four shapes with one of two textures; the place is drawn and tells nothing.
 *
 * @module
 */
import { split } from "../../kernels/mod.ts";
import type { Arrays } from "../arrays/arrays.ts";
import type { GateTensor } from "../gates/gate.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { marks } from "../gates/shorthand.ts";
import { within } from "../nn/gating.ts";
import {
  addAll,
  gainOf,
  lossOfRows,
  meanOfAll,
  positionIds,
  rmsRows,
  weightOf,
} from "../programs/blocks.ts";
import { denseBlock, denseBlockTensors } from "../programs/decoder_parts.ts";
import { mixtureBlock, mixtureBlockTensors } from "../programs/decoder_program.ts";
import { type MixtureSizes, mixtureStates } from "../programs/mixture.ts";
import { type ModelProgram, prefixed, type ProgramRun } from "../programs/program.ts";
import { drawImage, imageParts, PATCH_SIZE, PATCHES } from "./images.ts";
import { bestOfRows, evenExperts, meanOfValues } from "./measures.ts";
import type { ApplicationSizes, ApplicationTask } from "./recipe.ts";

const TEXTURES = 2;

/** Kinds of picture. */
export const IMAGE_KINDS: number = imageParts.shape * TEXTURES;

/** Pictures and their kinds. */
export const visionTask: ApplicationTask = {
  id: "vision",
  name: "Vision",
  idea: "Pictures of a shape with a texture under noise; which of eight kinds is it?",
  scale: { samples: 1, rate: 1 },
  decides: { measure: "accuracyFraction", best: "highest" },
  batch({ samples }, { seed, step, part }) {
    const stream = split(seed, `${part}/pictures/${step}`);
    const patches = new Float32Array(samples * PATCHES * PATCH_SIZE);
    const kinds = Uint32Array.from({ length: samples }, (_, s) => {
      const kind = stream.int(0, IMAGE_KINDS - 1);
      const parts = {
        ...{ shape: Math.floor(kind / TEXTURES), texture: kind % TEXTURES },
        place: stream.int(0, imageParts.place - 1),
      };
      patches.set(drawImage(parts, { stream }), s * PATCHES * PATCH_SIZE);
      return kind;
    });
    return { patches, kinds };
  },
  measures({ logits, each, usage }, { kinds }) {
    const right = bestOfRows(logits, IMAGE_KINDS).filter((kind, s) => kind === kinds[s]);
    return {
      accuracyFraction: right.length / kinds.length,
      loss: meanOfValues(each),
      ...usage && { evenExperts: evenExperts([...usage]) },
    };
  },
};

/** What a model of pictures is made of beside its sizes. */
export interface VisionOptions {
  /** The gate of the second block; a dense network of twice an expert's width where absent. */
  recipe?: GateRecipe;
}

/** Sizes of the mixture in the second of two blocks. */
function mixtureOf(sizes: ApplicationSizes, recipe: GateRecipe): MixtureSizes {
  const { dModel, experts, samples, hidden } = sizes;
  const shape = {
    ...{ dModel, experts, topK: 1, tokens: samples * PATCHES, length: PATCHES, vocabulary: 1 },
    ...{ tags: 1, layer: 0, layers: 1 },
  };
  return { recipe, shape, dExpert: hidden, causal: false };
}

/** Embedding of patches, the first block and the head. */
function ends({ dModel, hidden }: ApplicationSizes): Record<string, GateTensor> {
  return {
    patch: weightOf(PATCH_SIZE, dModel),
    positions: { shape: [PATCHES, dModel], init: { normal: 0.5 } },
    ...prefixed("first.", denseBlockTensors({ dModel, hidden: 2 * hidden })),
    norm: gainOf(dModel),
    head: weightOf(dModel, IMAGE_KINDS),
  };
}

/**
 * A model of pictures. Figures: "logits" [B, 8], "each" [B, 1], the cross-entropy, and with experts
 * "usage" [1, E], the choices of each.
 */
export function visionProgram(
  sizes: ApplicationSizes,
  { recipe }: VisionOptions = {},
): ModelProgram {
  const { samples, heads, dModel, hidden } = sizes;
  const layout = { heads, length: PATCHES };
  const own = recipe && mixtureOf(sizes, recipe);
  const second = own ? mixtureBlockTensors(own) : denseBlockTensors({ dModel, hidden: 2 * hidden });
  return {
    parameters: { ...ends(sizes), ...prefixed("second.", second) },
    states: own ? mixtureStates(own) : {},
    matrices: { patches: [samples * PATCHES, PATCH_SIZE] },
    indices: { kinds: [samples, 1] },
    loss<A, I>(g: Arrays<A, I>, { w, state, x, ids, training }: ProgramRun<A, I>) {
      const positions = g.lookUp(w.positions, positionIds(g, samples * PATCHES, PATCHES));
      const patches = g.map("add", g.product(x.patches, w.patch), positions);
      const part = (name: string) => ({ w: within(w, name), sizes: layout });
      const first = denseBlock(g, patches, { ...part("first."), causal: false });
      const passed = own && mixtureBlock(g, first, { ...part("second."), own, state, training });
      const last = passed?.x ?? denseBlock(g, first, { ...part("second."), causal: false });
      const whole = g.segmentMeans(rmsRows(g, last, w.norm), PATCHES);
      const logits = g.product(whole, w.head);
      const each = lossOfRows(g, logits, ids.kinds);
      const wanted = passed?.gated.wanted;
      return {
        loss: addAll(g, [meanOfAll(g, each), ...passed?.losses ?? []]),
        figures: {
          ...{ logits, each },
          ...wanted !== undefined && {
            usage: g.sumColumns(marks(g, wanted, sizes.experts)),
          },
        },
        states: passed?.states ?? {},
      };
    },
  };
}
