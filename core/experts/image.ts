/**
 * A small network for images around experts that convolve, as a program: a stem of filters, one layer
 * of experts, the mean over all places, and a head.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import { within } from "../nn/gating.ts";
import { addAll, gainOf, lossOfRows, meanOfAll, rmsRows, weightOf } from "../programs/blocks.ts";
import { type ModelProgram, prefixed, type ProgramRun } from "../programs/program.ts";
import { neighbourhoods } from "./convolution.ts";
import {
  expertLayer,
  expertLayerParameters,
  type ExpertLayerShape,
  expertLayerStates,
} from "./layer.ts";
import type { ExpertRecipe } from "./recipe.ts";

/** Sizes of a network for images of one channel. */
export interface ExpertImageSizes {
  /** Images of a batch. */
  images: number;
  /** Rows of an image, which is a square. */
  rows: number;
  /** Width D of a place behind the stem. */
  dModel: number;
  /** Experts of the layer, before a recipe cuts them. */
  experts: number;
  /** Filters of an expert. */
  width: number;
  /** Classes. */
  classes: number;
}

const SIZE = 3;

/** Sizes of the layer of experts. */
export function expertImageLayer(
  { images, rows, dModel, experts, width }: ExpertImageSizes,
  steps?: number,
): ExpertLayerShape {
  const length = rows * rows;
  return {
    ...{ dModel, experts, topK: 1, width, imageRows: rows, tokens: images * length, length },
    ...{ vocabulary: 1, tags: 1, layer: 0, layers: 1, steps },
  };
}

/**
 * Tells the classes of images. A batch has `pixels` [T, 1], image by image and row by row, and `labels`
 * [B, 1]; figures are the loss of `each` image and their mean `ofImages`, without the losses of gates.
 *
 * Where `attacked`, pixels are moved by a parameter `moved` [T, 1] that begins as zeros, and the loss is
 * turned around: one step of its training is an adversary's (FGSM, arXiv 1412.6572).
 */
export function expertImages(
  recipe: ExpertRecipe,
  sizes: ExpertImageSizes,
  { steps, attacked = false }: { steps?: number; attacked?: boolean } = {},
): ModelProgram {
  const { images, rows, dModel, classes } = sizes;
  const shape = expertImageLayer(sizes, steps);
  const { length, imageRows, tokens } = shape;
  return {
    parameters: {
      stem: weightOf(SIZE * SIZE, dModel),
      norm: gainOf(dModel),
      ...prefixed("experts.", expertLayerParameters(recipe, shape)),
      head: weightOf(dModel, classes),
      ...attacked && { moved: { shape: [tokens, 1] as const, init: "zeros" as const } },
    },
    states: prefixed("experts.", expertLayerStates(recipe, shape)),
    matrices: { pixels: [images * rows * rows, 1] },
    indices: { labels: [images, 1] },
    loss<A, I>(g: Arrays<A, I>, { w, state, x, ids, training }: ProgramRun<A, I>) {
      const zeros = g.indices(`zeros ${tokens}`, [tokens, 1], () => new Uint32Array(tokens));
      const pixels = attacked ? g.map("add", x.pixels, w.moved) : x.pixels;
      const seen = neighbourhoods(g, pixels, { size: SIZE, length, imageRows });
      const stem = g.map("silu", g.product(seen, w.stem));
      const given = expertLayer({
        ...{ g, w: within(w, "experts."), state: within(state, "experts."), shape, training },
        input: { x: rmsRows(g, stem, w.norm), tokens: zeros, before: zeros, tags: zeros },
      }, recipe);
      const pooled = g.segmentMeans(g.map("add", stem, given.y), length);
      const each = lossOfRows(g, g.product(pooled, w.head), ids.labels);
      const ofImages = meanOfAll(g, each);
      if (attacked) return { loss: g.map("negate", ofImages) };
      return {
        loss: addAll(g, [ofImages, ...given.losses.map(({ value }) => value)]),
        figures: { each, ofImages },
        states: prefixed("experts.", given.states),
      };
    },
  };
}
