/** Descriptions to print, and printed counts. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, modelPreset, modelPresets, printedCount } from "../../../core/spec/mod.ts";
import { agreement } from "../../../core/spec/published.ts";

Deno.test("a description of every preset is plain JSON", () => {
  for (const model of modelPresets()) {
    const description = describe(model);
    assertEquals(JSON.parse(JSON.stringify(description)), description, model.id);
  }
});

Deno.test("a description says the sizes in words", () => {
  const { config, flopsPerToken, published } = describe(modelPreset("deepseek-v3"));
  assertEquals(config.experts, "8 of 256, swiglu");
  assertEquals(config.expertLayers, "58 of 61");
  assertEquals(config.sharedExperts, "1 of width 2048");
  assertStringIncludes(String(config.attention), "latent, 128 heads, ranks 1536 (query) and 512");
  assertEquals(flopsPerToken.sequenceTokens, 4096);
  assertEquals(published?.totalAgreement?.agrees, true);
});

Deno.test("a description of a pyramid, of attention experts and of Mamba", () => {
  const words = (id: string, key: string) => String(describe(modelPreset(id)).config[key]);
  assertEquals(words("deepspeed-pr-moe-4b", "experts"), "1 of 32 to 64, gelu");
  assertStringIncludes(words("bam-small", "attention"), "4 softly routed experts with their own");
  assertStringIncludes(words("jamba", "attention"), "in 1 of 8 layers, Mamba in the others");
  assertEquals(words("switch-7b", "layers"), "12 encoder, 12 decoder");
});

Deno.test("a description of windows, of linear attention, of blocks and of further tokens", () => {
  const config = (id: string) => describe(modelPreset(id)).config;
  assertStringIncludes(
    String(config("gpt-oss-20b").attention),
    "with sinks, all keys in 1 of 2 layers, 128 in the others",
  );
  const next = config("qwen3-next-80b-a3b");
  assertStringIncludes(String(next.attention), "gated, in 1 of 4 layers, linear attention in");
  assertEquals(next.linearAttention, "gated-delta, 32 states of 128 by 128, 16 key heads");
  const nano = config("nemotron-3-nano-30b-a3b");
  assertStringIncludes(String(nano.attention), "2 key and value heads, in 6 layers");
  assertEquals(nano.mamba2, "64 heads of 64, 128 state channels, 8 groups, in 23 layers");
  const super3 = config("nemotron-3-super-120b-a12b");
  assertEquals(super3.expertSpace, "1024 wide");
  assertEquals(super3.expertLayers, "40 of 88");
  const further = config("deepseek-v3-mtp");
  assertEquals(further.furtherTokens, "1, one layer each");
  assertEquals(further.router, "linear, 4 of 8 groups of experts");
});

Deno.test("layers are counted where they are alike", () => {
  const alike = (id: string) => describe(modelPreset(id)).layersAlike;
  assertEquals([alike("bam-small"), alike("deepseek-v3"), alike("gpt-oss-20b")], [
    6,
    undefined,
    undefined,
  ]);
});

Deno.test("a rumour says so, and that its counts are unchecked", () => {
  const { rumour, parameters, published, assumed } = describe(modelPreset("gpt-4-rumour"));
  assertEquals([rumour, parameters.checked, published], [true, false, undefined]);
  assertEquals(assumed.includes("moe.width"), true);
});

Deno.test("printed counts and their last digit", () => {
  assertEquals(printedCount("47B"), { value: 47e9, half: 0.5e9 });
  assertEquals(printedCount("1.2T"), { value: 1.2e12, half: 0.05e12 });
  assertEquals(printedCount("776002560"), { value: 776_002_560, half: 0.5 });
  assertThrows(() => printedCount("7 billion"), TypeError, "but found 7 billion");
});

Deno.test("a count agrees with a print that it rounds to, or that is within one percent", () => {
  assertEquals(agreement(36.4e9, "36B").agrees, true);
  assertEquals(agreement(36.6e9, "36B").agrees, false);
  assertEquals(agreement(1.009e12, "1000B").agrees, true);
  assertEquals(agreement(46.7e9, "47B").deviation, -0.3 / 47);
});
