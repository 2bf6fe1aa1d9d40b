import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { UserError } from "../../../kernels/base/errors.ts";
import { modelPreset } from "../../../core/spec/presets/presets.ts";
import { parseCluster } from "../../../sim/cluster/parse.ts";
import { writeLaunch } from "../../../sim/launch/launch.ts";
import { megatronFaults } from "../../../sim/launch/megatron/rules.ts";
import type { PlanInput } from "../../../sim/plan/plan_input.ts";
import { launched, planOf, plansOf, siteOf, workload } from "./plans.ts";

/** Arguments of a written command, apart from the code that reads them. */
function argumentsOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.replaceAll("\\\n", "\n").split("\n").slice(1)) {
    const [name, ...rest] = line.trim().split(" ");
    if (name.startsWith("--")) found.set(name, rest.join(" ").replaceAll("'", ""));
  }
  return found;
}

/** The checks of `validate_args` and `TransformerConfig`, said again over a written command. */
function checkCommand(text: string, devices: number): void {
  const found = argumentsOf(text);
  const has = (name: string) => found.has(`--${name}`);
  const number = (name: string, otherwise: number) => Number(found.get(`--${name}`) ?? otherwise);
  const value = (name: string) => found.get(`--${name}`);
  const tp = number("tensor-model-parallel-size", 1);
  const pp = number("pipeline-model-parallel-size", 1);
  const cp = number("context-parallel-size", 1);
  const ep = number("expert-model-parallel-size", 1);
  const layers = number("num-layers", NaN);
  const stages = value("pipeline-model-parallel-layout")
    ? layoutStages(value("pipeline-model-parallel-layout")!, number("mtp-num-layers", 0), layers)
    : pp * number("num-virtual-stages-per-pipeline-rank", 1);
  assertEquals(devices % (tp * pp * cp), 0);
  assertEquals(stages % pp, 0);
  if (!has("pipeline-model-parallel-layout")) assertEquals(layers % stages, 0);
  else assert(!has("num-virtual-stages-per-pipeline-rank"));
  if (stages > pp) assert(pp > (has("no-overlap-p2p-communication") ? 2 : 1));
  if (tp === 1) assert(!has("sequence-parallel"));
  if (has("num-experts") && tp > 1) assert(has("sequence-parallel"));
  if (ep > 1) assertEquals([number("num-experts", 0) % ep, has("fp16")], [0, false]);
  if (has("group-query-attention")) assertEquals(number("num-query-groups", 1) % tp, 0);
  if (cp > 1) assertEquals(number("seq-length", 0) % (2 * cp), 0);
  if (has("overlap-param-gather")) {
    assert(has("use-distributed-optimizer") && has("overlap-grad-reduce"));
  }
  if (has("tp-comm-overlap")) assert(has("sequence-parallel"));
  if (has("optimizer-cpu-offload")) assert(has("use-precision-aware-optimizer"));
  if (has("use-megatron-fsdp")) assertEquals(value("ckpt-format"), "fsdp_dtensor");
  const connections = text.startsWith("CUDA_DEVICE_MAX_CONNECTIONS=1 ");
  const folded = has("use-megatron-fsdp") || has("overlap-moe-expert-parallel-comm");
  assertEquals(connections, (tp > 1 || cp > 1) && !folded);
  if (has("fp8-param-gather")) assert(has("use-distributed-optimizer") && has("fp8-format"));
  if (has("exp-avg-dtype") || has("main-grads-dtype")) assert(has("use-precision-aware-optimizer"));
  if (has("moe-grouped-gemm")) assert(has("bf16"));
  const modules = (value("recompute-modules") ?? "").split(" ");
  if (value("recompute-granularity") === "full") assert(has("recompute-method"));
  if (value("recompute-granularity") === "selective") assert(!has("recompute-method"));
  if (modules.includes("mla_up_proj")) assert(has("multi-latent-attention"));
  if (modules.includes("moe_act")) assert(has("moe-grouped-gemm"));
  if (number("cpu-offloading-num-layers", 0) > 0) {
    assert(pp === 1 && !has("recompute-granularity"));
  }
  const dispatcher = value("moe-token-dispatcher-type") ?? "allgather";
  if (has("moe-shared-expert-overlap")) {
    assertEquals(dispatcher, "alltoall");
    assert(has("moe-shared-expert-intermediate-size") && !modules.includes("shared_experts"));
  }
  if (has("overlap-moe-expert-parallel-comm")) {
    assert(ep > 1 && dispatcher !== "allgather" && (pp === 1 || stages > pp));
    assert(value("recompute-granularity") !== "full" && !has("moe-shared-expert-overlap"));
  }
  if (dispatcher === "flex") assert(!has("moe-pad-expert-input-to-capacity"));
  if (has("moe-pad-expert-input-to-capacity")) assert(has("moe-expert-capacity-factor"));
  if (has("moe-router-enable-expert-bias")) {
    assertEquals(value("moe-router-score-function"), "sigmoid");
  }
  const replicas = devices / (tp * cp * pp);
  assertEquals(number("global-batch-size", 0) % (replicas * number("micro-batch-size", 0)), 0);
}

