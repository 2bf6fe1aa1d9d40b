/** Lowering to ops: order, dimensions, rows and errors. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { flops, op, type OpDims } from "../../../kernels/base/op.ts";
import {
  type GqaAttention,
  layersOf,
  lowerLayer,
  lowerModel,
  lowerMoeLayer,
  type Model,
  modelPreset,
  moeLayerShape,
} from "../../../core/spec/mod.ts";

const shape = {
  dModel: 64,
  dExpert: 32,
  experts: 8,
  topK: 2,
  sharedExperts: 2,
  sharedWidth: 48,
};

Deno.test("a MoE layer's ops, in order, with their dimensions", () => {
  const rows = [4, 4, 4, 4, 4, 4, 4, 4];
  const ops = lowerMoeLayer(shape, 16, { dtype: "bf16", rows });
  assertEquals(ops, [
    { kind: "gemm", dims: { m: 16, n: 8, k: 64 }, dtype: "bf16", name: "router logits" },
    { kind: "router", dims: { t: 16, e: 8, k: 2 }, dtype: "bf16", name: "router" },
    { kind: "group_tokens", dims: { t: 16, e: 8, k: 2 }, dtype: "bf16", name: "group tokens" },
    {
      kind: "grouped_gemm_swiglu",
      dims: { m: 32, n: 32, k: 64, groups: 8 },
      dtype: "bf16",
      name: "expert up",
      rows,
    },
    {
      kind: "grouped_gemm",
      dims: { m: 32, n: 64, k: 32, groups: 8 },
      dtype: "bf16",
      name: "expert down",
      rows,
    },
    { kind: "gemm_swiglu", dims: { m: 16, n: 48, k: 64 }, dtype: "bf16", name: "shared up" },
    { kind: "gemm", dims: { m: 16, n: 64, k: 48 }, dtype: "bf16", name: "shared down" },
    { kind: "combine", dims: { t: 16, k: 3, d: 64 }, dtype: "bf16", name: "combine" },
  ]);
});

Deno.test("without shared experts there is no shared op, and no rows unless they are given", () => {
  const ops = lowerMoeLayer({ ...shape, sharedExperts: 0, sharedWidth: 0 }, 16);
  assertEquals(ops.map((op) => op.name), [
    "router logits",
    "router",
    "group tokens",
    "expert up",
    "expert down",
    "combine",
  ]);
  assertEquals((ops.at(-1)!.dims as OpDims["combine"]).k, 2);
  assert(ops.every((op) => op.rows === undefined && op.dtype === "f32"));
});

Deno.test("ungated experts have one product up and an activation pass", () => {
  const ops = lowerMoeLayer({ ...shape, sharedWidth: 0, activation: "relu" }, 16);
  assertEquals(ops.slice(3, 6).map((op) => [op.kind, op.name]), [
    ["grouped_gemm", "expert up"],
    ["elementwise", "expert relu"],
    ["grouped_gemm", "expert down"],
  ]);
});

Deno.test("the FLOP of the experts do not depend on how the rows are spread", () => {
  const row = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 8, maxLength: 8 });
  fc.assert(fc.property(row, (rows) => {
    const tokens = Math.max(1, rows.reduce((s, n) => s + n, 0) / 2);
    const cost = (options: { rows?: number[] }) =>
      lowerMoeLayer(shape, tokens, options).reduce((s, op) => s + flops(op), 0);
    assertEquals(cost({ rows }), cost({}));
  }));
});

Deno.test("the shape of a model's MoE layer", () => {
  assertEquals(moeLayerShape(modelPreset("qwen1.5-moe-a2.7b")), {
    dModel: 2048,
    dExpert: 1408,
    experts: 60,
    topK: 4,
    sharedExperts: 4,
    sharedWidth: 5632,
    activation: "swiglu",
    sharedGate: true,
    router: "linear",
  });
  const pyramid = modelPreset("deepspeed-pr-moe-31b");
  assertEquals([moeLayerShape(pyramid, 1), moeLayerShape(pyramid, 23)].map((s) => s.experts), [
    64,
    128,
  ]);
});

Deno.test("a layer without experts, or outside the model, is refused", () => {
  assertThrows(
    () => moeLayerShape(modelPreset("deepseek-v3"), 2),
    TypeError,
    "Cannot take the experts of deepseek-v3 at layer 2: expected a layer with experts",
  );
  assertThrows(() => moeLayerShape(modelPreset("palm-540b")), TypeError, "found a dense one");
  assertThrows(
    () => moeLayerShape(modelPreset("dbrx"), 40),
    TypeError,
    "Cannot take layer 40 of dbrx: expected an index below 40",
  );
});

Deno.test("latent attention goes down and up again", () => {
  const model = modelPreset("deepseek-v3");
  const ops = lowerLayer(model, layersOf(model)[0], 8, { sequence: 8, dtype: "bf16" });
  const dims = (name: string) => ops.find((op) => op.name === name)?.dims;
  assertEquals(dims("query down"), { m: 8, n: 1536, k: 7168 });
  assertEquals(dims("query up"), { m: 8, n: 128 * 192, k: 1536 });
  assertEquals(dims("key and value down"), { m: 8, n: 576, k: 7168 });
  assertEquals(dims("key and value up"), { m: 8, n: 128 * 256, k: 512 });
  assertEquals(dims("attention"), { t: 8, s: 8, heads: 128, dqk: 192, dv: 128 });
  assertEquals(dims("attention out"), { m: 8, n: 7168, k: 128 * 128 });
  assertEquals(dims("dense up"), { m: 8, n: 18432, k: 7168 });
});

Deno.test("grouped queries need fewer keys and values", () => {
  const model = modelPreset("mixtral-8x7b");
  const ops = lowerLayer(model, layersOf(model)[0], 8);
  const dims = ["q", "k", "v"].map((name) =>
    ops.find((op) => op.name === `attention ${name}`)?.dims
  );
  const of = (n: number) => ({ m: 8, n: n * 128, k: 4096 });
  assertEquals(dims, [of(32), of(8), of(8)]);
});

Deno.test("attention experts all run, each with its own or with shared keys and values", () => {
  const width = (id: string) => {
    const model = modelPreset(id);
    const ops = lowerLayer(model, layersOf(model)[0], 8);
    assertEquals(
      (ops.find((op) => op.kind === "attention")!.dims as OpDims["attention"]).heads,
      32,
    );
    return ["q", "k", "v"].map((name) =>
      (ops.find((op) => op.name === `attention ${name}`)!.dims as OpDims["gemm"]).n
    );
  };
  assertEquals(width("bam-small"), [4 * 1024, 4 * 1024, 4 * 1024]);
  assertEquals(width("bam-small-shared-kv"), [4 * 1024, 1024, 1024]);
});

Deno.test("residuals are added by what ends a branch, but for those behind a norm", () => {
  const lowered = (id: string, perLayer: number) => {
    const model = modelPreset(id);
    const changed = { ...model, norm: { ...model.norm, perLayer } };
    const ops = lowerLayer(changed, layersOf(changed)[0], 8);
    const combine = ops.find((op) => op.kind === "combine")?.dims as OpDims["combine"] | undefined;
    return [ops.filter((op) => op.name === "residual sum").length, combine?.k];
  };
  assertEquals(lowered("mixtral-8x7b", 2), [0, 3]);
  assertEquals(lowered("mixtral-8x7b", 4), [2, 2]);
  assertEquals(lowered("palm-540b", 1), [0, undefined]);
});

Deno.test("each layer's experts have rows of their own where they are given", () => {
  const model = modelPreset("tiny");
  const [even, odd] = [[2, 2, 2, 2, 2, 2, 2, 2], [16, 0, 0, 0, 0, 0, 0, 0]];
  const rowsOf = (options: Parameters<typeof lowerModel>[2]) =>
    lowerModel(model, 8, options).filter(({ name }) => name === "expert up").map((op) => op.rows);
  assertEquals(rowsOf({ layerRows: [even, odd] }), [even, odd]);
  assertEquals(rowsOf({ rows: odd, layerRows: [even] }), [even, odd]);
  assertEquals(rowsOf({}), [undefined, undefined]);
});

Deno.test("a model ends in the output layer, and each layer's ops come in order", () => {
  const model = modelPreset("olmoe");
  const ops = lowerModel(model, 8, { dtype: "bf16" });
  assertEquals(ops.at(-1), {
    kind: "gemm",
    dims: { m: 8, n: 50304, k: 2048 },
    dtype: "bf16",
    name: "logits",
  });
  assertEquals(ops.filter((op) => op.kind === "router").length, 16);
  assert(ops.every((op) => op.dtype === "bf16"));
});

Deno.test("a router whose tokens reach few groups masks the scores of the others", () => {
  const shape = moeLayerShape(modelPreset("deepseek-v3"));
  assertEquals(shape.groupLimit, { groups: 8, chosen: 4 });
  const ops = lowerMoeLayer(shape, 16).filter(({ name }) => name === "limit groups");
  const pass = op("elementwise", { n: 16 * 256, reads: 1 }, { dtype: "f32", name: "limit groups" });
  assertEquals(ops, [pass]);
});

Deno.test("experts in a latent space, sinks and gated outputs are refused", () => {
  const model = modelPreset("qwen3-8b");
  const attention = model.attention as GqaAttention;
  const found = (changed: Model) =>
    assertThrows(() => lowerLayer(changed, layersOf(changed)[0], 16), TypeError).message;
  assertStringIncludes(
    found({ ...model, attention: { ...attention, sinks: true } }),
    "Cannot lower qwen3-8b to operators: found attention with sinks, wanted attention without",
  );
  assertStringIncludes(
    found({ ...model, attention: { ...attention, outputGate: true } }),
    "found attention with a gated output",
  );
  assertThrows(
    () => moeLayerShape(modelPreset("nemotron-3-super-120b-a12b")),
    TypeError,
    "found experts in a latent space of 1024, wanted experts of model width",
  );
});
