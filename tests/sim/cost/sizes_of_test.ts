/** Sizes of described models: their parameters and FLOP against those of the descriptions. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  flopsPerToken,
  layersOf,
  type Model,
  modelPreset,
  modelPresets,
  parameters,
} from "../../../core/spec/mod.ts";
import { linearWidths } from "../../../core/spec/mixer_counts.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { layersOfStages } from "../../../sim/cost/layout.ts";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import { kindParameters } from "../../../sim/cost/parameters.ts";
import type { Sizes } from "../../../sim/cost/sizes.ts";
import { sizesOf } from "../../../sim/cost/sizes_of.ts";
import { stepCosts } from "../../../sim/cost/step_costs.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { deepseekV3, llama70b, planWith, workload } from "./examples.ts";

/** Decoders that no sizes can say, with what is found in them. */
const refused: Readonly<Record<string, string>> = {
  "deepspeed-pr-moe-31b": "layers of 64 and 128 experts",
  "deepspeed-pr-moe-4b": "layers of 32 and 64 experts",
  "glam-1.2t": "the activations geglu and gelu",
  "glam-1.9b": "the activations geglu and gelu",
  "glam-143b": "the activations geglu and gelu",
  "glam-27b": "the activations geglu and gelu",
  "jamba": "Mamba layers",
  "nemotron-3-nano-30b-a3b": "layers of one block each",
  "nemotron-3-super-120b-a12b": "layers of one block each",
};

/** Presets that sizes can say. */
const priced = modelPresets().filter((m) => m.encoderLayers === 0 && refused[m.id] === undefined);

/** Parameters that the costs see in a model of these sizes. */
function countOf(sizes: Sizes): number {
  const layers = layersOfStages(sizes, planWith())[0][0].map((kind) => kindParameters(kind, sizes));
  const all = layers.reduce((sum, { split, whole, experts }) => sum + split + whole + experts, 0);
  return sizes.tied ? all - sizes.vocab * sizes.dModel : all;
}

/** What sizes can say of a model: its matrices and the norms of its layers. */
function withoutSmall(model: Model): Model {
  const { attention: a, embedding, ffn, moe, norm } = model;
  const small = { qkvBias: false, outBias: false, qkNorm: "none", sinks: false } as const;
  const dense = (one: typeof ffn) => one && { ...one, bias: false };
  return {
    ...model,
    attention: a.kind === "mla" ? a : { ...a, ...small },
    ffn: dense(ffn),
    moe: moe && {
      ...moe,
      bias: false,
      sharedGate: false,
      router: { kind: "linear", bias: false },
      denseBeside: dense(moe.denseBeside),
    },
    embedding: { ...embedding, positions: { kind: "rope" } },
    norm: { ...norm, final: true },
  };
}

/** Norms, convolutions and decays of layers of linear attention. */
function inLinear(model: Model): number {
  const { linear: l } = model;
  if (!l) return 0;
  const { keys, values } = linearWidths(l);
  const delta = l.kind === "gated-delta";
  const norm = delta ? l.valueDim : values;
  const each = (2 * keys + values) * l.convWidth + (delta ? 2 * l.valueHeads : 0) + norm;
  return each * layersOf(model).filter(({ mixer }) => mixer === "linear").length;
}

Deno.test("matrices and norms of every decoder are those of its description, one by one", () => {
  for (const model of priced) {
    const bias = model.norm.bias ? model.dModel : 0;
    // The last norm may have a bias, and a module for a further token has three norms of its own.
    const norms = bias + 3 * (model.dModel + bias) * (model.mtp?.modules ?? 0) + inLinear(model);
    const { total } = parameters(withoutSmall(model));
    assertEquals(countOf(sizesOf(model)) + norms, total, model.id);
  }
});

Deno.test("biases, small norms and tables of positions are a thousandth of a model", () => {
  for (const model of priced) {
    assertAlmostEquals(countOf(sizesOf(model)) / parameters(model).total, 1, 1e-3, model.id);
  }
});