/** Stages of a layout, which has to hold every layer and module once. */
function layoutStages(layout: string, modules: number, layers: number): number {
  const unroll = (text: string, pattern: RegExp) =>
    text.replace(pattern, (_, what, times) => what.repeat(Number(times)));
  const flat = unroll(unroll(layout, /\(([^)]+)\)\*(\d+)/g), /(.)\*(\d+)/g);
  assertEquals([flat[0], flat.at(-1)], ["E", "L"]);
  assertEquals(flat.split("t").length - 1, layers);
  assertEquals(flat.split("m").length - 1, modules);
  return flat.split("|").length;
}

Deno.test("no command breaks what Megatron-LM checks", () => {
  const cluster = parseCluster("h100:32");
  const models = ["mixtral-8x7b", "deepseek-v3-mtp", "llama-3-8b"].map((id) => modelPreset(id));
  let written = 0;
  fc.assert(
    fc.property(fc.constantFrom(...models), plansOf("megatron-lm"), (model, input) => {
      const plan = planOf(input, siteOf(model, 32));
      if (plan === undefined) return;
      try {
        const launch = writeLaunch({ plan, model, cluster, workload }, { launcher: "megatron-lm" });
        written++;
        checkCommand(launch.text, 32);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    }),
    { seed: 3, numRuns: 1200 },
  );
  assert(written > 250, `${written} commands`);
});

/** Plans that hold here and that Megatron-LM would refuse, and what it is said to want. */
const refused: readonly [model: string, cluster: string, plan: PlanInput, says: string][] = [
  [
    "mixtral-8x7b",
    "h100:64",
    { tp: 2, ep: 8, sequenceParallel: false },
    "--sequence-parallel where",
  ],
  ["mixtral-8x7b", "h100:64", { tp: 16 }, "key and value heads 8 in multiples of tp 16"],
  ["mixtral-8x7b", "h100:64", { ep: 8, precision: "fp16" }, "--bf16 where there are expert ranks"],
  [
    "llama-3-8b",
    "h100:8",
    { tp: 2, sequenceParallel: false, overlap: { tensor: true } },
    "--tp-comm",
  ],
  ["llama-3-8b", "h100:8", { overlap: { gradients: false } }, "overlap=gradients+parameters"],
  ["llama-3-8b", "h100:8", { pp: 2, offload: { activationLayers: 1 } }, "pp 1 for offload"],
  [
    "llama-3-8b",
    "h100:8",
    { recompute: "full", offload: { activationLayers: 1 } },
    "recompute=none",
  ],
  ["mixtral-8x7b", "h100:64", { recompute: ["mla_up"] }, "latent attention for recompute=mla_up"],
  [
    "deepseek-v3",
    "h100:64",
    { ep: 64, dispatcher: "deepep", overlap: { experts: "shared" } },
    "dispatcher=all-to-all",
  ],
  ["mixtral-8x7b", "h100:64", { pp: 4, ep: 8, overlap: { experts: "batches" } }, "chunks where"],
  [
    "llama-3-8b",
    "h100:8",
    { pp: 2, vpp: 2, globalBatch: 64, overlap: { pipeline: false } },
    "more than two stages",
  ],
];

for (const [model, cluster, plan, says] of refused) {
  Deno.test(`Megatron-LM wants ${says}`, () => {
    const input = launched(model, cluster, plan);
    assertThrows(
      () => writeLaunch(input, { launcher: "megatron-lm" }),
      TypeError,
      "Cannot write the plan for Megatron-LM (Megatron Core 0.15): it wants ",
    );
    assertThrows(() => writeLaunch(input, { launcher: "megatron-lm" }), TypeError, says);
  });
}

Deno.test("what holds anyway is left out", () => {
  const { text } = writeLaunch(launched("llama-3-8b", "h100:8", {}), { launcher: "megatron-lm" });
  for (const name of ["tensor-model", "pipeline-model", "context-parallel", "expert-", "moe-"]) {
    assert(!text.includes(`--${name}`), name);
  }
  assert(text.startsWith("torchrun --nproc-per-node 8 --nnodes 1 pretrain_gpt.py \\\n"));
  const rack = writeLaunch(launched("llama-3-8b", "gb200:72", {}), { launcher: "megatron-lm" });
  assert(rack.text.startsWith("torchrun --nproc-per-node 4 --nnodes 18 "));
});

Deno.test("the rules read settings that were never written", () => {
  const settings = { "--num-layers": 10, "--num-attention-heads": 8, "--seq-length": 64 };
  const batch = { "--micro-batch-size": 1, "--global-batch-size": 8 };
  assertEquals(megatronFaults({ ...settings, ...batch }, 8), []);
  assertEquals(
    megatronFaults({ ...settings, ...batch, "--pipeline-model-parallel-size": 4 }, 8),
    ["layers 10 in multiples of pp times vpp 4"],
  );
});
