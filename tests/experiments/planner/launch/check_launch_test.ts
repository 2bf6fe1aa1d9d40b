import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { modelPreset } from "../../../../core/spec/presets/presets.ts";
import { parseCluster } from "../../../../sim/cluster/parse.ts";
import { writeLaunch } from "../../../../sim/launch/launch.ts";
import { launchKindOf, parseLaunchKind } from "../../../../sim/launch/told_by.ts";
import { launcherNames } from "../../../../sim/launch/types.ts";
import { completePlan } from "../../../../sim/plan/complete_plan.ts";
import { parsePlan } from "../../../../sim/plan/plan_words.ts";
import { pricePlan } from "../../../../sim/search/evaluate.ts";
import { searchSite } from "../../../../sim/search/problem.ts";
import { baseStack } from "../../../../sim/stack/base.ts";
import {
  checkLaunch,
  type LaunchQuestion,
} from "../../../../experiments/planner/launch/check_launch.ts";
import { checkVerdict, showCheck } from "../../../../experiments/planner/launch/show_check.ts";
import { checkRecord } from "../../../../experiments/planner/launch/check_record.ts";
import { problemOf } from "../../../../experiments/planner/planning.ts";

const script = `#!/bin/bash
NNODES=8
MODEL_ARGS=(
  --disable-bias-linear --seq-length 4096 --max-position-embeddings 32768 --num-layers 32
  --hidden-size 4096 --ffn-hidden-size 14336 --num-attention-heads 32 --normalization RMSNorm
  --position-embedding-type rope --swiglu --untie-embeddings-and-output-weights
  --group-query-attention --num-query-groups 8 --vocab-size 32000 --num-experts 8
)
torchrun --nproc_per_node 8 --nnodes $NNODES pretrain_gpt.py \${MODEL_ARGS[@]} --bf16 \\
  --moe-router-topk 2 --moe-token-dispatcher-type alltoall --moe-grouped-gemm \\
  --micro-batch-size 1 --global-batch-size 256 --use-distributed-optimizer --lr 1e-4 \\
  --overlap-grad-reduce --overlap-param-gather \\
  --expert-model-parallel-size 8 --pipeline-model-parallel-size 4
`;

const check = (text: string, cluster: string, more: Partial<LaunchQuestion> = {}) =>
  checkLaunch({
    ...{ text, source: "run.sh", cluster: parseCluster(cluster), stack: baseStack },
    ...{ graphs: "none", memoryLimit: 1, ...more },
  });

Deno.test("a script is priced as the plan that it says on the model that it describes", () => {
  const found = check(script, "h100:64");
  assertEquals([found.launcher, found.modelAsked], ["megatron-lm", false]);
  assertEquals(found.planning.model.id, "mixtral-8x7b");
  const { sizes, workload } = found.planning;
  const plan = completePlan(
    parsePlan("pp=4,ep=8,gb=256,gradients=fp32,overlap=gradients+parameters"),
    { devices: 64, sizes, workload },
  );
  const price = pricePlan(plan, searchSite(problemOf(found.planning)));
  assertEquals(found.price?.stepSeconds, price.stepSeconds);
  assertEquals(found.price?.peakBytes, price.peakBytes);
  assertEquals([found.fits, found.whyNot, found.refused], [true, undefined, undefined]);
  assertEquals([found.differences, found.mismatches, found.assumed], [[], [], []]);
  assertEquals(found.ignored.map(({ argument }) => argument), ["--lr"]);
});

Deno.test("gradients are priced in the format that the launcher reduces them in", () => {
  const wide = check(script, "h100:64").price!;
  const narrow = check(script + " --grad-reduce-in-bf16", "h100:64").price!;
  assert(narrow.stepSeconds < wide.stepSeconds);
  // One buffer: what is reduced in 16 bits is kept in 16 bits.
  assertAlmostEquals(narrow.memory.gradientBytes / wide.memory.gradientBytes, 0.5, 1e-9);
});

