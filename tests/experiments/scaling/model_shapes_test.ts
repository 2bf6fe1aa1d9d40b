import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { modelPreset } from "../../../core/spec/mod.ts";
import { deeper, finer, sparser, wider } from "../../../experiments/scaling/model_shapes.ts";
import { modelFlopsPerToken } from "../../../experiments/published/flop_conventions.ts";
import { kindParameters } from "../../../sim/cost/parameters.ts";
import { sizesOf } from "../../../sim/cost/sizes_of.ts";
import type { Model } from "../../../core/spec/model.ts";

const olmoe = modelPreset("olmoe");
const deepseek = modelPreset("deepseek-v3");

const flops = (model: Model) => modelFlopsPerToken(sizesOf(model), 4096, { convention: "causal" });
const expertsOf = (model: Model) => kindParameters("moe", sizesOf(model)).experts;

Deno.test("finer experts have the same parameters and the same FLOP", () => {
  for (const factor of [0.5, 2, 4]) {
    const cut = finer(olmoe, factor)!;
    assertEquals([cut.moe!.experts, cut.moe!.topK], [64 * factor, 8 * factor]);
    assertEquals([flops(cut), expertsOf(cut)], [flops(olmoe), expertsOf(olmoe)]);
  }
});

Deno.test("more experts for a token alike have more parameters and the same FLOP", () => {
  const more = sparser(deepseek, 2)!;
  assertEquals(flops(more), flops(deepseek));
  assertEquals(expertsOf(more), 2 * expertsOf(deepseek));
});

Deno.test("layers and width change what they say", () => {
  const deep = deeper(olmoe, 2)!;
  const head = 6 * olmoe.embedding.vocab * olmoe.dModel;
  assertAlmostEquals((flops(deep) - head) / (flops(olmoe) - head), 2, 1e-12);
  const wide = sizesOf(wider(deepseek, 2)!);
  assertEquals([wide.dModel, wide.attention.heads], [2 * 7168, 256]);
  assertEquals([wide.moe!.width, wide.moe!.sharedWidth, wide.ffnWidth], [4096, 4096, 36864]);
  assertEquals(wide.attention.latent, { qRank: 3072, kvRank: 1024, ropeDim: 64 });
});

Deno.test("a shape that cannot be is none", () => {
  assertEquals(finer(modelPreset("mixtral-8x7b"), 0.25), undefined);
  assertEquals(sparser(olmoe, 1 / 128), undefined);
  assertEquals(deeper(deepseek, 0.5), undefined);
  assertEquals(finer(modelPreset("llama-3-8b"), 2), undefined);
  assertEquals(wider(modelPreset("mixtral-8x7b"), 1 / 16), undefined);
  // Groups of experts that a token may reach stay whole.
  const { moe } = deepseek;
  assert(moe?.router.limit?.groups === 8);
  const four = { ...deepseek, moe: { ...moe, experts: 12, router: { ...moe.router } } };
  four.moe.router.limit = { groups: 4, chosen: 2 };
  assertEquals(sparser(four, 0.5), undefined);
  assertEquals(sparser(four, 2)?.moe?.experts, 24);
});
