/** What the forward pass does not run, by the field that says so. */
import { assertEquals, assertThrows } from "@std/assert";
import { checkInference } from "../../../core/infer/inference_check.ts";
import type { RunSettings } from "../../../core/checkpoints/run_settings.ts";
import type { Model } from "../../../core/spec/model.ts";
import { type ArchitectureName, architectureNames, madeUp } from "./made_up/architectures.ts";

type Changes = Record<string, unknown>;

/** A record with some fields, by their paths, changed. */
function changed<T>(record: T, changes: Changes): T {
  const copy = structuredClone(record) as Changes;
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop()!;
    const at = keys.reduce((of, key) => (of[key] ??= {}) as Changes, copy);
    at[last] = value;
  }
  return copy as T;
}

const refused = (name: ArchitectureName, model: Changes, settings: Changes = {}) => {
  const made = madeUp(name);
  const told: [Model, RunSettings] = [
    changed(made.model, model),
    changed(made.settings, settings),
  ];
  return assertThrows(() => checkInference(...told), TypeError).message.replace(
    `Cannot run ${made.model.id}: found `,
    "",
  );
};

Deno.test("every architecture that is made up here is run", () => {
  for (const name of architectureNames) {
    const { model, settings } = madeUp(name);
    checkInference(model, settings);
  }
});

const experts = {
  ...{ kind: "experts", experts: 2, kv: "expert", heads: 4, kvHeads: 2, headDim: 16 },
  ...{ qkvBias: false, outBias: false, qkNorm: "none", outputGate: false, sinks: false },
};

Deno.test("parallel blocks and attention experts are run", () => {
  const { model, settings } = madeUp("llama");
  for (const perLayer of [1, 2]) {
    checkInference(changed(model, { block: "parallel", "norm.perLayer": perLayer }), settings);
  }
  checkInference(changed(model, { attention: experts }), settings);
});

Deno.test("what is not run is refused by its field", () => {
  const messages = [
    refused("llama", { "norm.perLayer": 1 }),
    refused("llama", { block: "parallel", "norm.perLayer": 3 }),
    refused("llama", { attention: { ...experts, qkNorm: "head" } }),
    refused("llama", { attention: { ...experts, outputGate: true } }),
    refused("llama", { "norm.bias": true }),
    refused("llama", { "embedding.positions.kind": "none" }),
    refused("llama", { "linear.kind": "lightning" }),
    refused("llama", { "attention.outputGate": true }),
    refused("llama", { "attention.headDim": 12 }),
    refused("llama", { "attention.headDim": 264 }),
    refused("llama", {}, { "rope.dim": 24 }),
    refused("deepseek_v3", { "attention.valueDim": 12 }),
    refused("deepseek_v3", { "attention.nopeDim": 10 }),
    refused("deepseek_v3", {}, { "rope.dim": 16 }),
    refused("llama", { "ffn.activation": "geglu" }),
    refused("mixtral", { "moe.activation": "relu" }),
    refused("mixtral", { "moe.router.kind": "mlp" }),
    refused("mixtral", { "moe.latent": 32 }),
    refused("mixtral", {}, { router: undefined }),
    refused("deepseek", {}, { clamped: { limit: 7, alpha: 1.7 } }),
    refused("deepseek_v3", { "moe.router.bias": false }),
  ];
  assertEquals(messages, [
    "1 as norm.perLayer, wanted 2",
    "3 as norm.perLayer, wanted 1 or 2",
    "head as attention.qkNorm, wanted none beside attention experts",
    "some as attention.outputGate, wanted none",
    "some as norm.bias, wanted none beside rmsnorm",
    "none as embedding.positions, wanted rope",
    "some as linear, wanted none",
    "some as attention.outputGate, wanted none",
    "12 as attention.headDim, wanted a multiple of 8 up to 256",
    "264 as attention.headDim, wanted a multiple of 8 up to 256",
    "24 as settings.rope.dim, wanted a multiple of 8 up to 16",
    "12 as attention.valueDim, wanted a multiple of 8 up to 256",
    "10 as attention.nopeDim, wanted a multiple of 4",
    "16 as settings.rope.dim, wanted 8 and a multiple of 8",
    "geglu as ffn.activation, wanted swiglu",
    "relu as moe.activation, wanted swiglu",
    "mlp as moe.router.kind, wanted linear",
    "some as moe.latent, wanted none",
    "none as settings.router, wanted one for the experts",
    "some as settings.clamped, wanted none beside shared experts",
    "best-two as settings.router.groupScore, wanted best, where there is no bias of the choice",
  ]);
});