Deno.test("a step's forward pass has the FLOP that the description says", () => {
  const machine = machineOf("h100:64", "bf16").machine(baseStack);
  for (
    const id of [
      "llama-3-70b",
      "gpt3-175b",
      "qwen3-235b-a22b",
      "deepseek-v3-mtp",
      "arctic",
      "btx-small",
      "bam-small",
      "bam-large-shared-kv",
    ]
  ) {
    const model = modelPreset(id);
    const step = stepCosts({ sizes: sizesOf(model), plan: planWith(), workload, machine });
    const layers = step.stages.flat().flatMap((chunk) => chunk.layers);
    const flops = layers.reduce((sum, layer) => sum + layer.forward.flops, 0);
    const { total } = flopsPerToken(model, { sequence: workload.sequence });
    assertAlmostEquals(flops / (workload.sequence * total), 1, 1e-12, id);
  }
});

Deno.test("models that no sizes can say are refused, and the message says why", () => {
  for (const [id, part] of Object.entries(refused)) {
    assertThrows(() => sizesOf(modelPreset(id)), UserError, `step of ${id}: found ${part}, wanted`);
  }
  for (const model of modelPresets().filter(({ encoderLayers }) => encoderLayers > 0)) {
    assertThrows(() => sizesOf(model), UserError, "found an encoder, wanted a decoder of softmax");
  }
});

Deno.test("a part that no preset has alone is refused too", () => {
  const model = modelPreset("qwen3-30b-a3b");
  const moe = model.moe!;
  const found = (changes: Partial<Model>, message: string) =>
    assertThrows(() => sizesOf({ ...model, ...changes }), UserError, message);
  found({ moe: { ...moe, latent: 512 } }, "found experts in a latent space");
  found(
    { moe: { ...moe, denseBeside: { width: 8, activation: "relu", bias: false } } },
    "found the activations swiglu and relu, wanted gated ones alone or none",
  );
});

Deno.test("the sizes of a latent, a grouped and a windowed attention", () => {
  const { name: _, moe, ...latent } = sizesOf(modelPreset("deepseek-v3"), { mtpLayers: 1 });
  const { name: _v3, moe: _moe, ...expected } = deepseekV3;
  assertEquals(latent, expected);
  assertEquals(moe, { ...deepseekV3.moe!, domainLimit: { groups: 8, chosen: 4 } });
  const { name: _l, ...dense } = sizesOf(modelPreset("llama-3-70b"));
  const { name: _70b, ...grouped } = llama70b;
  assertEquals(dense, grouped);
  assertEquals(sizesOf(modelPreset("gpt-oss-120b")).attention.window, { size: 128, every: 2 });
});

Deno.test("modules that predict further tokens are the description's unless told otherwise", () => {
  const model = modelPreset("deepseek-v3-mtp");
  assertEquals(sizesOf(model).mtpLayers, 1);
  assertEquals(sizesOf(model, { mtpLayers: 0 }).mtpLayers, 0);
});

Deno.test("experts in some layers: after dense ones, or one layer in so many", () => {
  assertEquals(sizesOf(modelPreset("deepseek-v3")).moe!.firstDense, 3);
  const { firstDense, every } = sizesOf(modelPreset("openmoe-8b")).moe!;
  assertEquals([firstDense, every], [0, 6]);
  const model = modelPreset("openmoe-8b");
  const odd = {
    ...model,
    moe: { ...model.moe!, placement: { kind: "list" as const, layers: [1, 2, 7] } },
  };
  assertThrows(
    () => sizesOf(odd),
    UserError,
    "found experts in layers 1, 2, 7, wanted one layer in so many",
  );
});

Deno.test("a dense network beside the experts counts as a shared expert", () => {
  const model = modelPreset("arctic");
  assertEquals(sizesOf(model).moe!.sharedWidth, model.moe!.denseBeside!.width);
});

Deno.test("layers with a state and gated outputs come along", () => {
  const { linear, outputGate } = sizesOf(modelPreset("qwen3-next-80b-a3b")).attention;
  assertEquals([linear?.every, linear?.heads, linear?.inWidth, outputGate], [4, 32, 12_352, true]);
});

Deno.test("networks of two matrices, norms with biases and tables of positions", () => {
  const { ffnMatrices, norms } = sizesOf(modelPreset("nemotron-4-340b"));
  assertEquals([ffnMatrices, norms], [2, { perLayer: 2, bias: true }]);
  assertEquals(sizesOf(modelPreset("gpt3-175b")).learnedPositions, true);
});
