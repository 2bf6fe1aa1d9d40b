import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { scheduleNames } from "../../../sim/pipeline/schedule.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import {
  contextExchanges,
  dispatchers,
  expertOverlaps,
  precisions,
  recomputeModules,
} from "../../../sim/plan/plan.ts";
import { withDefaults } from "../../../sim/plan/plan_defaults.ts";
import { type PlanInput, readPlan } from "../../../sim/plan/plan_input.ts";
import { formatPlan, parsePlan, planWords } from "../../../sim/plan/plan_words.ts";
import { deepseek, workload } from "./models.ts";

const site = { devices: 2048, sizes: deepseek, workload };

Deno.test("the words of a plan", () => {
  assertEquals(
    parsePlan(
      "tp=1, pp=16,ep=64,vpp=2,zero=1,schedule=dualpipe,mb=1,gb=15360,recompute=mla_up+norm," +
        "precision=fp8,dispatch=fp8,combine=bf16,overlap=gradients+experts:dualpipe,sp=false,cp=2," +
        "etp=1,offload=optimizer:0.5+activations:2,layers=3+4/4+2,capacity=1.25,shard=8",
    ),
    {
      ...{ tp: 1, pp: 16, ep: 64, vpp: 2, zero: 1, schedule: "dualpipe" },
      ...{ microBatch: 1, globalBatch: 15_360, recompute: ["mla_up", "norm"], precision: "fp8" },
      formats: { dispatch: "fp8", combine: "bf16" },
      overlap: {
        ...{ gradients: true, parameters: false, tensor: false, pipeline: false },
        experts: "dualpipe",
      },
      ...{ sequenceParallel: false, cp: 2, etp: 1 },
      offload: { optimizer: 0.5, activationLayers: 2 },
      ...{ stageLayers: [[3, 4], [4, 2]], capacityFactor: 1.25, shardRanks: 8 },
    },
  );
});

const degree = fc.integer({ min: 1, max: 64 });
const format = fc.option(fc.constantFrom(...precisions), { nil: undefined });

const inputs: fc.Arbitrary<PlanInput> = fc.record({
  ...{ tp: degree, cp: degree, dp: degree, pp: degree, vpp: degree, ep: degree, etp: degree },
  ...{ microBatch: degree, globalBatch: degree, shardRanks: degree },
  zero: fc.constantFrom(0, 1, 2, 3),
  sequenceParallel: fc.boolean(),
  schedule: fc.constantFrom(...scheduleNames),
  contextExchange: fc.constantFrom(...contextExchanges),
  recompute: fc.oneof(
    fc.constantFrom("none" as const, "full" as const),
    fc.subarray([...recomputeModules], { minLength: 1 }),
  ),
  precision: fc.constantFrom(...precisions),
  dispatcher: fc.constantFrom(...dispatchers),
  offload: fc.record({
    optimizer: fc.constantFrom(0, 0.25, 1),
    activationLayers: fc.integer({ min: 0, max: 4 }),
  }),
  overlap: fc.record({
    ...{ gradients: fc.boolean(), parameters: fc.boolean(), tensor: fc.boolean() },
    pipeline: fc.boolean(),
    experts: fc.constantFrom(...expertOverlaps),
  }),
  capacityFactor: fc.double({ min: 0.5, max: 4, noNaN: true }),
  stageLayers: fc.array(fc.array(degree, { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 4,
  }),
}, { requiredKeys: [] }).chain((input) =>
  fc.record({ dispatch: format, moments: format, mainGradients: format, parameters: format })
    .map((formats) => ({ ...input, formats }))
);

Deno.test("a plan in words and in JSON is the same plan again", () => {
  fc.assert(
    fc.property(inputs, (drawn) => {
      const input = JSON.parse(JSON.stringify(drawn)) as PlanInput;
      const plan = withDefaults(input, site);
      const exchange = { contextExchange: plan.contextExchange };
      const words = formatPlan({
        ...plan,
        dp: Math.ceil(plan.dp),
        globalBatch: Math.ceil(plan.globalBatch),
      });
      const again = withDefaults({ ...exchange, ...parsePlan(words) }, site);
      assertEquals(
        again,
        { ...plan, dp: Math.ceil(plan.dp), globalBatch: Math.ceil(plan.globalBatch) },
      );
      assertEquals(readPlan(structuredClone(input), "plan.json"), input);
    }),
    { seed: 1, numRuns: 300 },
  );
  const plan = completePlan(parsePlan("pp=16,ep=64,schedule=dualpipe,gb=15360"), site);
  assertEquals(completePlan(parsePlan(formatPlan(plan)), site), plan);
});

Deno.test("words and values that are not known", () => {
  const cases: [string, string][] = [
    ["scedule=1f1b", 'Unknown word of a plan "scedule": did you mean "schedule"?'],
    ["schedule=1f1", 'Unknown schedule "1f1": did you mean "1f1b"?'],
    ["recompute=norms", 'Unknown module "norms": did you mean "norm"?'],
    ["precision=fp9", 'Unknown precision "fp9": did you mean "fp8"?'],
    ["overlap=gradient", 'did you mean "gradients"?'],
    ["overlap=experts:batch", 'did you mean "batches"?'],
    ["offload=optimiser:1", 'did you mean "optimizer"?'],
    ["offload=optimizer:2", "wanted a number of at least 0 and at most 1"],
    ["zero=4", 'Unknown zero "4"'],
    ["tp=1.5", "Cannot read tp=1.5: wanted a whole number"],
    ["tp=0", "Cannot read tp=0: wanted a number of at least 1"],
    ["tp=", "Cannot read tp=: wanted a number"],
    ["capacity=0", "Cannot read capacity=0: wanted a number above 0"],
    ["tp=1,tp=2", 'Cannot read "tp=2" in plan "tp=1,tp=2": wanted tp=VALUE, and only once'],
    ["tp", 'Cannot read "tp" in plan "tp"'],
  ];
  for (const [text, wanted] of cases) assertThrows(() => parsePlan(text), TypeError, wanted);
  assertEquals(planWords.length, 27);
});

Deno.test("JSON with wrong fields", () => {
  assertThrows(() => readPlan({ tpp: 1 }, "p.json"), TypeError, 'no field "tpp"');
  assertThrows(() => readPlan({ schedule: "1f" }, "p.json"), TypeError, "at /schedule expected");
  assertThrows(() => readPlan({ zero: 4 }, "p.json"), TypeError, "at /zero");
});
