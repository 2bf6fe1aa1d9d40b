/** Whole models of many forms: losses and gradients against f64, and what is refused. */
import { assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { recipeById } from "../../../core/gates/recipes.ts";
import { gatingOf } from "../../../core/nn/gating.ts";
import { checkModel } from "../../../core/nn/model_check.ts";
import { withDevice } from "../../kernels/compare.ts";
import { modelOnDevice, slopeErrors } from "./model_gradients.ts";
import { smallModel, smallMoe } from "./small_models.ts";

const heads = { kind: "mha", heads: 2, headDim: 16 };
const untied = { vocab: 29, tied: false };

/** What is unlike the plainest model, and whether it looks back alone. */
const forms: Record<string, { changes: Record<string, unknown>; causal?: boolean }> = {
  "serial, RMSNorm, grouped queries, tied": { changes: { layers: 1 } },
  "parallel, one norm": { changes: { layers: 1, block: "parallel", norm: { perLayer: 1 } } },
  "parallel, two norms, GEGLU": {
    changes: { layers: 1, block: "parallel", ffn: { width: 20, activation: "geglu" } },
  },
  "LayerNorm with biases, GELU, untied, learned positions, both directions": {
    changes: {
      layers: 1,
      norm: { kind: "layernorm", bias: true },
      ffn: { width: 20, activation: "gelu" },
      attention: { ...heads, qkvBias: true, outBias: true },
      embedding: { ...untied, positions: { kind: "learned", length: 16 } },
    },
    causal: false,
  },
  "windows and sinks, ReLU, no last norm": {
    changes: {
      norm: { final: false },
      ffn: { width: 20, activation: "relu" },
      attention: {
        ...{ ...heads, sinks: true },
        window: { size: 4, fullEvery: 2, fullOffset: 1 },
      },
      embedding: untied,
    },
  },
};

Deno.test(
  "loss and gradients of dense models of many forms are those of f64",
  // One device for all: kernels are compiled once.
  withDevice(async (pool) => {
    for (const [form, { changes, causal = true }] of Object.entries(forms)) {
      const found = await modelOnDevice(pool, smallModel(changes), { causal });
      const { value, weights, oracle } = found;
      const expected = oracle(weights);
      const what = `${form}: ${value}, wanted ${expected}`;
      assertLessOrEqual(Math.abs(value - expected), 1e-5 * expected, what);
      for (const { name, error } of slopeErrors(found)) {
        assertLessOrEqual(error, 2e-3, `${form}: ${name}`);
      }
    }
  }),
);

const refused = (changes: Record<string, unknown>, use: Parameters<typeof checkModel>[1] = {}) =>
  assertThrows(() => checkModel(smallMoe(changes), use), TypeError).message;

Deno.test("what cannot run is refused by the first field", () => {
  const moe = { experts: 4, topK: 2, width: 12, activation: "swiglu" };
  const messages = [
    refused({ attention: { ...heads, qkNorm: "head" } }),
    refused({ attention: { ...heads, outputGate: true } }),
    refused({ norm: { perLayer: 4 } }),
    refused({ moe: { ...moe, activation: "geglu" } }),
    refused({ moe: { ...moe, activation: "relu2" } }, { recipe: recipeById("switch") }),
    refused({ moe: { ...moe, router: { kind: "mlp" } } }),
    refused(
      { attention: { ...heads, window: { size: 4, fullEvery: 2, fullOffset: 1 } } },
      { causal: false },
    ),
    refused(
      { embedding: { ...untied, positions: { kind: "learned", length: 16 } } },
      { length: 17 },
    ),
  ];
  assertEquals(messages.map((text) => text.replace("Cannot train small: found ", "")), [
    "head as attention.qkNorm, wanted none",
    "one as attention.outputGate, wanted none",
    "4 as norm.perLayer, wanted 2",
    "geglu as moe.activation, wanted swiglu without a gate's recipe",
    "relu2 as moe.activation, wanted swiglu, geglu, relu, gelu",
    "mlp as moe.router, wanted linear without a gate's recipe",
    "one as attention.window, wanted none in both directions",
    "16 as embedding.positions.length, wanted 17 or more",
  ]);
  assertThrows(
    () => gatingOf(smallMoe(), { recipe: recipeById("expert-choice"), sequences: 1, length: 8 }),
    TypeError,
    "in a causal decoder a token's experts would depend on tokens after it",
  );
});
