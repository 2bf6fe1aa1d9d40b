import { assertEquals, assertThrows } from "@std/assert";
import { modelPreset } from "../../../core/spec/mod.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import { sizesOf } from "../../../sim/cost/sizes_of.ts";
import { planGroup } from "../../../sim/plan/plan_groups.ts";
import { planPreset, planPresets } from "../../../sim/plan/plan_presets.ts";
import { deepseek, workload } from "./models.ts";

const complete = (name: string) => {
  const { plan, devices, model } = planPreset(name);
  const sizes = model === undefined ? deepseek : sizesOf(modelPreset(model));
  return completePlan(plan, { devices, sizes, workload });
};

Deno.test("every named plan fits a model with experts on its own devices", () => {
  assertEquals(Object.keys(planPresets).length, 7);
  for (const [name, preset] of Object.entries(planPresets)) {
    assertEquals(preset.id, name);
    assertEquals(preset.steps.length, 6);
    const { tp, cp, dp, pp } = complete(name);
    assertEquals(tp * cp * dp * pp, preset.devices);
  }
});

Deno.test("what tells the four hybrids apart is who shares what", () => {
  const sizesOf = (name: string) => {
    const plan = complete(name);
    return (["tensor", "data", "expert", "expert-tensor", "expert-data", "pipeline"] as const)
      .map((kind) => planGroup(kind, plan).size);
  };
  assertEquals(sizesOf("data-expert"), [1, 4, 4, 1, 1, 1]);
  assertEquals(sizesOf("data-expert-tensor"), [2, 4, 4, 2, 1, 1]);
  assertEquals(sizesOf("data-expert-pipeline"), [1, 4, 4, 1, 1, 2]);
  assertEquals(sizesOf("expert-tensor"), [4, 2, 4, 1, 2, 1]);
});

Deno.test("DeepSeek-V3 trained on 2048 devices", () => {
  const plan = complete("deepseek-v3");
  assertEquals([plan.dp, plan.globalBatch / plan.dp, plan.overlap.experts], [128, 120, "dualpipe"]);
  assertEquals(planGroup("expert", plan), { size: 64, stride: 1 });
  assertThrows(() => planPreset("deepseek-v2"), TypeError, 'did you mean "deepseek-v3"');
});
