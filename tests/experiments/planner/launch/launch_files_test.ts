import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { modelPreset } from "../../../../core/spec/presets/presets.ts";
import { parseCluster } from "../../../../sim/cluster/parse.ts";
import { sizesOf } from "../../../../sim/cost/sizes_of.ts";
import { readLaunch } from "../../../../sim/launch/launch.ts";
import { launcherNames } from "../../../../sim/launch/types.ts";
import { completePlan } from "../../../../sim/plan/complete_plan.ts";
import { parsePlan } from "../../../../sim/plan/plan_words.ts";
import { pricePlan } from "../../../../sim/search/evaluate.ts";
import { searchSite } from "../../../../sim/search/problem.ts";
import { baseStack } from "../../../../sim/stack/base.ts";
import { launchFiles } from "../../../../experiments/planner/launch/launch_files.ts";
import { changesBetween } from "../../../../experiments/planner/launch/plan_changes.ts";
import { refusalOf, repairPlan } from "../../../../experiments/planner/launch/repair_plan.ts";
import { type Planning, problemOf } from "../../../../experiments/planner/planning.ts";

function planningOf(id: string, cluster: string, globalBatch: number): Planning {
  const model = modelPreset(id);
  return {
    ...{ model, sizes: sizesOf(model), cluster: parseCluster(cluster), stack: baseStack },
    workload: { sequence: 4096, routing: { kind: "balanced" }, causal: true },
    ...{ graphs: "none", globalBatch, fix: {}, memoryLimit: 1, objective: "time" },
  };
}

function planOf(words: string, { cluster, sizes, workload, globalBatch }: Planning) {
  const input = { ...parsePlan(words), globalBatch };
  return completePlan(input, { devices: cluster.devices, sizes, workload });
}

const mixtral = planningOf("mixtral-8x7b", "h100:64", 256);

Deno.test("a plan that a launcher can be told is its file", () => {
  const plan = planOf("tp=2,pp=4,ep=8,gradients=fp32,sp=true", mixtral);
  const [file] = launchFiles(mixtral, plan, { launchers: ["megatron-lm"] });
  assertEquals([file.path, file.refused, file.instead], ["megatron-lm.sh", undefined, undefined]);
  assert(file.text!.includes("--pipeline-model-parallel-size 4"));
  assertEquals(readLaunch(file.text!, { launcher: "megatron-lm" }).plan.formats?.gradients, "fp32");
});

Deno.test("where a launcher has no words for a plan, the nearest that it has is priced", () => {
  const plan = planOf("pp=4,ep=8,schedule=zb-v,recompute=norm,gradients=fp32", mixtral);
  const files = launchFiles(mixtral, plan);
  assertEquals(files.map(({ launcher }) => launcher), [...launcherNames]);
  const [megatron, , deepspeed, torchtitan] = files;
  assertEquals(megatron.refused, "it has no schedule zb-v; nearest it has: interleaved");
  assertEquals(megatron.instead?.changes.map(({ word, from }) => [word, from]), [
    ["vpp", "1"],
    ["schedule", "zb-v"],
  ]);
  assertEquals(torchtitan.instead?.changes.map(({ word }) => word), ["zero", "recompute"]);
  assertEquals(
    deepspeed.instead?.changes.map(({ word, to }) => `${word}=${to}`).slice(0, 2),
    ["pp=1", "ep=1"],
  );
  const before = pricePlan(plan, searchSite(problemOf(mixtral)));
  for (const { instead, text, launcher } of files) {
    const told = planOf(instead!.plan, mixtral);
    assertEquals(refusalOf(mixtral, told, launcher), undefined);
    const price = pricePlan(told, searchSite(problemOf(mixtral)));
    assertEquals(instead!.closedSeconds, price.stepSeconds);
    assertEquals(instead!.slowdownFraction, price.stepSeconds / before.stepSeconds - 1);
    assertEquals(instead!.fits, price.peakBytes <= 85e9);
    assert(text!.length > 100);
  }
});

Deno.test("a plan nearby that does not fit is said to be none that fits", () => {
  const big = planningOf("deepseek-v3", "h800:2048", 15360);
  const plan = planOf("pp=16,ep=64,schedule=dualpipe,recompute=norm+mla_up", big);
  const [file] = launchFiles(big, plan, { launchers: ["deepspeed"] });
  assertEquals(file.instead?.fits, false);
  assert(file.instead!.slowdownFraction > 1);
});

Deno.test("repaired plans hold, can be told, and cost what is said", () => {
  const words = fc.record({
    pp: fc.constantFrom("pp=1", "pp=2", "pp=4,vpp=2", "pp=4,schedule=zb-v", "pp=2,schedule=v-min"),
    tp: fc.constantFrom("tp=1", "tp=2", "tp=2,sp=false", "tp=2,etp=2"),
    ep: fc.constantFrom("ep=1", "ep=4", "ep=8,dispatcher=hybridep", "ep=8,dispatch=fp8"),
    zero: fc.constantFrom("zero=0", "zero=1", "zero=2", "zero=2,moments=bf16"),
    recompute: fc.constantFrom("recompute=none", "recompute=full", "recompute=norm+experts"),
  }).map((parts) => Object.values(parts).join(","));
  const site = searchSite(problemOf(mixtral));
  let repaired = 0;
  fc.assert(
    fc.property(words, fc.constantFrom(...launcherNames), (text, launcher) => {
      const plan = planOf(text, mixtral);
      if (refusalOf(mixtral, plan, launcher) === undefined) return;
      const found = repairPlan(mixtral, plan, launcher);
      assert(found, `${launcher}: ${text}`);
      repaired++;
      assertEquals(refusalOf(mixtral, found.price.plan, launcher), undefined);
      assertEquals(found.price.stepSeconds, pricePlan(found.price.plan, site).stepSeconds);
      assertEquals(found.fits, found.price.peakBytes <= site.limitBytes);
      assertEquals(found.changes, changesBetween(plan, found.price.plan, true));
      assert(found.changes.length > 0);
    }),
    { seed: 21, numRuns: 25 },
  );
  assert(repaired > 12, `${repaired} repaired`);
});

Deno.test("changes are words; what follows from others and what is idle is left out", () => {
  const a = planOf("pp=1,overlap=gradients+parameters+pipeline", mixtral);
  const b = planOf("pp=1,overlap=gradients+parameters", mixtral);
  assertEquals(changesBetween(a, b, true), []);
  const c = planOf("pp=4,ep=8", mixtral);
  assertEquals(changesBetween(b, c, true), [
    { word: "pp", from: "1", to: "4" },
    { word: "ep", from: "1", to: "8" },
  ]);
});
