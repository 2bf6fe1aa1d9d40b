/** FLOP of a token against BAM's Table 7 and published training figures, and against the ops. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { flops } from "../../../kernels/base/op.ts";
import {
  flopsPerToken,
  layerFlops,
  layersOf,
  lowerModel,
  type Model,
  modelPreset,
  paperTable,
} from "../../../core/spec/mod.ts";
import { loweredPresets, refusedPresets } from "./lowered.ts";

/** FLOP of the first layer as BAM's Table 7 counts: context 256, three FLOP a hidden unit. */
const table7 = (model: Model) =>
  layerFlops(model, layersOf(model)[0], { sequence: 256, activation: 3 });

Deno.test("BAM's Table 7 comes out of the sizes, digit for digit", () => {
  const btx = modelPreset("btx-small");
  const six = { ...btx, moe: { ...btx.moe!, experts: 6, topK: 3 } };
  const found = [modelPreset("bam-small"), btx, six].map((model) => {
    const { attention, ffn, total } = table7(model);
    return [attention, ffn, total];
  });
  const printed = paperTable("bam-7").rows.map((r) => [r.attentionFlop, r.ffnFlop, r.totalFlop]);
  assertEquals(found, [
    [35_651_584, 12_589_056, 48_257_024],
    [8_912_896, 12_589_056, 21_510_144],
    [8_912_896, 37_767_168, 46_692_352],
  ]);
  assertEquals(found as unknown, printed);
});

Deno.test("BAM's Table 10: formulas of each operation", () => {
  const d = 1024;
  const nCtx = 256;
  const n = 4;
  const { attention, router, ffn } = table7(modelPreset("bam-small"));
  assertEquals(attention, 6 * n * d ** 2 + 2 * n * nCtx * d + 2 * n * d ** 2);
  assertEquals(router, 2 * (2 * n * d));
  assertEquals(ffn, 3 * d * 4096 + 6144);
});

Deno.test("training FLOP of a token, as published with causal attention at 4096 tokens", () => {
  const gigaflop = (id: string) =>
    3 * flopsPerToken(modelPreset(id), { sequence: 4096 }).total / 1e9;
  assertAlmostEquals(gigaflop("deepseek-v3"), 250.4, 0.1);
  assertAlmostEquals(gigaflop("qwen3-235b-a22b"), 148.3, 0.1);
  assertAlmostEquals(gigaflop("qwen3-30b-a3b"), 23.1, 0.05);
  assertAlmostEquals(gigaflop("deepseek-v3-mtp"), 260.6, 0.05);
  assertAlmostEquals(gigaflop("gpt-oss-120b"), 32.7, 0.05);
});

Deno.test("training FLOP of a token, as published with causal attention at 8192 tokens", () => {
  const gigaflop = (id: string) =>
    3 * flopsPerToken(modelPreset(id), { sequence: 8192 }).total / 1e9;
  assertAlmostEquals(gigaflop("llama-3-70b"), 449.2, 0.05);
  assertAlmostEquals(gigaflop("llama-3.1-405b"), 2524, 0.5);
});

const counted = ["gemm", "gemm_swiglu", "grouped_gemm", "grouped_gemm_swiglu", "attention"];

Deno.test("the ops of every preset that lowers cost what its formula says", () => {
  for (const model of loweredPresets()) {
    const ops = lowerModel(model, 64, { sequence: 32 });
    const sum = ops.filter((op) => counted.includes(op.kind)).reduce((s, op) => s + flops(op), 0);
    assertEquals(sum, 64 * flopsPerToken(model, { sequence: 32 }).total, model.id);
  }
});

Deno.test("FLOP outside attention do not depend on the sequence, the core grows with it", () => {
  const model = modelPreset("deepseek-v2");
  fc.assert(fc.property(fc.integer({ min: 1, max: 1 << 20 }), (sequence) => {
    const one = flopsPerToken(model, { sequence });
    const two = flopsPerToken(model, { sequence: 2 * sequence });
    assertEquals([two.ffn, two.router, two.head], [one.ffn, one.router, one.head]);
    assertEquals(two.attention - one.attention, 60 * sequence * 128 * (192 + 128));
  }));
});

Deno.test("more experts cost router FLOP alone", () => {
  const model = modelPreset("mixtral-8x7b");
  const more = { ...model, moe: { ...model.moe!, experts: 16 } };
  const [a, b] = [model, more].map((m) => flopsPerToken(m, { sequence: 128 }));
  assertEquals(b.total - a.total, 32 * 2 * 4096 * 8);
});

Deno.test("a preset with a part that no kernel runs is refused, and says which", () => {
  const found = (id: string) => {
    const error = assertThrows(() => lowerModel(modelPreset(id), 64), TypeError);
    return /found (.*), wanted/.exec(error.message)?.[1];
  };
  for (const [id, part] of Object.entries(refusedPresets)) assertEquals(found(id), part, id);
});

Deno.test("a window costs what its queries see, and nothing less where it is wide", () => {
  const oss = modelPreset("gpt-oss-120b");
  const [narrow, wide] = layersOf(oss);
  const core = (layer: typeof wide, sequence: number) => {
    const at = (s: number) => layerFlops(oss, layer, { sequence: s }).attention;
    return at(sequence) - at(1) + 64 * 128;
  };
  // Queries 1 to 127 see as many keys, half a key less each for the diagonal, the others 128.
  assertEquals(core(narrow, 4096), 2 * 64 * 128 * (128 - 128 ** 2 / (2 * 4096)));
  assertEquals(core(wide, 4096), 64 * 128 * 4096);
  assertEquals(core(narrow, 128), core(wide, 128));
});

Deno.test("linear attention and Mamba-2 cost the same at every length", () => {
  for (const id of ["qwen3-next-80b-a3b", "minimax-text-01", "nemotron-3-nano-30b-a3b"]) {
    const model = modelPreset(id);
    const layer = layersOf(model).find(({ mixer }) => mixer === "linear" || mixer === "mamba2")!;
    const at = (sequence: number) => layerFlops(model, layer, { sequence }).total;
    assertEquals(at(131_072), at(128), id);
  }
  const next = modelPreset("qwen3-next-80b-a3b");
  const { attention } = layerFlops(next, layersOf(next)[0], { sequence: 128 });
  assertEquals(attention, 2 * 2048 * (12_288 + 64 + 4096) + 6 * 32 * 128 * 128);
});

Deno.test("a module for a further token costs a layer, a join and the output layer", () => {
  const plain = modelPreset("deepseek-v3");
  const cost = (modules: number) =>
    flopsPerToken({ ...plain, mtp: { modules } }, { sequence: 4096 }).total;
  const [layer] = layersOf(plain).slice(-1);
  const more = layerFlops(plain, layer, { sequence: 4096 }).total + 4 * 7168 ** 2 +
    2 * 129_280 * 7168;
  assertEquals(cost(2) - cost(1), more);
  assertEquals(cost(1) - flopsPerToken(plain, { sequence: 4096 }).total, more);
});
