/**
 * Experts that are grown (Lifelong-MoE, arXiv 2305.12281): for each new distribution of text a
 * mixture gets more experts, and its gate more columns. Old experts and old columns are frozen; what
 * all texts share goes on learning, and is kept near the old model by its outputs:
 *
 *     loss = cross-entropy + weight * mean over tokens of KL(old model's prediction, new model's)
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { GateTensor } from "../gates/gate.ts";
import { gateOf } from "../gates/pipeline.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { within } from "../nn/gating.ts";
import {
  addAll,
  attentionPart,
  gainOf,
  lossOfRows,
  meanOfAll,
  rmsRows,
  weightOf,
} from "../programs/blocks.ts";
import { attentionBlock, decoderEnds, embedded, tokenIndices } from "../programs/decoder_parts.ts";
import {
  decoderProgram,
  inBlocks,
  mixtureBlock,
  mixtureBlockTensors,
  mixtureIn,
} from "../programs/decoder_program.ts";
import { allExperts } from "../programs/mixture.ts";
import {
  type ModelProgram,
  prefixed,
  type ProgramRun,
  type ProgramValues,
} from "../programs/program.ts";
import { plainGate } from "./plain_gate.ts";
import type { DerivativeSizes } from "./recipe.ts";

/** What growing is told beside sizes. */
export interface LifelongOptions {
  /** Coefficient of the divergence from the old model; 1 where absent, and 0 leaves it out. */
  weight?: number;
  /** The gate, with a linear score; the best two where absent. */
  recipe?: GateRecipe;
}

/** Experts before and after: the second half is new. */
const counts = ({ experts }: DerivativeSizes) => ({
  old: Math.floor(experts / 2),
  added: experts - Math.floor(experts / 2),
});

/** The model before it grows: half of the experts. */
export function seedProgram(
  sizes: DerivativeSizes,
  { recipe = plainGate }: LifelongOptions = {},
): ModelProgram {
  const experts = { recipe, count: counts(sizes).old };
  return decoderProgram(sizes, { experts, steps: sizes.steps });
}

/** What stays as it is: the old model, its experts, and their columns of the gate. */
export const isOld = (name: string): boolean =>
  name.startsWith("teacher.") || name.includes(".old.");

/** What a grown model begins with, of the values of the model before. */
export function grownValues(
  values: Readonly<Record<string, Float32Array>>,
): ProgramValues {
  const grown: Record<string, Float32Array> = {};
  for (const [name, one] of Object.entries(values)) {
    grown[`teacher.${name}`] = one;
    const expert = /^(blocks\.\d+\.)ffn\.(up|down|gate\.router)$/.exec(name);
    grown[expert ? `${expert[1]}old.${expert[2]}` : name] = one;
  }
  return grown;
}

/** Logits [T, V] of the old model. */
function oldLogits<A, I>(
  g: Arrays<A, I>,
  run: ProgramRun<A, I>,
  options: { sizes: DerivativeSizes; recipe: GateRecipe },
): A {
  const { sizes, recipe } = options;
  const taught: ProgramRun<A, I> = { ...run, w: within(run.w, "teacher."), training: false };
  const { tokens } = run.ids;
  let x = embedded(g, taught, sizes);
  for (let layer = 0; layer < sizes.layers; layer++) {
    const w = within(taught.w, `blocks.${layer}.`);
    const own = mixtureIn(sizes, { recipe, experts: counts(sizes).old, layer });
    x = mixtureBlock(g, x, { w, state: {}, sizes, own, training: false, input: { tokens } }).x;
  }
  return g.product(rmsRows(g, x, taught.w.norm), taught.w.head);
}

