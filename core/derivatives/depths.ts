/**
 * Mixture of depths (arXiv 2404.02258): in every other block a router lets the best tokens of
 * each sequence through, and the others pass the block by.
 *
 *     x' = x + r f(x)  for the tokens that were chosen, x' = x for the others
 *
 * Which tokens are the best depends on those that come later, so training is not causal. In use a
 * token's own logit decides: the router is trained beside to tell, by a cross-entropy, whether a token
 * is among the best. Chosen tokens attend to chosen tokens alone.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { gateOf } from "../gates/pipeline.ts";
import { recipeById } from "../gates/recipes.ts";
import { oneMinus, presence } from "../gates/shorthand.ts";
import { within } from "../nn/gating.ts";
import { attendWithin } from "../programs/attention.ts";
import { denseNetwork, meanOfAll, rmsRows } from "../programs/blocks.ts";
import { decoderAround, denseBlock, denseBlockTensors } from "../programs/decoder_parts.ts";
import { inBlocks, mixtureIn } from "../programs/decoder_program.ts";
import { type ModelProgram, prefixed, type ProgramRun } from "../programs/program.ts";
import type { DerivativeSizes } from "./recipe.ts";

/** What mixture of depths is told beside its sizes. */
export interface DepthsOptions {
  /** The gate: the predicted one of the table where absent. */
  recipe?: GateRecipe;
  /** Blocks from one that is routed to the next; 2, every other one, where absent. */
  every?: number;
}

/** What is added to the scores of a key that may not be seen. */
const FAR = -1e4;

/** What a block adds to the tokens of `mask` [T, 1], which see each other alone. */
function amongChosen<A, I>(
  g: Arrays<A, I>,
  x: A,
  options: { w: Readonly<Record<string, A>>; sizes: DerivativeSizes; mask: A },
): A {
  const { w, sizes: { heads, length }, mask } = options;
  const own = within(w, "attention.");
  const ffn = within(w, "ffn.");
  const hidden = g.scale(g.transpose(oneMinus(g, mask)), FAR);
  const normed = rmsRows(g, x, own.norm);
  const seen = attendWithin(g, g.product(normed, own.query), {
    ...{ key: g.product(normed, own.key), value: g.product(normed, own.value), heads },
    ...{ sight: { length, causal: true }, hidden },
  });
  const attended = g.product(seen, own.out);
  const h = g.map("add", x, attended);
  return g.map("add", attended, denseNetwork(g, rmsRows(g, h, ffn.norm), ffn));
}

/**
 * A decoder in which tokens pass some blocks by. Its figures "through0", ... are the share of tokens that
 * each routed block took.
 *
 * @throws {RangeError} where no block is routed: there are fewer than `every`.
 */
export function depthsProgram(sizes: DerivativeSizes, options: DepthsOptions = {}): ModelProgram {
  const { recipe = recipeById("mixture-of-depths-predicted"), every = 2 } = options;
  const { layers, steps } = sizes;
  const isRouted = (layer: number) => layer % every === every - 1;
  if (layers < every) {
    throw new RangeError(
      `Routed every ${every}th of ${layers} blocks, wanted ${every} blocks or more`,
    );
  }
  const gate = gateOf(recipe);
  const shapeOf = (layer: number) =>
    mixtureIn(sizes, { recipe, experts: 1, layer, causal: false, steps }).shape;
  return decoderAround(sizes, {
    parameters: inBlocks(sizes, (layer) => ({
      ...denseBlockTensors(sizes),
      ...isRouted(layer) && prefixed("gate.", gate.parameters(shapeOf(layer))),
    })),
    blocks<A, I>(g: Arrays<A, I>, x: A, run: ProgramRun<A, I>) {
      const losses: A[] = [];
      const through: A[] = [];
      const { training, ids: { tokens } } = run;
      for (let layer = 0; layer < layers; layer++) {
        const w = within(run.w, `blocks.${layer}.`);
        if (!isRouted(layer)) {
          x = denseBlock(g, x, { w, sizes });
          continue;
        }
        const gated = gate.route({
          ...{ g, w: within(w, "gate."), state: {}, shape: shapeOf(layer), training },
          input: { x: rmsRows(g, x), tokens, before: tokens, tags: tokens },
        });
        if (gated.dispatch.kind !== "choice") {
          throw new RangeError(
            `Took tokens by "${gated.dispatch.kind}", wanted a choice of tokens`,
          );
        }
        const { ids, weights } = gated.dispatch;
        const mask = presence(g, ids, 1);
        const added = amongChosen(g, x, { w, sizes, mask });
        x = g.map("add", x, g.map("multiply", added, g.map("multiply", weights, mask)));
        losses.push(...gated.losses.map(({ value }) => value));
        through.push(meanOfAll(g, mask));
      }
      const figures = through.map((share, i) => [`through${i}`, share]);
      return { x, losses, figures: Object.fromEntries(figures) };
    },
  });
}