Deno.test("what was asked otherwise is said, and counts", () => {
  const found = check(script, "h100:128", {
    model: modelPreset("mixtral-8x22b"),
    globalBatch: 512,
    sequence: 4096,
  });
  assertEquals(found.mismatches, [
    { what: "devices", said: 64, asked: 128 },
    { what: "globalBatch", said: 256, asked: 512 },
  ]);
  assertEquals([found.plan?.dp, found.plan?.globalBatch], [32, 512]);
  assertEquals(
    found.differences.map(({ field, said, wanted }) => [field, said, wanted])
      .filter(([field]) => field !== "moe.placement"),
    [
      ["layers", 32, 56],
      ["dModel", 4096, 6144],
      ["attention.heads", 32, 48],
      ["moe.width", 14336, 16384],
    ],
  );
  assertEquals(found.fits, false);
  const text = showCheck(found);
  for (const said of ["It does not fit: ", "E*32", "E*56", "asked, and taken"]) {
    assert(text.includes(said), said);
  }
});

Deno.test("experts that a script does not name are a difference", () => {
  const dense = script.replace("--num-experts 8", "").replace(/--moe-\S+( \w+)?/g, "")
    .replace("--expert-model-parallel-size 8", "");
  const { differences, plan } = check(dense, "h100:64", { model: modelPreset("mixtral-8x7b") });
  assertEquals(differences.find(({ field }) => field === "moe.experts"), {
    ...{ field: "moe.experts", wanted: 8 },
  });
  assertEquals(plan?.ep, 1);
});

Deno.test("a check is a record of plain data", () => {
  const found = check(script, "h100:64");
  const record = checkRecord(found);
  assertEquals(JSON.parse(JSON.stringify(record)), record);
  assertEquals([record.model, record.plan, record.sequence], ["mixtral-8x7b", found.words, 4096]);
  assertEquals(record.closedSeconds, found.price?.stepSeconds);
  assert(!("planning" in record));
});

Deno.test("a plan that does not hold is an answer", () => {
  const found = check(script, "h100:48");
  assertEquals([found.plan, found.price], [undefined, undefined]);
  assertEquals(
    checkVerdict(found),
    "It does not hold: 12 devices of a stage cannot be divided by etp 1 times ep 8; nearest that " +
      "holds: pp=3",
  );
  assert(showCheck(found).includes("devices  64"));
});

Deno.test("what a launcher would refuse is said", () => {
  const found = check(script + " --overlap-moe-expert-parallel-comm", "h100:64");
  assert(found.refused?.startsWith("it wants ep above 1, chunks where there are stages"));
  assert(checkVerdict(found).includes("Megatron-LM would refuse it: it wants"));
});

for (const launcher of launcherNames) {
  Deno.test(`what is written for ${launcher} is checked as the plan that it was`, () => {
    const id = launcher === "torchtitan" || launcher === "deepspeed"
      ? "llama-3-8b"
      : "mixtral-8x7b";
    const model = modelPreset(id);
    const words = {
      "megatron-lm": "tp=2,pp=2,ep=8,gradients=fp32",
      "megatron-bridge": "tp=2,pp=2,ep=8,gradients=fp32",
      deepspeed: "zero=3,gradients=bf16",
      torchtitan: "tp=2,pp=2,zero=2,gradients=fp32",
    }[launcher];
    const asked = check(words + ",gb=128", "h100:32", { model, source: "words" });
    const { plan, planning: { cluster, workload } } = asked;
    const { text } = writeLaunch({ plan: plan!, model, cluster, workload }, { launcher });
    assertEquals(launchKindOf(text, "job"), launcher);
    const found = check(text, "h100:32", { model });
    assertEquals([found.launcher, found.mismatches, found.differences], [launcher, [], []]);
    assertEquals(found.price?.stepSeconds, asked.price?.stepSeconds);
    assertEquals(found.price?.peakBytes, asked.price?.peakBytes);
    assertEquals(found.refused, undefined);
  });
}

Deno.test("plans of our own are read from words, JSON and answers of the planner", () => {
  const model = modelPreset("mixtral-8x7b");
  const words = "tp=2,ep=8,gb=64";
  const { price } = check(words, "h100:16", { model });
  const json = check(JSON.stringify(parsePlan(words)), "h100:16", { model });
  assertEquals([json.launcher, json.price?.stepSeconds], ["plan", price?.stepSeconds]);
  const answer = check(
    JSON.stringify({
      asked: { model: "mixtral-8x7b", sequence: 4096, cluster: { devices: 16 } },
      best: [{ plan: words }],
    }),
    "h100:16",
  );
  assertEquals([answer.planning.model.id, answer.price?.stepSeconds], [
    model.id,
    price?.stepSeconds,
  ]);
  assertEquals(answer.version, undefined);
});