/** Old and new experts behind one gate: what they make of x[T, D], and the gate's losses. */
function grownMixture<A, I>(
  g: Arrays<A, I>,
  x: A,
  options: {
    w: Readonly<Record<string, A>>;
    sizes: DerivativeSizes;
    recipe: GateRecipe;
    layer: number;
    run: ProgramRun<A, I>;
  },
): { y: A; losses: A[] } {
  const { w, sizes, recipe, layer, run: { training, ids: { tokens } } } = options;
  const { experts } = sizes;
  const [old, added] = [within(w, "old."), within(w, "new.")];
  const { shape } = mixtureIn(sizes, { recipe, experts, layer });
  const gated = gateOf(recipe).route({
    ...{ g, state: {}, shape, training },
    w: { router: g.beside(old["gate.router"], added["gate.router"]) },
    input: { x, tokens, before: tokens, tags: tokens },
  });
  if (gated.dispatch.kind !== "choice") {
    throw new RangeError(
      `Grew experts behind "${gated.dispatch.kind}", wanted a choice of experts`,
    );
  }
  const gates = g.put(gated.dispatch.weights, gated.dispatch.ids, experts);
  const from = counts(sizes).old;
  const parts = [
    { ...old, gates: g.columns(gates, 0, from) },
    { ...added, gates: g.columns(gates, from, experts) },
  ] as { up: A; down: A; gates: A }[];
  return {
    y: addAll(g, parts.map((part) => allExperts(g, x, part))),
    losses: gated.losses.map(({ value }) => value),
  };
}

function grownTensors(sizes: DerivativeSizes, recipe: GateRecipe): Record<string, GateTensor> {
  const { dModel, hidden } = sizes;
  const bank = (count: number): Record<string, GateTensor> => ({
    up: weightOf(dModel, count * hidden),
    down: { shape: [count * hidden, dModel], init: { normal: 1 / Math.sqrt(hidden) } },
    "gate.router": weightOf(dModel, count),
  });
  const { old, added } = counts(sizes);
  const seed = mixtureBlockTensors(mixtureIn(sizes, { recipe, experts: old, layer: 0 }));
  return {
    ...decoderEnds(sizes),
    ...inBlocks(sizes, () => ({
      ...attentionPart(dModel),
      "ffn.norm": gainOf(dModel),
      ...prefixed("old.", bank(old)),
      ...prefixed("new.", bank(added)),
    })),
    ...prefixed("teacher.", { ...decoderEnds(sizes), ...inBlocks(sizes, () => seed) }),
  };
}

/**
 * The model after it has grown. It is to begin with {@linkcode grownValues}, and {@linkcode isOld} says
 * what is to be frozen. Figures: "each" and "ofTokens" as other decoders, and "apart", the mean
 * divergence from the old model.
 */
export function lifelongProgram(
  sizes: DerivativeSizes,
  options: LifelongOptions = {},
): ModelProgram {
  const { weight = 1, recipe = plainGate } = options;
  return {
    parameters: grownTensors(sizes, recipe),
    indices: tokenIndices(sizes),
    loss(g, run) {
      let x = embedded(g, run, sizes);
      const losses: typeof x[] = [];
      for (let layer = 0; layer < sizes.layers; layer++) {
        const w = within(run.w, `blocks.${layer}.`);
        x = attentionBlock(g, x, { w, sizes });
        const normed = rmsRows(g, x, w["ffn.norm"]);
        const grown = grownMixture(g, normed, { w, sizes, recipe, layer, run });
        x = g.map("add", x, grown.y);
        losses.push(...grown.losses);
      }
      const logits = g.product(rmsRows(g, x, run.w.norm), run.w.head);
      const each = lossOfRows(g, logits, run.ids.targets);
      const ofTokens = meanOfAll(g, each);
      const old = oldLogits(g, run, { sizes, recipe });
      const logOf = (a: typeof x) => g.map("subtract", a, g.logSumExp(a));
      const further = g.map("subtract", logOf(old), logOf(logits));
      const apart = g.scale(
        g.total(g.map("multiply", g.softmax(old), further)),
        1 / (sizes.sequences * sizes.length),
      );
      return {
        loss: addAll(g, [ofTokens, ...losses, ...weight > 0 ? [g.scale(apart, weight)] : []]),
        figures: { each, ofTokens, apart },
      };
    },
  };
}
