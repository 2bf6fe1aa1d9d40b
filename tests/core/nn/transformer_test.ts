/** Whole models of many forms: losses and gradients against f64, and what is refused. */
import { assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { recipeById } from "../../../core/gates/recipes.ts";
import { gatingOf } from "../../../core/nn/gating.ts";
import { checkModel } from "../../../core/nn/model_check.ts";
import { createParameters } from "../../../core/nn/parameters.ts";
import { createTape } from "../../../core/nn/tape.ts";
import { lossAndGradients } from "../../../core/nn/transformer.ts";
import type { Model } from "../../../core/spec/model.ts";
import { createRecorder } from "../../../kernels/recorder.ts";
import { ropeTable } from "../../../kernels/rope/table.ts";
import { download, type Pool } from "../../../kernels/tensor.ts";
import { guessedKernels } from "../../../kernels/tune.ts";
import { numbers, withDevice } from "../../kernels/compare.ts";
import { modelOracle } from "./model_oracle.ts";
import { smallBatch, smallModel, smallMoe } from "./small_models.ts";

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

/** Loss and gradients of a model on the device, with weights that are nowhere 0 or 1. */
async function onDevice(pool: Pool, model: Model, causal: boolean) {
  const { ids, targets } = smallBatch(2, 12);
  // Nothing is predicted at every fifth token.
  const wanted = targets.map((target, t) => t % 5 === 0 ? 0xffffffff : target);
  const parameters = createParameters(pool, model, { seed: 1, causal, length: 12 });
  const names = Object.keys(parameters);
  const weights: Record<string, Float32Array> = {};
  for (const name of names) {
    const { value } = parameters[name];
    const [begun] = await download(pool.device, [value]);
    const scale = value.shape.length === 1 ? 0.3 : 0.1;
    const noise = numbers(name, begun.length, scale);
    weights[name] = begun.map((w, i) => w + noise[i]);
    pool.write(value, weights[name]);
  }
  const upload = (name: string, values: Uint32Array) => pool.upload(name, [24], values);
  const batch = {
    ...{ ids: upload("ids", ids), targets: upload("targets", wanted), length: 12 },
    positions: upload("positions", Uint32Array.from({ length: 24 }, (_, t) => t % 12)),
  };
  const { headDim } = checkModel(model);
  const rope = model.embedding.positions.kind === "rope"
    ? ropeTable(pool, { positions: 12, rotary: headDim })
    : undefined;
  const recorder = createRecorder(pool);
  const kernels = guessedKernels(pool.device);
  const told = { model, parameters, kernels, rope, causal };
  const { loss } = lossAndGradients(createTape(recorder), batch, told);
  recorder.submit();
  const grads = names.map((name) => parameters[name].grad!);
  const [[value], ...gradients] = await download(pool.device, [loss, ...grads]);
  const { length: _, ...tensors } = batch;
  pool.release(loss, ...grads, ...Object.values(tensors), ...(rope ? [rope] : []));
  pool.release(...names.map((name) => parameters[name].value));
  assertEquals(pool.bytes().live, 0, "what is released was all there was");
  const oracle = (weights: Record<string, ArrayLike<number>>) => {
    const losses = modelOracle({ ids, targets: wanted, length: 12 }, { model, weights, causal });
    const count = wanted.filter((target) => target !== 0xffffffff).length;
    return losses.reduce((a, b) => a + b) / count;
  };
  return { value, gradients, names, weights, oracle };
}

/** The largest difference between gradients and slopes of the oracle, as a share of the gradient. */
function slopeErrors(found: Awaited<ReturnType<typeof onDevice>>) {
  const { gradients, names, weights, oracle } = found;
  return names.map((name, i) => {
    const gradient = gradients[i];
    const along = numbers(`along ${name}`, gradient.length);
    const size = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    const slope = gradient.reduce((sum, g, j) => sum + g * along[j], 0);
    const at = (step: number) => {
      const moved = Float64Array.from(weights[name], (w, j) => w + step * along[j]);
      return oracle({ ...weights, [name]: moved });
    };
    // The slope along random numbers is about as large as the gradient.
    return { name, error: Math.abs((at(1e-6) - at(-1e-6)) / 2e-6 - slope) / Math.max(size, 1e-3) };
  });
}

Deno.test(
  "loss and gradients of dense models of many forms are those of f64",
  // One device for all: kernels are compiled once.
  withDevice(async (pool) => {
    for (const [form, { changes, causal = true }] of Object.entries(forms)) {
      const found = await onDevice(pool, smallModel(changes), causal);
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
