/**
 * Every heat, in the order in which they run. A new operator is an entry of one of them; a new
 * family is a line here.
 *
 * @module
 */
import type { Heat } from "../heat.ts";
import { activationHeat } from "./activation.ts";
import { attentionHeat } from "./attention.ts";
import { embeddingHeat } from "./embedding.ts";
import { gradientHeat } from "./gradients.ts";
import { groupedHeat } from "./grouped.ts";
import { layerHeat } from "./layer.ts";
import { lossHeat } from "./loss.ts";
import { optimiserHeat } from "./optimiser.ts";
import { normHeat } from "./norm.ts";
import { pointwiseHeat } from "./pointwise.ts";
import { naiveHeat, productHeat } from "./products.ts";
import { ropeHeat } from "./rope.ts";
import { routingHeat } from "./routing.ts";

/** The heats of the benchmark of the kernels. */
export const heats: readonly Heat[] = [
  productHeat,
  naiveHeat,
  groupedHeat,
  gradientHeat,
  layerHeat,
  attentionHeat,
  routingHeat,
  normHeat,
  lossHeat,
  pointwiseHeat,
  activationHeat,
  optimiserHeat,
  embeddingHeat,
  ropeHeat,
];
