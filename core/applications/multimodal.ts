/**
 * Two modalities in one tower (LIMoE, arXiv 2206.02770): patches of pictures and words of captions pass
 * the same blocks, whose experts are shared, and a pair is to be more alike than what is no pair.
 *
 * What a gate's balance has to do with modalities: a loss over all tokens lets one modality have one
 * expert. Two entropies by modality keep each token sure of its expert and each modality
 * among several. They are the losses "local-entropy" and "global-entropy", with modalities as tags.
 *
 * @module
 */
import { split } from "../../kernels/mod.ts";
import type { Arrays } from "../arrays/arrays.ts";
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
import { shuffled } from "../train/data/corpus.ts";
import { drawImage, imageParts, PATCH_SIZE, PATCHES } from "./images.ts";
import { bestOfRows, evenExperts, meanOfValues } from "./measures.ts";
import type { ApplicationSizes, ApplicationTask } from "./recipe.ts";

const { shape: SHAPES, texture: TEXTURES, place: PLACES } = imageParts;

/** Different pictures that captions tell apart. */
export const CONCEPTS: number = SHAPES * TEXTURES * PLACES;

/** Words that say nothing. */
const FILLERS = 8;

/** Different words. */
const WORDS = SHAPES + TEXTURES + PLACES + FILLERS;

/** Modalities. */
const MODALITIES = 2;

/** Pictures with captions; no concept is twice in a batch. */
export const multimodalTask: ApplicationTask = {
  id: "multimodal",
  name: "Multimodal",
  idea: "Pictures and captions in any order of words; which caption belongs to which picture?",
  scale: { samples: 1, rate: 1 },
  decides: { measure: "retrievalFraction", best: "highest" },
  batch({ samples }, { seed, step, part }) {
    if (samples > CONCEPTS) {
      throw new RangeError(
        `Drew ${samples} pairs, wanted ${CONCEPTS} at most: each is of its own kind`,
      );
    }
    const stream = split(seed, `${part}/pairs/${step}`);
    const concepts = shuffled(CONCEPTS, stream).slice(0, samples);
    const patches = new Float32Array(samples * PATCHES * PATCH_SIZE);
    const words = new Uint32Array(samples * PATCHES);
    concepts.forEach((concept, s) => {
      const [shape, texture, place] = [
        Math.floor(concept / TEXTURES / PLACES),
        Math.floor(concept / PLACES) % TEXTURES,
        concept % PLACES,
      ];
      patches.set(drawImage({ shape, texture, place }, { stream }), s * PATCHES * PATCH_SIZE);
      const said = [shape, SHAPES + texture, SHAPES + TEXTURES + place];
      const filled = Array.from(
        { length: PATCHES - said.length },
        () => WORDS - 1 - stream.int(0, FILLERS - 1),
      );
      const caption = [...said, ...filled];
      words.set(shuffled(PATCHES, stream).map((at) => caption[at]), s * PATCHES);
    });
    return { patches, words };
  },
  measures({ similarity, each, usage }, _, { samples, experts }) {
    const right = bestOfRows(similarity, samples).filter((best, s) => best === s);
    const rows = usage && [0, 1].map((m) => [...usage.subarray(m * experts, (m + 1) * experts)]);
    return {
      retrievalFraction: right.length / samples,
      loss: meanOfValues(each),
      ...rows && {
        evenExperts: meanOfValues(rows.map(evenExperts)),
        apartFraction: rows[0].reduce((sum, v, e) => sum + Math.abs(v - rows[1][e]), 0) / 2,
      },
    };
  },
};

/** What a model of pairs is made of beside its sizes. */
export interface MultimodalOptions {
  /** The gate of the second block; a dense network as wide as one expert where absent. */
  recipe?: GateRecipe;
}

/** e^2.3: similarities begin ten times as large as a cosine. */
const SCALE = 2.3;

/**
 * A model of pairs. Figures: "similarity" [B, B], pictures by captions, "each" [2 B, 1], the
 * cross-entropies of both directions, and with experts "usage" [2, E], the share of each modality's
 * tokens that each expert was chosen for.
 */
