/**
 * One block for all depths: WideNet, arXiv 2107.11817. Attention, gate and experts are
 * shared; each depth has norms of its own, by which the shared experts get to see different tokens.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { within } from "../nn/gating.ts";
import { gainOf } from "../programs/blocks.ts";
import { decoderAround } from "../programs/decoder_parts.ts";
import { mixtureBlock, mixtureBlockTensors, mixtureIn } from "../programs/decoder_program.ts";
import { mixtureStates } from "../programs/mixture.ts";
import { type ModelProgram, prefixed, type ProgramRun } from "../programs/program.ts";
import { plainGate } from "./plain_gate.ts";
import type { DerivativeSizes } from "./recipe.ts";

const norms = ["attention.norm", "ffn.norm"] as const;

/** A decoder whose blocks share all but their norms. */
export function sharedDepthProgram(
  sizes: DerivativeSizes,
  options: {
    /** The gate; the best two where absent. */
    recipe?: GateRecipe;
  } = {},
): ModelProgram {
  const { recipe = plainGate } = options;
  const { dModel, layers, experts, steps } = sizes;
  const at = (layer: number) => mixtureIn(sizes, { recipe, experts, layer, steps });
  const shared = Object.entries(mixtureBlockTensors(at(0)))
    .filter(([name]) => !norms.some((norm) => norm === name));
  const gains = Object.fromEntries(norms.map((name) => [name, gainOf(dModel)]));
  return decoderAround(sizes, {
    parameters: {
      ...prefixed("shared.", Object.fromEntries(shared)),
      ...Object.assign(
        {},
        ...Array.from({ length: layers }, (_, layer) => prefixed(`depths.${layer}.`, gains)),
      ),
    },
    states: mixtureStates(at(0)),
    blocks<A, I>(g: Arrays<A, I>, x: A, run: ProgramRun<A, I>) {
      const losses: A[] = [];
      let state = run.state;
      const { training, ids: { tokens } } = run;
      for (let layer = 0; layer < layers; layer++) {
        const w = { ...within(run.w, "shared."), ...within(run.w, `depths.${layer}.`) };
        const passed = mixtureBlock(g, x, {
          ...{ w, state, sizes, own: at(layer), training, input: { tokens } },
        });
        x = passed.x;
        losses.push(...passed.losses);
        state = { ...state, ...passed.states };
      }
      return { x, losses, states: training ? state : {} };
    },
  });
}
