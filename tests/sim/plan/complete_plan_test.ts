import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { schedule, scheduleNames } from "../../../sim/pipeline/schedule.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import { nearestPlan } from "../../../sim/plan/nearest_plan.ts";
import { withDefaults } from "../../../sim/plan/plan_defaults.ts";
import { planFault, planRules } from "../../../sim/plan/plan_rules.ts";
import { formatPlan, parsePlan } from "../../../sim/plan/plan_words.ts";
import { partLayers, stageChunks } from "../../../sim/plan/stage_layers.ts";
import { deepseek, dense, workload } from "./models.ts";

const large = { devices: 2048, sizes: deepseek, workload };
const small = { devices: 64, sizes: dense, workload };

const message = (text: string, site: typeof large) => {
  try {
    return formatPlan(completePlan(parsePlan(text), site));
  } catch (error) {
    return (error as Error).message;
  }
};

Deno.test("what a plan leaves open", () => {
  const plan = completePlan(parsePlan("tp=2,pp=4,vpp=2"), small);
  assertEquals([plan.dp, plan.ep, plan.etp, plan.zero, plan.microBatch], [8, 1, 1, 1, 1]);
  assertEquals([plan.schedule, plan.sequenceParallel, plan.precision], [
    "interleaved",
    true,
    "bf16",
  ]);
  assertEquals([plan.globalBatch, plan.stageLayers], [8 * 16, undefined]);
  assertEquals(completePlan({}, small).sequenceParallel, false);
  assertEquals(completePlan({ pp: 2 }, small).schedule, "1f1b");
});

Deno.test("layers that do not divide evenly", () => {
  assertEquals(partLayers(32, 4), [8, 8, 8, 8]);
  // Qwen3-235B: 94 layers and both ends over 8 stages of 4 chunks.
  assertEquals(partLayers(94, 32), [2, ...new Array(30).fill(3), 2]);
  // DeepSeek-V3: 61 layers over 16 parts with the rest last, over 32 with a head that counts twice.
  assertEquals(partLayers(61, 16), [...new Array(15).fill(4), 1]);
  assertEquals(partLayers(61, 32), [1, ...new Array(30).fill(2), 0]);
  assertEquals(partLayers(33, 16), [3, ...new Array(15).fill(2)]);
  const plan = completePlan(parsePlan("pp=16,ep=64,schedule=dualpipe,gb=15360"), large);
  assertEquals(plan.stageLayers!.at(0), [4, 1]);
  assertEquals(plan.stageLayers!.at(-1), [1, 4]);
});

Deno.test("every refusal names the rule broken and a plan nearby that holds", () => {
  const cases: [string, typeof large, string][] = [
    [
      "tp=3",
      large,
      "2048 devices cannot be divided by tp 3 times cp 1 times pp 1; nearest that holds: tp=4",
    ],
    ["dp=100", large, "dp 100 times pp 1 is no world of 2048 devices; nearest that holds: dp=2048"],
    ["ep=2", small, "dense has no experts for ep 2, etp 1 or a capacity; nearest that holds: ep=1"],
    [
      "ep=24",
      large,
      "2048 devices of a stage cannot be divided by etp 1 times ep 24; nearest that holds: ep=32",
    ],
    ["ep=512", large, "256 experts cannot be divided by ep 512; nearest that holds: ep=256"],
    ["tp=64", small, "32 heads cannot be divided by tp 64; nearest that holds: tp=32"],
    [
      "cp=8,tp=8,context=a2a",
      small,
      "32 heads, exchanged all-to-all, cannot be divided by tp 8 times cp 8; nearest that holds: context=p2p",
    ],
    [
      "gb=1000",
      large,
      "1000 sequences of a step cannot be divided by dp 2048 times micro-batch 1; nearest that holds: gb=2048",
    ],
    [
      "shard=3",
      large,
      "2048 replicas (dp times cp) cannot be divided by shards over 3; nearest that holds: shard=4",
    ],
    ["zero=3,pp=4", large, "zero 3 cannot be joined with pp 4; nearest that holds: zero=2"],
    [
      "pp=4,vpp=2,schedule=1f1b",
      large,
      "vpp 2 is for the schedule interleaved, not for 1f1b; nearest that holds: schedule=interleaved",
    ],
    ["vpp=4", large, "vpp 4 needs more than one stage; nearest that holds: vpp=1"],
    ["pp=128", large, "61 layers are too few for 128 parts; nearest that holds: pp=32"],
    [
      "pp=2,layers=30/30",
      large,
      "the layers of the stages sum up to 60, wanted 61; nearest that holds: without layers",
    ],
    [
      "pp=4,layers=30/31",
      large,
      "the layers of 2 stages with 1 chunks are given, wanted 4 stages with 1; nearest that holds: without layers",
    ],
    [
      "pp=2,schedule=dualpipe,layers=30+31/31+29",
      large,
      "part 0 has 30 layers in one copy and 29 in the other",
    ],
    [
      "pp=16,schedule=dualpipe,gb=256",
      large,
      "dualpipe with 2 micro-batches on each replica wants at least 32; nearest that holds: gb=4096",
    ],
    [
      "pp=8,vpp=2,gb=3072",
      large,
      "interleaving 12 micro-batches on each replica wants a multiple of pp 8; nearest that holds: gb=4096",
    ],
    [
      "overlap=experts:dualpipe,pp=4",
      large,
      "experts:dualpipe is for the schedules dualpipe and dualpipe-v, not for 1f1b; nearest that holds: schedule=dualpipe",
    ],
    ["overlap=experts:shared", small, "dense has no shared experts to hide the exchange of tokens"],
  ];
  for (const [text, site, wanted] of cases) {
    const found = message(text, site);
    assert(found.includes(wanted), `${text}: ${found}`);
  }
});

