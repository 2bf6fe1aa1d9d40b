/** Counts of parameters against printed tables, and properties that hold of every model. */
import { assert, assertAlmostEquals, assertEquals, assertGreaterOrEqual } from "@std/assert";
import fc from "fast-check";
import { type Model, modelPreset, modelPresets, parameters } from "../../../core/spec/mod.ts";

/** BTX at BAM's small size with another number of experts. */
function btx(experts: number, topK = 1): Model {
  const model = modelPreset("btx-small");
  return { ...model, moe: { ...model.moe!, experts, topK } };
}

const counts = (model: Model) => {
  const { total, active } = parameters(model);
  return [total, active];
};

Deno.test("BAM's Table 9 comes out of the sizes, digit for digit", () => {
  assertEquals(counts(modelPreset("bam-small")), [776_002_560, 662_731_776]);
  assertEquals(counts(modelPreset("bam-small-seed")), [587_209_728, 587_209_728]);
  assertEquals(counts(modelPreset("btx-small")), [700_480_512, 587_234_304]);
});

Deno.test("BAM's active count with both routers", () => {
  const { active } = parameters(modelPreset("bam-small"), { convention: "all" });
  assertEquals(active, 662_756_352);
});

Deno.test("shared keys and values count as active, which the paper's print leaves out", () => {
  const model = modelPreset("bam-small-shared-kv");
  assertEquals(counts(model), [738_253_824, 624_983_040]);
  const sharedKeysAndValues = 6 * 2 * 1024 * 1024;
  assertEquals(624_983_040 - sharedKeysAndValues, 612_400_128);
  assertEquals(model.published?.active, "612400128");
});

Deno.test("BTX with 5 to 8 experts, as in BAM's Table 4", () => {
  const totals = [5, 6, 7, 8].map((experts) => parameters(btx(experts)).total);
  assertEquals(totals, [738_235_392, 775_990_272, 813_745_152, 851_500_032]);
  assertEquals(parameters(btx(6, 3)).active, 662_744_064);
});

Deno.test("parts of BAM small are those of Table 9", () => {
  assertEquals(parameters(modelPreset("bam-small")).byPart, {
    embedding: 262_144_000,
    head: 262_144_000,
    norm: 7 * 1024,
    attention: 6 * (12_582_912 + 4_194_304),
    attentionRouter: 6 * 4096,
    router: 6 * 4096,
    experts: 6 * 4 * (4_194_304 + 2_097_152),
  });
});

Deno.test("counts known from released weights", () => {
  assertEquals(parameters(modelPreset("mixtral-8x7b")).total, 46_702_792_704);
  assertEquals(parameters(modelPreset("deepseek-v3")).total, 671_026_419_200);
  assertEquals(parameters(modelPreset("llama-2-7b")).total, 6_738_415_616);
});

Deno.test("about 90 % of PaLM 540B lies in its feed-forward networks", () => {
  const { total, byPart } = parameters(modelPreset("palm-540b"));
  assertAlmostEquals(byPart.ffn / total, 0.9, 0.015);
});

Deno.test("LLaMA-MoE's experts hold the feed-forward parameters of Llama 2 7B", () => {
  const dense = parameters(modelPreset("llama-2-7b")).byPart;
  for (const id of ["llama-moe-3.0b-2-16", "llama-moe-3.5b-4-16", "llama-moe-3.5b-2-8"]) {
    const { byPart } = parameters(modelPreset(id));
    assertEquals(byPart.experts, dense.ffn, id);
    assertEquals(byPart.attention, dense.attention, id);
  }
});

Deno.test("DeepSeekMoE 2B prints expert parameters alone", () => {
  const { byPart, activeByPart } = parameters(modelPreset("deepseek-moe-2b"));
  assertAlmostEquals((byPart.experts + byPart.shared) / 1e9, 1.89, 0.005);
  assertAlmostEquals((activeByPart.experts + activeByPart.shared) / 1e9, 0.24, 0.005);
});

Deno.test("Arctic is a dense model of 10B beside its experts", () => {
  const { total, byPart } = parameters(modelPreset("arctic"));
  assertAlmostEquals((total - byPart.experts) / 1e9, 10, 0.1);
});

Deno.test("PR-MoE has more experts in its last layers", () => {
  const { byPart } = parameters(modelPreset("deepspeed-pr-moe-4b"));
  const expert = 2 * 1024 * 4096 + 4096 + 1024;
  assertEquals(byPart.experts, (10 * 32 + 2 * 64) * expert);
  assertEquals(byPart.shared, 12 * expert);
});

Deno.test("Jamba has 4 layers with attention, 28 with Mamba and 16 with experts", () => {
  const { byPart } = parameters(modelPreset("jamba"));
  assertEquals(byPart.attention, 4 * (2 * 4096 * 4096 + 2 * 4096 * 1024));
  assertEquals(byPart.router, 16 * 16 * 4096);
  const inner = 8192;
  const layer = 4096 * 2 * inner + 5 * inner + inner * 288 + 256 * inner + inner + 17 * inner +
    inner * 4096;
  assertEquals(byPart.mamba, 28 * layer);
});

Deno.test("gpt-oss prints its counts to four digits", () => {
  const digits = (n: number) => Number((n / 1e9).toFixed(2));
  for (const [id, printed] of [["gpt-oss-120b", [116.83, 5.13]], ["gpt-oss-20b", [20.91, 3.61]]]) {
    assertEquals(counts(modelPreset(id as string)).map(digits), printed);
  }
});

