/** Small models of parallel blocks and of attention experts, made of dense ones of several domains. */
import { trainedSettings } from "../../../../core/checkpoints/trained_settings.ts";
import type { RunSettings } from "../../../../core/checkpoints/run_settings.ts";
import type { GateRecipe } from "../../../../core/gates/recipe.ts";
import { recipeById } from "../../../../core/gates/recipes.ts";
import type { ExpertRouting } from "../../../../core/spec/model.ts";
import {
  branchAttendMix,
  branchTrainMix,
  newWeights,
  type WeightedModel,
} from "../../../../core/train/schemes/mod.ts";
import { normals, split } from "../../../../kernels/base/random.ts";
import { smallModel } from "../../nn/small_models.ts";

/** A model, how it is run, and what it was made of. */
export interface Mixed extends WeightedModel {
  settings: RunSettings;
  /** The gate of its networks; the description's own router where absent. */
  recipe?: GateRecipe;
  /** The dense models whose attention its experts are; none where it has no attention experts. */
  domains: readonly WeightedModel[];
}

const parallel = { block: "parallel", norm: { perLayer: 1 } };

/** Weights of a seed, with noise wherever they begin as 0 or 1. */
function drawn(seed: number, changes: Record<string, unknown>): WeightedModel {
  const { model, weights } = newWeights(smallModel(changes), { seed });
  return {
    model,
    weights: Object.fromEntries(
      Object.entries(weights).map(([name, { shape, data }]) => {
        const noise = normals(split(seed, `noise/${name}`), data.length, 0.1);
        return [name, { shape, data: data.map((w, i) => w + noise[i]) }];
      }),
    ),
  };
}

/** Routers tell experts apart clearly, so that a choice does not turn on a last bit. */
function decided({ model, weights }: WeightedModel): WeightedModel {
  const louder = Object.entries(weights).map(([name, { shape, data }]) =>
    [name, { shape, data: /router$/.test(name) ? data.map((w) => 3 * w) : data }] as const
  );
  return { model, weights: Object.fromEntries(louder) };
}

/** A model of new weights, noise where they would be 0 or 1. */
export function newMixed(changes: Record<string, unknown>): Mixed {
  const made = decided(drawn(1, changes));
  return { ...made, settings: trainedSettings(made.model), domains: [] };
}

interface BamForm {
  kv: "expert" | "shared";
  routing?: ExpertRouting;
  gate?: string;
  topK?: number;
  /** How many dense models; 3 where absent. */
  domains?: number;
  changes?: Record<string, unknown>;
}

/** BAM's mixture of dense models. */
export function bam(
  { kv, routing, gate, topK = 1, domains: count = 3, changes }: BamForm,
): Mixed {
  const domains = Array.from(
    { length: count },
    (_, i) => drawn(i + 1, { ...parallel, ...changes }),
  );
  const recipe = gate === undefined ? undefined : recipeById(gate);
  const told = { kv, routing, topK, seed: 4, recipe };
  const made = decided(branchAttendMix(domains, told));
  const settings = trainedSettings(made.model, { recipe });
  return { ...made, settings, domains, ...(recipe && { recipe }) };
}

/** Branch-Train-MiX of serial blocks. */
export function btx(gate?: string): Mixed {
  const recipe = gate === undefined ? undefined : recipeById(gate);
  const domains = [1, 2, 3].map((seed) => drawn(seed, {}));
  const made = decided(branchTrainMix(domains, { topK: 2, seed: 4, recipe }));
  const settings = trainedSettings(made.model, { recipe });
  return { ...made, settings, domains: [], ...(recipe && { recipe }) };
}

const moe = { experts: 4, topK: 2, width: 12, activation: "swiglu" };

/** Every form, by what is special about it. */
export const mixedModels: Readonly<Record<string, () => Mixed>> = {
  "dense, one norm": () => newMixed(parallel),
  "dense, a norm for each branch": () => newMixed({ block: "parallel" }),
  "a mixture of networks": () => newMixed({ ...parallel, moe }),
  "a mixture with shared experts and a norm each": () =>
    newMixed({ block: "parallel", moe: { ...moe, shared: { count: 1, width: 16 } } }),
  "BTX": () => btx(),
  "BTX with its gate": () => btx("btx"),
  "BAM, own keys": () => bam({ kv: "expert", gate: "bam-ffn" }),
  "BAM, shared keys": () => bam({ kv: "shared", gate: "bam-ffn" }),
  "own keys, best two, networks that sum to 1": () =>
    bam({ kv: "expert", routing: { topK: 2, over: "chosen" }, topK: 2 }),
  "shared keys, best two of a softmax over all": () =>
    bam({ kv: "shared", routing: { topK: 2, over: "all" }, gate: "bam-ffn" }),
  "own keys, best one": () =>
    bam({ kv: "expert", routing: { topK: 1, over: "all" }, gate: "bam-ffn" }),
  "shared keys, best one, plain heads": () =>
    bam({
      ...{ kv: "shared", routing: { topK: 1, over: "all" }, gate: "bam-ffn" },
      changes: { attention: { kind: "mha", heads: 4, headDim: 8 } },
    }),
  "own keys, layer norms": () =>
    bam({
      ...{ kv: "expert", gate: "bam-ffn" },
      changes: { norm: { kind: "layernorm", perLayer: 1 } },
    }),
  "dense, layer norms with biases": () =>
    newMixed({ block: "serial", norm: { kind: "layernorm", bias: true } }),
  "own keys, biases and sinks": () =>
    bam({
      ...{ kv: "expert", gate: "bam-ffn" },
      changes: {
        attention: {
          ...{ kind: "gqa", heads: 4, kvHeads: 2, headDim: 8 },
          ...{ qkvBias: true, outBias: true, sinks: true },
        },
      },
    }),
};
