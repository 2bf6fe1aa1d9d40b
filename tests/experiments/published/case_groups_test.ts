import { assert, assertEquals } from "@std/assert";
import { caseGroups } from "../../../experiments/published/case_groups.ts";
import { recomputeOf, zeroOf } from "../../../experiments/published/case_words.ts";
import { stepSeconds } from "../../../experiments/published/describe_case.ts";
import { rowOf, rows } from "./rows.ts";

Deno.test("a family holds a model whatever its depth and publisher", () => {
  const family = (id: string) => caseGroups(rowOf(id)).family;
  assertEquals(
    family("simumax-b200-llama3_405b_l4_tp2_pp1_dp4_mbc4_cef"),
    family("mb-26.04-llama3.1_405b-gb200-mxfp8-131"),
  );
  assertEquals(family("nemo-24.07a-llama3-70b-64"), family("mlm-examples-llama3-70b-h100-fp8"));
  assertEquals(family("mcore-dsv3-gb200-970"), family("dsv3-gpu-hours"));
  assertEquals(family("nemo-24.07a-llama2-7b-8"), family("nemo-longseq-llama2-7b-h100-1024k"));
  const families = new Set(rows.map((row) => caseGroups(row).family));
  assert(
    ["deepseek-v3", "qwen3-235b", "mpt-d768-l12", "llama-1-d8192-l80"].every((f) =>
      families.has(f)
    ),
  );
  assert(![...families].some((f) => f.includes("undefined")));
});

Deno.test("devices belong to generations", () => {
  const generations = new Map(
    rows.map((row) => [caseGroups(row).device, caseGroups(row).hardware]),
  );
  assertEquals(Object.fromEntries([...generations].sort()), {
    "a100": "ampere",
    "a100-40gb": "ampere",
    "b200": "blackwell",
    "b300": "blackwell",
    "gb200": "blackwell",
    "gb300": "blackwell",
    "h100": "hopper",
    "h800": "hopper",
    "v100": "volta",
  });
});

Deno.test("a sweep varies the plan and nothing else", () => {
  const sweeps = Map.groupBy(
    rows.filter((row) => stepSeconds(row) !== undefined),
    (row) => caseGroups(row).sweep,
  );
  for (const [sweep, members] of sweeps) {
    const kinds = members.map(({ workload: w, hardware: h }) =>
      [w.model, w.seq_len, w.gbs, w.precision, h.gpu, h.n_gpus].join()
    );
    assertEquals(new Set(kinds).size, 1, sweep);
  }
  const large = [...sweeps.values()].filter((members) => members.length >= 5);
  assert(large.length >= 60, `${large.length} sweeps of five plans and more`);
});

Deno.test("words of recomputation and sharding", () => {
  const words: [string, ReturnType<typeof recomputeOf>][] = [
    ["every_layer", "full"],
    ["full (activation checkpointing)", "full"],
    ["disabled", "none"],
    ["none (recompute-num-layers 0)", "none"],
    ["norm, act", ["norm", "activation"]],
    ["selective layernorm+moe", ["norm", "experts"]],
    ["selective moe_act, mlp", ["ffn", "activation"]],
    ["selective mla_up_proj, core_attn", ["mla_up", "attention_core"]],
    ["something new", undefined],
  ];
  for (const [text, meaning] of words) assertEquals(recomputeOf(text), meaning, text);
  const stages = ["none (replicated optimizer)", "ZeRO-1", "SHARD_GRAD_OP", "FULL_SHARD", "FSDP2"];
  assertEquals(stages.map(zeroOf), [0, 1, 2, 3, 3]);
});