Deno.test("Qwen3-Next has 12 layers with gated softmax attention and 36 with gated delta", () => {
  const { byPart } = parameters(modelPreset("qwen3-next-80b-a3b"));
  assertEquals(byPart.attention, 12 * (2048 * (2 * 4096 + 2 * 512) + 4096 * 2048));
  const projections = 2048 * (2 * 2048 + 2 * 4096) + 2048 * 64 + 4096 * 2048;
  assertEquals(byPart.linear, 36 * (projections + 4 * 8192 + 64));
  assertEquals(byPart.norm, 2048 * (2 * 48 + 1) + 12 * 2 * 256 + 36 * 128);
});

Deno.test("MiniMax-Text-01 has 70 lightning layers of 64 heads", () => {
  const { byPart } = parameters(modelPreset("minimax-text-01"));
  assertEquals(byPart.linear, 70 * 5 * 6144 * 8192);
  assertEquals(byPart.norm, 6144 * (2 * 80 + 1) + 70 * 8192);
});

Deno.test("Nemotron 3 Nano has 23 Mamba-2, 23 expert and 6 attention blocks, one norm each", () => {
  const { byPart } = parameters(modelPreset("nemotron-3-nano-30b-a3b"));
  const mamba = 2688 * (2 * 4096 + 2 * 8 * 128 + 64) + 4096 * 2688 + 6144 * 5 + 3 * 64;
  assertEquals(byPart.mamba, 23 * mamba);
  assertEquals(byPart.experts, 23 * 128 * 2 * 2688 * 1856);
  assertEquals(byPart.attention, 6 * 2688 * (2 * 4096 + 2 * 256));
  assertEquals(byPart.norm, 53 * 2688 + 23 * 4096);
});

Deno.test("experts in a latent space are as wide as that space", () => {
  const { byPart } = parameters(modelPreset("nemotron-3-super-120b-a12b"));
  assertEquals(byPart.latent, 40 * 2 * 4096 * 1024);
  assertEquals(byPart.experts, 40 * 512 * 2 * 1024 * 2688);
  assertEquals(byPart.shared, 40 * 2 * 4096 * 5376);
});

Deno.test("a module for a further token is a layer like the last, a join and three norms", () => {
  const plain = parameters(modelPreset("deepseek-v3"));
  const { byPart, activeByPart, total } = parameters(modelPreset("deepseek-v3-mtp"));
  const expert = 3 * 7168 * 2048;
  const attention = plain.byPart.attention / 61;
  const others = attention + expert + 7168 * 256 + 256 + 2 * 7168 + 1536 + 512 +
    2 * 7168 ** 2 + 3 * 7168;
  assertEquals(byPart.mtp, 256 * expert + others);
  assertEquals(activeByPart.mtp, 8 * expert + others);
  assertEquals(total, plain.total + byPart.mtp);
});

Deno.test("every preset: parts sum to the totals, and no more is active than there is", () => {
  for (const model of modelPresets()) {
    const { total, active, byPart, activeByPart } = parameters(model);
    const sum = (parts: Record<string, number>) => Object.values(parts).reduce((s, n) => s + n);
    assertEquals(sum(byPart), total, model.id);
    assertEquals(sum(activeByPart), active, model.id);
    assertGreaterOrEqual(total, active, model.id);
    assert(Object.keys(byPart).every((part) => byPart[part] >= activeByPart[part]), model.id);
  }
});

const anyMoe = fc.record({
  experts: fc.integer({ min: 2, max: 64 }),
  width: fc.integer({ min: 1, max: 4096 }),
  id: fc.constantFrom("mixtral-8x7b", "olmoe", "jamba", "deepseek-v3", "bam-small", "switch-7b"),
}).chain((base) =>
  fc.record({ ...constants(base), topK: fc.integer({ min: 1, max: base.experts }) })
);

function constants<T extends object>(values: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  const entries = Object.entries(values).map(([key, value]) => [key, fc.constant(value)]);
  return Object.fromEntries(entries);
}

const withMoe = (id: string, changes: Partial<Model["moe"] & object>): Model => {
  const model = modelPreset(id);
  return { ...model, moe: { ...model.moe!, ...changes } };
};

Deno.test("twice the experts are twice the expert parameters and no more active ones", () => {
  fc.assert(fc.property(anyMoe, ({ id, experts, width, topK }) => {
    const one = parameters(withMoe(id, { experts, width, topK }));
    const two = parameters(withMoe(id, { experts: 2 * experts, width, topK }));
    assertEquals(two.byPart.experts, 2 * one.byPart.experts);
    assertEquals(two.activeByPart.experts, one.activeByPart.experts);
    assertGreaterOrEqual(one.total, one.active);
  }));
});

Deno.test("cutting experts in m parts and choosing m times as many changes routers alone", () => {
  fc.assert(fc.property(anyMoe, fc.integer({ min: 2, max: 8 }), (moe, m) => {
    const { id, experts, width, topK } = moe;
    const coarse = parameters(withMoe(id, { experts, width: width * m, topK }));
    const fine = parameters(withMoe(id, { experts: experts * m, width, topK: topK * m }));
    assertEquals(fine.byPart.experts, coarse.byPart.experts);
    assertEquals(fine.activeByPart.experts, coarse.activeByPart.experts);
    const routers = fine.byPart.router - coarse.byPart.router;
    assertEquals(fine.total - coarse.total, routers);
  }));
});

Deno.test("with top-k of all experts everything is active", () => {
  fc.assert(fc.property(anyMoe, ({ id, experts, width }) => {
    const { total, active } = parameters(withMoe(id, { experts, width, topK: experts }), {
      convention: "all",
    });
    assertEquals(active, total);
  }));
});
