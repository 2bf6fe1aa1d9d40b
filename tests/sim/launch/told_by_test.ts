import { assertEquals, assertThrows } from "@std/assert";
import { modelPreset } from "../../../core/spec/presets/presets.ts";
import { launchModel, modelDifferences } from "../../../sim/launch/model_fields.ts";
import { launchKindOf } from "../../../sim/launch/told_by.ts";
import { launched } from "./plans.ts";

const kinds: readonly [text: string, source: string, kind: string][] = [
  ["tp=2,pp=4", "it", "plan"],
  ['{"tp": 2}', "it", "plan"],
  ['{"best": [{"plan": "tp=2"}]}', "plan.json", "plan"],
  ['{"gradient_clipping": 1}', "it", "deepspeed"],
  ['{"bf16": {"enabled": true}}', "ds.json", "deepspeed"],
  ["seq_len = 4096", "job.toml", "torchtitan"],
  ["# a job\n[training]\nseq_len = 4096", "job", "torchtitan"],
  ["--num-layers 4", "it", "megatron-lm"],
  ["--some-thing 4", "run.sh", "megatron-lm"],
  ["TP=2\ntorchrun x.py --tensor-model-parallel-size $TP", "run.sh", "megatron-lm"],
  ["python x.py model.tensor_model_parallel_size=2 optimizer.lr=1", "it", "megatron-bridge"],
  ["mixed_precision=bf16_mixed", "it", "megatron-bridge"],
];

for (const [text, source, kind] of kinds) {
  Deno.test(`${JSON.stringify(text)} in ${source} is for ${kind}`, () => {
    assertEquals(launchKindOf(text, source), kind);
  });
}

Deno.test("what nothing tells is refused", () => {
  const says = "say it with --launcher";
  for (const text of ["", "hello world", "x=1"]) {
    assertThrows(() => launchKindOf(text, "it"), TypeError, says);
  }
  assertThrows(() => launchKindOf("{", "it"), TypeError, "Cannot read it: ");
});

const fieldsOf = (id: string) => launchModel(launched(id, "h100:64", {}), "megatron-lm");

Deno.test("a model differs from itself in nothing, and from others where they differ", () => {
  for (const id of ["mixtral-8x7b", "deepseek-v3", "llama-3-8b", "gpt-oss-20b", "gpt3-175b"]) {
    assertEquals(modelDifferences(fieldsOf(id), fieldsOf(id)), [], id);
  }
  const [first] = modelDifferences(fieldsOf("llama-3-8b"), fieldsOf("llama-3-70b"));
  assertEquals(first, { field: "layers", said: 32, wanted: 80 });
  assertEquals(modelPreset("llama-3-70b").layers, 80);
});

Deno.test("what Megatron takes where nothing is said is no difference", () => {
  const { "attention.headDim": _, "moe.width": width, ...rest } = fieldsOf("mixtral-8x7b");
  assertEquals(modelDifferences({ ...rest, "ffn.width": width }, fieldsOf("mixtral-8x7b")), []);
  const llama = fieldsOf("llama-3-8b");
  // A table is padded to whole rows of every tensor rank.
  const padded = { ...llama, "embedding.vocab": Number(llama["embedding.vocab"]) - 100 };
  assertEquals(modelDifferences(padded, llama, { tp: 2 }), []);
  const fewer = { ...llama, "embedding.vocab": Number(llama["embedding.vocab"]) - 300 };
  assertEquals(modelDifferences(fewer, llama, { tp: 2 }).map(({ field }) => field), [
    "embedding.vocab",
  ]);
});

Deno.test("a recipe says what its overrides do not", () => {
  const wanted = fieldsOf("mixtral-8x7b");
  assertEquals(modelDifferences({ layers: 32 }, wanted, { partial: true }), []);
  assertEquals(modelDifferences({ layers: 4 }, wanted, { partial: true }), [
    { field: "layers", said: 4, wanted: 32 },
  ]);
});
