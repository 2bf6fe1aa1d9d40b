import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Sizes } from "../../../sim/cost/sizes.ts";
import type { RecomputeModule } from "../../../sim/plan/plan.ts";
import { memoryHabits } from "../../../sim/memory/habits.ts";
import { layerTensors } from "../../../sim/memory/layer_tensors.ts";
import { memorySite } from "../../../sim/memory/site.ts";
import { dense, mixture, plan, workload } from "./toy.ts";

/** GPT as in arXiv 2205.05198: four times as wide inside, two matrices. */
const gpt: Sizes = { ...dense, ffnMatrices: 2, ffnWidth: 4 * dense.dModel };
const [s, b, h, a] = [workload.sequence, 4, gpt.dModel, gpt.attention.heads];

function kept(changes: Partial<typeof plan>, habits = "megatron-2021", sizes = gpt) {
  const of = { ...plan, microBatch: b, ...changes };
  const site = memorySite(sizes, of, workload, memoryHabits(habits));
  return layerTensors("dense", site).reduce((sum, t) => sum + (t.kept ? t.bytes : 0), 0);
}

Deno.test("a dense layer keeps what Korthikanti et al. count, by their five formulas", () => {
  const scores = 5 * a * s / h;
  assertEquals(kept({}), s * b * h * (34 + scores));
  const t = 4;
  assertEquals(kept({ tp: t, dp: 2 }), s * b * h * (10 + 24 / t + scores / t));
  const split = { tp: t, dp: 2, sequenceParallel: true };
  assertEquals(kept(split), s * b * h * (34 + scores) / t);
  assertEquals(kept({ ...split, recompute: ["attention_core"] }), 34 * s * b * h / t);
  assertEquals(kept({ ...split, recompute: "full" }), 2 * s * b * h / t);
});

Deno.test("flash attention keeps four bytes a query and head in place of the scores", () => {
  const masks = 2 * s * b * h;
  const withScores = kept({});
  assertEquals(kept({}, "megatron"), withScores - masks - 5 * a * s * s * b + 4 * a * s * b);
});

Deno.test("context parallelism divides every tensor, its all-to-all doubles the output", () => {
  assertAlmostEquals(kept({ cp: 2, dp: 4 }, "megatron"), kept({}, "megatron") / 2, 1);
  const exchange = { cp: 2, dp: 4, contextExchange: "a2a" as const };
  const once = kept(exchange, "megatron");
  assertEquals(kept(exchange, "megatron-core-simumax") - once, s * b * h * 2 / 2);
});

Deno.test("narrow products keep narrow inputs, gradients of activations stay wide", () => {
  const bf16 = kept({}, "megatron", dense);
  const fp8 = kept({ precision: "fp8" }, "megatron", dense);
  // Two norms' outputs and the product at half, a narrow copy of the attention's output.
  assertEquals(bf16 - fp8, s * b * (2 * h + dense.ffnWidth - h));
});

Deno.test("each module that is computed again spares tensors, and full recomputation most", () => {
  const site = (recompute: typeof plan.recompute) =>
    memorySite(mixture, { ...plan, recompute }, workload, memoryHabits("megatron"));
  const bytes = (recompute: typeof plan.recompute) =>
    layerTensors("moe", site(recompute)).reduce((sum, t) => sum + (t.kept ? t.bytes : 0), 0);
  const all = bytes("none");
  const modules: RecomputeModule[] = ["norm", "activation", "experts", "shared_experts"];
  for (const module of modules) assert(bytes([module]) < all, module);
  assert(bytes("full") < bytes(modules));
  assertEquals(bytes(["ffn"]), all);
  const names = layerTensors("moe", site(["experts"])).filter((t) => !t.kept).map((t) => t.part);
  assertEquals([...new Set(names)].sort(), ["experts", "router"]);
});

Deno.test("experts keep rows by choices and by load, and a latent layer its compressions", () => {
  const site = memorySite(mixture, { ...plan, dp: 8, ep: 4 }, workload, memoryHabits("megatron"));
  const rows = (load: number) =>
    layerTensors("moe", site, { load }).find((t) => t.name === "rows")!.bytes;
  assertEquals(rows(1), workload.sequence * 2 * mixture.dModel * 2);
  assertEquals(rows(1.5), 1.5 * rows(1));
  const latent = {
    ...mixture,
    attention: {
      ...{ heads: 8, kvHeads: 8, qkDim: 48, vDim: 32 },
      latent: { qRank: 64, kvRank: 32, ropeDim: 16 },
    },
  };
  const up = memorySite(latent, { ...plan, recompute: ["mla_up"] }, workload, site.habits);
  const spared = layerTensors("moe", up).filter((t) => !t.kept);
  assertEquals(spared.map((t) => t.name), ["queries", "keys", "values"]);
  assertEquals(spared.reduce((sum, t) => sum + t.bytes, 0), 512 * 8 * (48 + 48 + 32) * 2);
});

Deno.test("checkpoints by operator keep attention and every second product, whatever is named", () => {
  const d = dense.dModel;
  const elements = 2 * h + 2 * d + dense.ffnWidth;
  const expected = s * b * (2 * elements + 4 * a);
  for (const recompute of [["norm"], ["norm", "activation"]] as const) {
    assertEquals(kept({ recompute }, "torchtitan", dense), expected);
    // Operators write 16 bits, and inputs of products are cast again.
    assertEquals(kept({ recompute, precision: "fp8" }, "torchtitan", dense), expected);
  }
  assert(kept({ recompute: "none" }, "torchtitan", dense) > 2 * expected);
});

Deno.test("DeepSeek keeps inputs of activations in 8 bits and attention's output once, in 12", () => {
  const narrow = { precision: "fp8", recompute: ["norm", "activation"] } as const;
  const usual = kept(narrow, "megatron", dense);
  const inputs = 2 * dense.ffnWidth;
  assertEquals(usual - kept(narrow, "deepseek-hai", dense), s * b * (inputs + 1.5 * h));
  assertEquals(kept({}, "deepseek-hai", dense), kept({}, "megatron", dense));
});