Deno.test("a sequence is divided by context and tensor ranks", () => {
  const odd = { ...small, workload: { ...workload, sequence: 4100 } };
  assert(
    message("cp=4", odd as typeof large).includes(
      "4100 tokens of a sequence cannot be divided by twice cp 8",
    ),
  );
  assert(
    message("tp=8", odd as typeof large).includes(
      "divided by tp 8 times cp 1; nearest that holds: tp=4",
    ),
  );
  assert(message("tp=8,sp=false", odd as typeof large).startsWith("tp=8"));
});

Deno.test("plans that the rules pass have pipelines that run", () => {
  const powers = (most: number) => fc.integer({ min: 0, max: most }).map((n) => 2 ** n);
  const input = fc.record({
    ...{ tp: powers(3), pp: fc.integer({ min: 1, max: 16 }), ep: powers(8), vpp: powers(2) },
    schedule: fc.constantFrom(...scheduleNames),
    globalBatch: powers(14),
  });
  let held = 0;
  fc.assert(
    fc.property(input, (given) => {
      const plan = withDefaults(given, large);
      if (planFault(plan, large)) return;
      held++;
      const microBatches = plan.globalBatch / (plan.dp * plan.microBatch);
      const chunks = plan.schedule === "interleaved" ? plan.vpp : undefined;
      if (microBatches * plan.pp > 1024) return;
      schedule(plan.schedule, { stages: plan.pp, microBatches, chunks });
      assertEquals(plan.stageLayers?.[0].length ?? stageChunks(plan), stageChunks(plan));
    }),
    { seed: 1, numRuns: 2000 },
  );
  assert(held > 100, `${held} held`);
});

Deno.test("a plan that is named as nearest holds", () => {
  const input = fc.record({
    ...{ tp: fc.integer({ min: 1, max: 12 }), pp: fc.integer({ min: 1, max: 12 }) },
    ...{ ep: fc.integer({ min: 1, max: 64 }), vpp: fc.integer({ min: 1, max: 3 }) },
  });
  let mended = 0;
  fc.assert(
    fc.property(input, (given) => {
      const fault = planFault(withDefaults(given, large), large);
      const changes = fault && nearestPlan(given, large, fault);
      if (changes === undefined) return;
      mended++;
      assertEquals(
        planFault(withDefaults({ ...given, ...changes } as typeof given, large), large),
        undefined,
      );
    }),
    { seed: 1, numRuns: 60 },
  );
  assert(mended > 30, `${mended} mended`);
});

Deno.test("rules have names of their own", () => {
  assertEquals(new Set(planRules.map((rule) => rule.name)).size, planRules.length);
  assertThrows(() => completePlan({ tp: 3 }, small), TypeError, "for dense on 64 devices");
});
