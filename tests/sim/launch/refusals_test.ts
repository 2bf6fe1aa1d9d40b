import { assertEquals, assertThrows } from "@std/assert";
import { launcherFacts, writeLaunch } from "../../../sim/launch/launch.ts";
import { type LauncherName, launcherNames } from "../../../sim/launch/types.ts";
import type { PlanInput } from "../../../sim/plan/plan_input.ts";
import { launched } from "./plans.ts";

type Row = readonly [launcher: LauncherName, plan: PlanInput, says: string];

const quiet = { gradients: true, parameters: false } as const;

const rows: readonly Row[] = [
  ["megatron-lm", { pp: 4, schedule: "zb-v" }, "no schedule zb-v; nearest it has: interleaved"],
  ["megatron-lm", { pp: 4, schedule: "gpipe" }, "no schedule gpipe; nearest it has: 1f1b"],
  ["megatron-lm", { precision: "tf32" }, "no precision tf32; nearest it has: bf16"],
  ["megatron-lm", { formats: { dispatch: "fp8" } }, "no dispatch of tokens in fp8; nearest it has"],
  ["megatron-lm", { pp: 4, overlap: { pipeline: true } }, "no sends beside kernels under 1f1b"],
  ["megatron-lm", { formats: { moments: "mxfp8" } }, "no moments in mxfp8"],
  ["megatron-lm", { precision: "bf16", formats: { parameters: "fp8" } }, "in fp8 under bf16"],
  ["megatron-bridge", { formats: { moments: "bf16" } }, "no override of moments"],
  ["deepspeed", { pp: 4 }, "no stages in its JSON (PipelineModule is code); nearest it has: pp=1"],
  ["deepspeed", { ep: 8 }, "nearest it has: ep=1"],
  ["deepspeed", { precision: "fp8" }, "no precision fp8; nearest it has: bf16"],
  ["deepspeed", { recompute: "full" }, "nearest it has: recompute=none"],
  ["deepspeed", { zero: 2 }, "no gathering of parameters beside kernels below zero 3"],
  ["deepspeed", { tp: 2, zero: 0 }, "nearest it has: sp=false"],
  ["torchtitan", { zero: 1 }, "no sharding of the optimiser alone; nearest it has: zero=2"],
  ["torchtitan", { zero: 2, pp: 4, schedule: "zb-h1" }, "no schedule zb-h1; nearest it has: 1f1b"],
  ["torchtitan", { zero: 2, pp: 4, schedule: "v-half" }, "nearest it has: zb-v"],
  ["torchtitan", { zero: 2, recompute: ["norm"] }, "nearest it has: recompute=full"],
  ["torchtitan", { zero: 2, capacityFactor: 1.5 }, "no capacity: it drops no token"],
  ["torchtitan", { zero: 2, ep: 8, dispatcher: "hybridep" }, "nearest it has: deepep"],
  ["torchtitan", { zero: 2, tp: 2 }, "no etp 1 without expert ranks; nearest it has: etp=2"],
];

for (const [launcher, plan, says] of rows) {
  Deno.test(`${launcher} refuses ${JSON.stringify(plan)}`, () => {
    const input = launched("mixtral-8x7b", "h100:64", plan);
    assertThrows(() => writeLaunch(input, { launcher }), TypeError, says);
  });
}

Deno.test("what a launcher would refuse itself is refused, with what it wants", () => {
  const write = (launcher: LauncherName, plan: PlanInput) => () =>
    writeLaunch(launched("mixtral-8x7b", "h100:64", plan), { launcher });
  assertThrows(
    write("deepspeed", { zero: 2, overlap: quiet, offload: { optimizer: 0.5 } }),
    TypeError,
    "it wants offload=optimizer:1, or zero 3 for a part of it",
  );
  assertThrows(
    write("deepspeed", { tp: 2, zero: 3, sequenceParallel: false }),
    TypeError,
    "it wants zero 2 or less beside tensor ranks",
  );
  assertThrows(
    write("torchtitan", { zero: 2, tp: 2, ep: 8, shardRanks: 2 }),
    TypeError,
    "it wants ep in multiples of 2 and a divisor of the 4 ranks of a shard",
  );
});

Deno.test("every refusal is said at once", () => {
  const input = launched("mixtral-8x7b", "h100:64", {
    pp: 4,
    schedule: "v-min",
    precision: "tf32",
  });
  const says = "it has no schedule v-min; nearest it has: interleaved; it has no precision tf32";
  assertThrows(() => writeLaunch(input, { launcher: "megatron-lm" }), TypeError, says);
});

Deno.test("models that Megatron-LM cannot say are refused by what they have", () => {
  const write = (model: string) => () =>
    writeLaunch(launched(model, "h100:64", {}), { launcher: "megatron-lm" });
  assertThrows(write("olmoe"), TypeError, "no norm over all heads of queries and keys");
  assertThrows(write("qwen1.5-moe-a2.7b"), TypeError, "no gate of shared experts");
  assertThrows(write("dbrx"), TypeError, "no layer norms without biases");
  assertThrows(write("arctic"), TypeError, "no dense network beside experts");
});

Deno.test("launchers are known by name and say whose arguments they follow", () => {
  assertThrows(() => launcherFacts("megatron"), TypeError, 'did you mean "megatron-lm"');
  for (const name of launcherNames) {
    const { sources, arguments: known, version } = launcherFacts(name);
    assertEquals([sources.length > 1, version.length > 5], [true, true]);
    assertEquals(Object.keys(known).length > 15, true);
  }
});
