/** The presets: their counts against the prints, and where their values come from. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  assumedFields,
  comparePublished,
  modelPreset,
  modelPresets,
  parameters,
  presetIds,
  sizedFields,
  sourceOf,
} from "../../../core/spec/mod.ts";

/** Presets that have to be there. */
const wanted = `mixtral-8x7b mixtral-8x22b deepseek-v3 deepseek-v2 qwen3-30b-a3b qwen3-235b-a22b
  dbrx grok-1 arctic jamba olmoe bam-small bam-small-shared-kv bam-small-seed btx-small bam-large
  palm-540b gpt-4-rumour llama-3-8b llama-3-70b llama-3.1-405b llama-2-13b llama-2-70b gpt3-175b
  gpt-oss-120b gpt-oss-20b kimi-k2 qwen3-8b qwen3-next-80b-a3b minimax-text-01 nemotron-4-340b
  nemotron-3-nano-30b-a3b nemotron-3-super-120b-a12b deepseek-v3-mtp`.split(/\s+/);

/** Checked presets whose counts differ from the print, in percent: total, then active. */
const differing: Record<string, [number, number]> = {
  "bam-small-shared-kv": [0, 2.05],
  "grok-1": [0.54, -2.61],
  "kimi-k2": [-1.31, 0.8],
  "llama-2-70b": [-1.46, 0],
  "minimax-text-01": [0.02, 5.45],
  "openmoe-34b": [4.11, 20.88],
  "openmoe-8b": [6.95, 25.58],
  "openmoe-base": [8.51, 49.59],
  "qwen3-30b-a3b": [0.11, 1.61],
  "qwen3-next-80b-a3b": [-0.41, 29.16],
  "yuan-2.0-m32": [-0.65, -5.33],
};

/** Presets with an assumed size, whose counts are unchecked. */
const unchecked = `deepseek-moe-145b deepseek-moe-2b deepspeed-moe-13b deepspeed-moe-52b
  deepspeed-pr-moe-31b deepspeed-pr-moe-4b glam-1.2t glam-1.9b glam-143b glam-27b gpt-4-rumour
  gshard-150b gshard-200b gshard-37b gshard-600b st-moe-269b st-moe-4.1b
  switch-26b switch-7b`.split(/\s+/);

Deno.test("the presets that have to be there", () => {
  assertEquals(wanted.filter((id) => !presetIds.includes(id)), []);
  assertEquals(presetIds, [...presetIds].sort());
});

Deno.test("a preset's file has its id", () => {
  for (const id of presetIds) {
    assertEquals(modelPreset(id).id, id);
    assertMatch(id, /^[a-z0-9.-]+$/);
  }
});

Deno.test("an unknown preset names the nearest one", () => {
  assertThrows(
    () => modelPreset("deepsek-v3"),
    TypeError,
    'Unknown preset "deepsek-v3": did you mean "deepseek-v3"?',
  );
});

Deno.test("every size of every preset says where it comes from", () => {
  for (const model of modelPresets()) {
    const silent = sizedFields(model).filter((field) => sourceOf(model, field) === undefined);
    assertEquals(silent, [], model.id);
    for (const key of Object.keys(model.sources)) {
      const known = sizedFields(model).some((f) => f === key || f.startsWith(`${key}.`));
      assert(known || key === "ffn", `${model.id}: source of "${key}", which it does not have`);
    }
  }
});

Deno.test("presets with an assumed size are unchecked, and only they", () => {
  const found = modelPresets().filter((m) => !parameters(m).checked).map((m) => m.id);
  assertEquals(found, unchecked);
  assert(assumedFields(modelPreset("gpt-4-rumour")).includes("layers"));
  assertEquals(modelPresets().filter((m) => m.rumour).map((m) => m.id), ["gpt-4-rumour"]);
});

Deno.test("checked counts are within 1 % of the print or round to it, but for those listed", () => {
  const percent = (deviation = 0) => Math.round(1e4 * deviation) / 100 + 0;
  const off: Record<string, [number, number]> = {};
  for (const model of modelPresets().filter((m) => parameters(m).checked)) {
    const { total, active } = comparePublished(model);
    const agrees = (total?.agrees ?? true) && (active?.agrees ?? true);
    assertEquals(model.published?.mismatch === undefined, agrees, `${model.id}: mismatch`);
    if (!agrees) off[model.id] = [percent(total?.deviation), percent(active?.deviation)];
  }
  assertEquals(off, differing);
});

Deno.test("totals of the models that systems are compared on are within 1 %", () => {
  const ids = ["mixtral-8x7b", "mixtral-8x22b", "deepseek-v3", "deepseek-v2", "qwen3-30b-a3b"];
  for (const id of [...ids, "qwen3-235b-a22b", "dbrx"]) {
    assert(Math.abs(comparePublished(modelPreset(id)).total!.deviation) < 0.01, id);
  }
});

Deno.test("no preset refers to a paper by a malformed id", () => {
  // The one model that was never published is this suite's own.
  for (const { id, reference } of modelPresets().filter(({ id }) => id !== "tiny")) {
    assert(reference?.arxiv !== undefined || reference?.title !== undefined, id);
  }
});
