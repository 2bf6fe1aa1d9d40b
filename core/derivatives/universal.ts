/**
 * A sparse universal transformer (SUT, arXiv 2310.07096): one block for all depths, whose attention
 * heads and networks are experts, and tokens that halt. Those that halted are still computed here, and
 * still count in the losses of gates: what halting saves is in the figure "work", not in the time.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { recipeById } from "../gates/recipes.ts";
import { within } from "../nn/gating.ts";
import { gainOf, meanOfAll, rmsRows, weightOf } from "../programs/blocks.ts";
import { decoderAround } from "../programs/decoder_parts.ts";
import { mixtureIn } from "../programs/decoder_program.ts";
import { mixture, type MixtureSizes, mixtureStates, mixtureTensors } from "../programs/mixture.ts";
import { type ModelProgram, prefixed, type ProgramRun } from "../programs/program.ts";
import { attentionExperts, attentionExpertTensors } from "./attention_experts.ts";
import { brokenOff, haltedStream, type Halting, running, wholeSticks } from "./halting.ts";
import type { DerivativeSizes } from "./recipe.ts";

/** What a universal transformer is told beside its sizes. */
export interface UniversalOptions {
  /** The gate of heads and of networks; ModuleFormer's, with mutual information, where absent. */
  recipe?: GateRecipe;
  /** Coefficient of the expected depth in the loss; 0.01 where absent. */
  depthWeight?: number;
  /** A token halts when it has given this share of its stick; 0.999 where absent. */
  threshold?: number;
}

/** The bias of halting begins here: a token gives sigmoid(-1.5), 0.18 of its stick, at each depth. */
const START = -1.5;

/** The values of {@linkcode UniversalOptions} where nothing is said. */
export const universalDefaults = { depthWeight: 0.01, threshold: 0.999 } as const;

/** One block, `layers` times at most, for each token as often as it needs. */
export function universalProgram(
  sizes: DerivativeSizes,
  options: UniversalOptions = {},
): ModelProgram {
  const { recipe = recipeById("moduleformer") } = options;
  const { depthWeight, threshold } = { ...universalDefaults, ...options };
  const { dModel, heads, layers, experts, steps, sequences, length } = sizes;
  const networks = (layer: number) => mixtureIn(sizes, { recipe, experts, layer, steps });
  // Noise of the two gates has names of its own: those of heads count on from the last layer.
  const headsIn = (layer: number): MixtureSizes => {
    const own = networks(layer);
    return {
      ...own,
      dExpert: dModel / heads,
      shape: { ...own.shape, layer: layers + layer, layers: 2 * layers },
    };
  };
  return decoderAround(sizes, {
    parameters: {
      "heads.norm": gainOf(dModel),
      ...prefixed("heads.", attentionExpertTensors(headsIn(0))),
      "ffn.norm": gainOf(dModel),
      ...prefixed("ffn.", mixtureTensors(networks(0))),
      "halt.weight": weightOf(dModel, 1),
      "halt.bias": { shape: [1, 1], init: { value: START } },
    },
    states: {
      ...prefixed("heads.", mixtureStates(headsIn(0))),
      ...prefixed("ffn.", mixtureStates(networks(0))),
    },
    blocks<A, I>(g: Arrays<A, I>, x: A, run: ProgramRun<A, I>) {
      const { training, ids: { tokens } } = run;
      const own = { heads: within(run.w, "heads."), ffn: within(run.w, "ffn.") };
      const losses: A[] = [];
      let state = run.state;
      let sticks: Halting<A> = wholeSticks(g, sequences * length);
      for (let layer = 0; layer < layers; layer++) {
        const ran = running(g, sticks, threshold);
        const told = (part: "heads" | "ffn") => ({
          ...{ w: own[part], state: within(state, `${part}.`), training, input: { tokens } },
        });
        const seen = attentionExperts(g, rmsRows(g, x, own.heads.norm), {
          ...{ ...told("heads"), sizes: headsIn(layer) },
          context: rmsRows(g, haltedStream(g, x, sticks), own.heads.norm),
        });
        const h = g.map("add", x, seen.y);
        const mixed = mixture(g, rmsRows(g, h, own.ffn.norm), {
          ...{ ...told("ffn"), sizes: networks(layer) },
        });
        x = g.map("select", ran, g.map("add", h, mixed.y), x);
        losses.push(...[...seen.losses, ...mixed.losses].map(({ value }) => value));
        state = {
          ...state,
          ...prefixed("heads.", seen.states),
          ...prefixed("ffn.", mixed.states),
        };
        const logits = g.map("add", g.product(x, run.w["halt.weight"]), run.w["halt.bias"]);
        sticks = brokenOff(g, sticks, {
          ...{ x, ran, depth: layer + 1 },
          logits: layer + 1 < layers ? logits : undefined,
        });
      }
      const { sum, depth, work } = sticks;
      losses.push(g.scale(meanOfAll(g, depth!), depthWeight));
      return {
        ...{ x: sum!, losses, states: training ? state : {} },
        figures: { depth: depth!, work: work! },
      };
    },
  });
}