export function multimodalProgram(
  sizes: ApplicationSizes,
  { recipe }: MultimodalOptions = {},
): ModelProgram {
  const { samples, dModel, hidden, heads, experts } = sizes;
  const rows = samples * PATCHES;
  const layout = { heads, length: PATCHES };
  const own: MixtureSizes | undefined = recipe && {
    recipe,
    shape: {
      ...{ dModel, experts, topK: 1, tokens: MODALITIES * rows, length: PATCHES, vocabulary: 1 },
      ...{ tags: MODALITIES, layer: 0, layers: 1 },
    },
    ...{ dExpert: hidden, causal: false },
  };
  const positions = { shape: [PATCHES, dModel], init: { normal: 0.5 } } as const;
  return {
    parameters: {
      patch: weightOf(PATCH_SIZE, dModel),
      places: positions,
      words: { shape: [WORDS, dModel], init: { normal: 0.5 } },
      ...prefixed("first.", denseBlockTensors({ dModel, hidden })),
      ...prefixed(
        "second.",
        own ? mixtureBlockTensors(own) : denseBlockTensors({ dModel, hidden }),
      ),
      norm: gainOf(dModel),
      pictureHead: weightOf(dModel, dModel),
      wordHead: weightOf(dModel, dModel),
      scale: { shape: [1, 1], init: { value: SCALE } },
    },
    states: own ? mixtureStates(own) : {},
    matrices: { patches: [rows, PATCH_SIZE] },
    indices: { words: [rows, 1] },
    loss<A, I>(g: Arrays<A, I>, { w, state, x, ids, training }: ProgramRun<A, I>) {
      const places = g.lookUp(w.places, positionIds(g, rows, PATCHES));
      const pictures = g.map("add", g.product(x.patches, w.patch), places);
      const captions = g.lookUp(w.words, ids.words);
      const tokens = g.transpose(g.beside(g.transpose(pictures), g.transpose(captions)));
      const tags = g.indices(
        `modality of ${MODALITIES * rows}`,
        [MODALITIES * rows, 1],
        () => Uint32Array.from({ length: MODALITIES * rows }, (_, t) => Math.floor(t / rows)),
      );
      const part = (name: string) => ({ w: within(w, name), sizes: layout });
      const first = denseBlock(g, tokens, { ...part("first."), causal: false });
      const passed = own &&
        mixtureBlock(g, first, { ...part("second."), own, state, training, input: { tags } });
      const last = passed?.x ?? denseBlock(g, first, { ...part("second."), causal: false });
      const whole = g.segmentMeans(rmsRows(g, last, w.norm), PATCHES);
      const side = (from: number) =>
        g.lookUp(
          whole,
          g.indices(
            `from ${from} of ${samples}`,
            [samples, 1],
            () => Uint32Array.from({ length: samples }, (_, s) => from + s),
          ),
        );
      const similarity = g.product(
        g.unit(g.product(side(0), w.pictureHead)),
        g.unit(g.product(side(samples), w.wordHead)),
        { transpose: "b" },
      );
      const logits = g.map("multiply", similarity, g.map("exp", w.scale));
      const pairs = g.indices(
        `pairs ${samples}`,
        [samples, 1],
        () => Uint32Array.from({ length: samples }, (_, s) => s),
      );
      const [there, back] = [logits, g.transpose(logits)].map((a) => lossOfRows(g, a, pairs));
      const wanted = passed?.gated.wanted;
      return {
        loss: addAll(g, [
          g.scale(g.map("add", meanOfAll(g, there), meanOfAll(g, back)), 0.5),
          ...passed?.losses ?? [],
        ]),
        figures: {
          ...{ similarity, each: g.beside(there, back) },
          ...wanted !== undefined && {
            usage: g.segmentMeans(marks(g, wanted, experts), rows),
          },
        },
        states: passed?.states ?? {},
      };
    },
  };
}