Deno.test("batches of DeepSpeed's JSON say its devices", () => {
  const json = {
    ...{ train_batch_size: 512, train_micro_batch_size_per_gpu: 1, gradient_accumulation_steps: 8 },
    ...{ bf16: { enabled: true }, zero_optimization: { stage: 3 } },
  };
  const found = check(JSON.stringify(json), "h100:32", { model: modelPreset("llama-3-8b") });
  assertEquals(found.mismatches, [{ what: "devices", said: 64, asked: 32 }]);
  assertEquals([found.plan?.dp, found.plan?.globalBatch, found.assumed], [32, 512, [
    "recompute=none",
  ]]);
});

Deno.test("what cannot be read is refused in one line", () => {
  const refused = (text: string, says: string, more: Partial<LaunchQuestion> = {}) =>
    assertThrows(() => check(text, "h100:64", more), TypeError, says);
  refused("hello", "Cannot tell whose configuration run.sh is: wanted arguments of Megatron-LM");
  refused("--tensor-model-paralel-size 2 --bf16", 'did you mean "--tensor-model-parallel-size"');
  refused("{", "Cannot read run.sh: ");
  refused('{"zero_optimization": {"stage": 1}}', "without --model: it says nothing of a model");
  refused("model.num_layers=4", "without --model: its recipe says all but layers");
  refused(
    script.replace("--num-experts 8", "--num-experts 16"),
    "the nearest, mixtral-8x7b, differs in moe.experts (it says 16, that has 8)",
  );
  assertThrows(() => parseLaunchKind("megatron"), TypeError, 'did you mean "megatron-lm"');
});

Deno.test("a script that leaves its vocabulary to the tokenizer still describes a model", () => {
  const found = check(script.replace(/--(padded-)?vocab-size \d+/, ""), "h100:64");
  assertEquals(found.planning.model.id, "mixtral-8x7b");
  const asked = check(script.replace(/--(padded-)?vocab-size \d+/, ""), "h100:64", {
    model: modelPreset("mixtral-8x7b"),
  });
  assertEquals(asked.differences, []);
  // One that names another vocabulary describes another model.
  const other = script.replace(/--(padded-)?vocab-size \d+/, "--padded-vocab-size 64000");
  assertThrows(() => check(other, "h100:64"), TypeError, "embedding.vocab (it says 64000");
});

Deno.test("degrees that leave no whole replicas do not hold, and nothing else is said of them", () => {
  const toml = '[model]\nname = "llama3"\nflavor = "70B"\n[training]\nlocal_batch_size = 8\n' +
    "seq_len = 8192\n[parallelism]\ntensor_parallel_degree = 7\n";
  const { plan, whyNot } = check(toml, "h100:64", { source: "a.toml" });
  assertEquals(plan, undefined);
  assertMatch(whyNot ?? "", /^64 devices cannot be divided by tp 7 .*; nearest that holds: tp=8$/);
});

Deno.test("a stage of ZeRO that there is not is said", () => {
  const json = (stage: number) =>
    `{"train_batch_size": 8, "zero_optimization": {"stage": ${stage}}}`;
  const model = modelPreset("llama-3-8b");
  assertEquals(check(json(3), "h100:8", { model, source: "a.json" }).plan?.zero, 3);
  assertThrows(
    () => check(json(5), "h100:8", { model, source: "a.json" }),
    TypeError,
    "zero_optimization.stage: expected 0, 1, 2 or 3 but found 5",
  );
});

Deno.test("an answer to a question about a model of one's own asks for that model", () => {
  const answer = '{"best": [{"plan": "tp=1,gb=8"}], "asked": {"model": "mine", "sequence": 4096, ' +
    '"cluster": {"devices": 8}}}';
  assertThrows(
    () => check(answer, "h100:8", { source: "plan.json" }),
    TypeError,
    "without --model: it is for mine, no preset",
  );
});
