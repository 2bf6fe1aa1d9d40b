/**
 * What an adapter is, as data: which few parameters, at which place of a model that stays as it is,
 * how many of them side by side, and what weighs them. A mixture of parameter-efficient experts
 * (survey, arXiv 2407.06204, section 4.3) is a row of such parts.
 *
 *     dW_i     what expert i adds to a product of the base: low-rank matrices and their like
 *     G(x)_i   what a gate of `core/gates` says of it
 *     x W + sum_i G(x)_i x dW_i
 *
 * The equations (12) to (18) of the survey are places:
 *
 *     (12), (13)   beside the network:   "ffn"; at its own products "gate", "up", "down"
 *     (14)         in attention:         "q", "k", "v", and "out", which the figure leaves open
 *     (15), (16)   both, with gates of their own
 *     (17), (18)   beside a whole layer: "layer"
 *
 * The survey writes norms behind residuals; the base has them in front, so that x is the normalised
 * input of each branch, and that of a layer is what enters it, normalised.
 *
 * @module
 */
import type { GateRecipe } from "../gates/recipe.ts";

/** A few parameters. */
export type AdapterSpec =
  /** x A B alpha / rank, with A [in, rank] and B [rank, out], which begins as zeros (2106.09685). */
  | { kind: "lora"; rank: number; alpha: number }
  /** y (1 + l), with l [out], which begins as zeros ((IA)^3, arXiv 2205.05638). */
  | { kind: "ia3" }
  /** relu(x down) up, with `width` hidden numbers; `up` begins as zeros (arXiv 1902.00751). */
  | { kind: "bottleneck"; width: number }
  /** Keys and values of `length` places before the sequence (arXiv 2101.00190). */
  | { kind: "prefix"; length: number }
  /** Vectors that lead in and others that lead out; an expert is any pair of them (2404.08985). */
  | { kind: "rank-one"; inward: number; outward: number }
  /** The whole difference of a matrix: full tuning, to compare with. */
  | { kind: "full" };

/** Products of the base, by the names of their matrices. */
export type ProductSite = "q" | "k" | "v" | "out" | "gate" | "up" | "down";

/** A place of the base where an adapter can stand. */
export type AdapterSite =
  | ProductSite
  /** The hidden numbers of the network, after its activation. */
  | "hidden"
  /** Beside the network, from its input to its output. */
  | "ffn"
  /** Behind the network, from its output on. */
  | "after"
  /** Beside attention and network together, from what enters the layer. */
  | "layer"
  /** Before the keys and values of attention. */
  | "prefix";

/** What tells a gate which set a sequence belongs to. */
export type AdapterTags =
  /** Its domain, as it is given. */
  | "domain"
  /** Its domain, of which every second is of one kind. */
  | "kind"
  /** The cluster that it falls into by its tokens alone. */
  | "cluster";

/** Adapters of one kind and what weighs them. */
export interface AdapterPart {
  /** Name of its parameters, such as "lora". */
  name: string;
  /** What each expert is. */
  adapter: AdapterSpec;
  /** Where they stand. */
  sites: readonly AdapterSite[];
  /** Experts at a place; a list is spread over the layers from the first to the last. "tags": one a tag. */
  experts: number | readonly number[] | "tags";
  /**
   * Id of the gate among the recipes of `core/gates`, or a gate of one's own. "chance": one expert for
   * the whole batch, drawn twice, for what leads in and what leads out; their mean in use. Absent
   * where there is one expert and nothing weighs it.
   */
  gate?: string | GateRecipe;
  /** Whether each place has a gate of its own input; else one serves all places of a branch. */
  gates?: "site" | "branch";
  /** What tells the gate the set of a sequence; its domain where absent. */
  tags?: AdapterTags;
  /**
   * What is weighed: what experts add to each product, or the outputs of networks, each of which is the
   * base's network with one expert in its products.
   */
  weighs?: "products" | "networks";
  /** One more expert, on for every token: it counts 1 less what the busiest other one does. */
  universal?: boolean;
  /** Chance of a token to lose an expert in training. */
  dropout?: number;
  /** Whether experts are trained beforehand, each on the domain of its number, and then stay. */
  given?: boolean;
}

/** What is lost beside the cross-entropy and the losses of gates. */
export type AdapterLoss =
  /** Two passes, which meet other experts by chance, are to predict alike. */
  | { kind: "consistency"; weight: number }
  /** What one expert gives is to be like itself over sequences and unlike what others give. */
  | { kind: "contrast"; weight: number; temperature: number };

/** Where a work puts its experts, as the survey sorts them. */
export type AdapterPlacement = "ffn" | "attention" | "block" | "layer";

/** A published mixture of adapters; see the module. */
export interface AdapterRecipe {
  /** Lower case with hyphens. */
  id: string;
  /** The work's name, as people write it. */
  name: string;
  /** arXiv id of the work, null where there is none. */
  arxiv: string | null;
  /** Section of the survey. */
  section: string;
  /** What is special about it, in a sentence. */
  idea: string;
  /** Where its experts stand. */
  placement: AdapterPlacement;
  /** Its parts. */
  parts: readonly AdapterPart[];
  /** A loss beside. */
  loss?: AdapterLoss;
  /** Fields whose values no source confirms, with what they are: defaults of this suite. */
  unverified?: Readonly<Record<string, string>>;
}
