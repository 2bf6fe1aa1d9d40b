/**
 * Programs around every kind of experts, equal in FLOP: what of a kind is free makes up for what it
 * costs. For most that is the width of an expert; for single neurons it is how many a token uses.
 *
 * FLOP are those of kernels that compute the chosen experts alone, which is what a kind is for;
 * programs of this experiment compute all experts and leave out what was not chosen.
 *
 * @module
 */
import { type ExpertDecoderSizes, expertLayerIn } from "../../core/experts/decoder.ts";
import { expertImageLayer, type ExpertImageSizes } from "../../core/experts/image.ts";
import { type ExpertLayerShape, gateOfExperts, shapesOf } from "../../core/experts/layer.ts";
import type { ExpertRecipe } from "../../core/experts/recipe.ts";
import { expertFlops } from "../../core/experts/table.ts";
import { usageOf } from "../training/sizing/usage.ts";

/** Sizes of the two tasks. */
export interface KindSizes {
  /** Of the language. */
  decoder: ExpertDecoderSizes;
  /** Of the images. */
  image: ExpertImageSizes;
}

/** A kind with the sizes at which it costs what it should. */
export interface SizedKind {
  /** The kind; of single neurons with as many as are wanted. */
  recipe: ExpertRecipe;
  /** Sizes, the width of an expert among them. */
  sizes: KindSizes;
  /** FLOP of a token in the block with experts, as kernels that skip the others would do them. */
  flops: number;
  /** Over those wanted. */
  ratio: number;
}

/** The expert layer of a kind. */
export function layerOfKind({ where }: ExpertRecipe, sizes: KindSizes): ExpertLayerShape {
  return where === "image" ? expertImageLayer(sizes.image) : expertLayerIn(sizes.decoder, {
    layer: 1,
  });
}

/** FLOP of a token in the gate: its matrices that tokens are multiplied by. */
function gateFlops(recipe: ExpertRecipe, shape: ExpertLayerShape): number {
  const { gate } = shapesOf(recipe, shape);
  const tensors = Object.values(gateOfExperts(recipe).parameters(gate));
  // What one decision holds for all tokens of an image or a tag costs next to nothing a token.
  const { of = "token" } = recipe.gate.score;
  if (of !== "token") return 0;
  return tensors.reduce((sum, { shape: [rows, columns] }) => sum + 2 * rows * columns, 0);
}

/** FLOP of a token in the block that holds the experts: with the network or the attention beside. */
export function kindFlops(recipe: ExpertRecipe, sizes: KindSizes): number {
  const shape = layerOfKind(recipe, sizes);
  const { gate, experts } = shapesOf(recipe, shape);
  const layer = expertFlops(recipe, experts, usageOf(recipe.gate, gate).passes) +
    gateFlops(recipe, shape);
  const { dModel, hidden, length } = sizes.decoder;
  const around = {
    network: 8 * dModel ** 2 + 2 * length * dModel,
    attention: 4 * dModel * hidden,
    image: 0,
  };
  return layer + around[recipe.where];
}

const withWidth = ({ decoder, image }: KindSizes, width: number): KindSizes => ({
  decoder: { ...decoder, width },
  image: { ...image, width },
});

/** All that a kind could be: widths, or numbers of neurons. */
function tries(
  recipe: ExpertRecipe,
  sizes: KindSizes,
): { recipe: ExpertRecipe; sizes: KindSizes }[] {
  const { gate, cut = 1 } = recipe;
  if (recipe.routed.kind === "neuron" && gate.select.kind === "product-key") {
    const { experts } = shapesOf(recipe, layerOfKind(recipe, sizes));
    const most = Math.floor(Math.sqrt(experts.experts));
    return Array.from({ length: most }, (_, i) => {
      const select = { kind: "product-key" as const, k: i + 1 };
      return { recipe: { ...recipe, gate: { ...gate, select } }, sizes };
    });
  }
  // Every channel is an expert: there is no width.
  if (cut > 2) return [{ recipe, sizes }];
  const widest = 4 * (recipe.where === "image" ? sizes.image : sizes.decoder).width;
  return Array.from({ length: widest / STEP }, (_, i) => ({
    recipe,
    sizes: withWidth(sizes, (i + 1) * STEP),
  }));
}

/** Widths are multiples of this. */
const STEP = 4;

/** The kind at what is nearest to the FLOP wanted. */
export function sizeKind(recipe: ExpertRecipe, sizes: KindSizes, wanted: number): SizedKind {
  const tried = tries(recipe, sizes).map((one): SizedKind => {
    const flops = kindFlops(one.recipe, one.sizes);
    return { ...one, flops, ratio: flops / wanted };
  });
  return tried.reduce((best, one) =>
    Math.abs(one.ratio - 1) < Math.abs(best.ratio - 1) ? one : best
  );
}
