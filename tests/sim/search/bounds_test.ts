import { assert } from "@std/assert";
import fc from "fast-check";
import type { Sizes } from "../../../sim/cost/sizes.ts";
import { scheduleNames } from "../../../sim/pipeline/schedule.ts";
import { dispatchers, type Plan } from "../../../sim/plan/plan.ts";
import { withDefaults } from "../../../sim/plan/plan_defaults.ts";
import { planFault } from "../../../sim/plan/plan_rules.ts";
import { modulesOf } from "../../../sim/search/choices.ts";
import { emptyTally } from "../../../sim/search/counts.ts";
import { planMemory, planTime } from "../../../sim/search/evaluate.ts";
import { type SearchProblem, searchSite } from "../../../sim/search/problem.ts";
import { prepareSearch } from "../../../sim/search/search_space.ts";
import { unitBytes } from "../../../sim/search/search_units.ts";
import { coresOf } from "../../../sim/search/unit_cores.ts";
import { unitHope } from "../../../sim/search/unit_hope.ts";
import { unitShapes } from "../../../sim/search/unit_shapes.ts";
import { simulateStep } from "../../../sim/step/simulate_step.ts";
import { deepseekV3 } from "../cost/examples.ts";
import { mixtral, qwen30b } from "../step/random_plans.ts";
import { dense, latent, mixture } from "./problems.ts";

const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
const flag = fc.boolean();
const powers = (most: number) => fc.nat(most).map((n) => 2 ** n);

/** A plan that holds, on its cluster. */
interface Case {
  sizes: Sizes;
  cluster: string;
  plan: Plan;
}

/** Some of its experts are there twice, so that their gradients are added up once a step. */
const copied: Sizes = { ...mixture, moe: { ...mixture.moe!, redundant: 8 } };

const draws = fc.record({
  sizes: fc.constantFrom(dense, mixture, copied, latent, deepseekV3, mixtral, qwen30b),
  name: fc.constantFrom("h100", "h800", "b200"),
  devices: powers(8),
  rounds: fc.constantFrom(1, 2, 4, 8, 16),
  modules: fc.nat(200),
  shards: fc.constantFrom(undefined, undefined, 1, 2, 4),
  plan: fc.record({
    ...{ tp: powers(3), cp: powers(2), pp: powers(4), ep: powers(6), etp: powers(1) },
    ...{ vpp: fc.constantFrom(1, 2, 3), microBatch: powers(2) },
    schedule: fc.constantFrom(...scheduleNames),
    zero: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
    sequenceParallel: flag,
    contextExchange: fc.constantFrom("p2p" as const, "a2a" as const, "all-gather" as const),
    precision: fc.constantFrom("bf16" as const, "fp8" as const),
    dispatcher: fc.constantFrom(...dispatchers),
    overlap: fc.record({
      ...{ gradients: flag, parameters: flag, tensor: flag, pipeline: flag },
      experts: fc.constantFrom(
        ...["none", "none", "shared", "batches", "batches", "dualpipe"] as const,
      ),
    }),
    formats: fc.record({ dispatch: fc.constantFrom("bf16" as const, "fp8" as const) }),
  }),
});

/** Random plans that hold. */
function cases(count: number, seed: number): Case[] {
  const key = `${count}/${seed}`;
  return known[key] ??= drawCases(count, seed);
}

const known: Record<string, Case[]> = {};

function drawCases(count: number, seed: number): Case[] {
  const found: Case[] = [];
  for (let batch = 0; found.length < count; batch++) {
    for (const draw of fc.sample(draws, { seed: seed + batch, numRuns: 2000 })) {
      const { sizes, devices } = draw;
      const modules = modulesOf(sizes);
      const bits = draw.modules % 2 ** modules.length;
      const set = modules.filter((_, i) => bits >> i & 1);
      const recompute = bits === 0 ? "none" as const : draw.modules > 180 ? "full" as const : set;
      const site = { devices, sizes, workload };
      const globalBatch = devices * draw.rounds;
      const shards = draw.shards !== undefined && { shardRanks: draw.shards };
      const plan = withDefaults({ ...draw.plan, ...shards, recompute, globalBatch }, site);
      if (planFault(plan, site) === undefined) {
        found.push({ sizes, cluster: `${draw.name}:${devices}`, plan });
      }
    }
  }
  return found.slice(0, count);
}

const problemOf = ({ sizes, cluster, plan }: Case): SearchProblem => {
  const { stageLayers: _even, ...fix } = plan;
  const { globalBatch } = plan;
  return { sizes, cluster, workload, globalBatch, fix, memoryLimit: 1e18 };
};

Deno.test("no bound is above what it bounds", () => {
  const near = 1 + 1e-9;
  const ratios: number[] = [];
  const sum = { tight: 0, all: 0 };
  for (const given of cases(1000, 40)) {
    const problem = problemOf(given);
    const space = prepareSearch(problem);
    const site = space.site;
    const { stepSeconds } = planTime(given.plan, site);
    const { peakBytes } = planMemory(given.plan, site);
    const text = () => JSON.stringify([given.sizes.name, given.plan]);
    const [unit] = space.units;
    const [microBatch] = unit.microBatches;
    const least = {
      seconds: Math.min(...unit.leastSeconds),
      bytes: Math.min(...unitBytes(unit, { microBatch, sharded: given.plan.zero === 3 }, space)),
    };
    assert(least.seconds <= stepSeconds * near, `degrees: ${text()}`);
    assert(least.bytes <= peakBytes * near, `crude: ${text()}`);
    const of = {
      ...{ space, known: { best: [], front: [] }, tally: emptyTally(), stop: () => false },
      rules: { top: 1, front: true, objective: "time" as const },
    };
    // A plan that beats all that is known by a millionth has hope.
    const slower = 1 + 1e-6;
    const rival = {
      plan: given.plan,
      ...{ stepSeconds: stepSeconds * slower, peakBytes: peakBytes * slower },
    };
    const hope = unitHope(unit, { ...of, known: { best: [rival], front: [rival] } });
    assert(hope(microBatch) !== undefined, `hope: ${text()}`);
    const [shape] = unitShapes(unit, of);
    assert(Math.min(...shape.least.seconds) <= stepSeconds * near, `shape: ${text()}`);
    assert(Math.min(...shape.least.bytes) <= peakBytes * near, `bytes of shape: ${text()}`);
    const [{ shardings: [core] }] = coresOf(shape, of);
    assert(core.stepSeconds <= stepSeconds * near, `core: ${text()}`);
    assert(core.peakBytes <= peakBytes * near, `memory: ${text()}`);
    ratios.push(core.stepSeconds / stepSeconds);
    if (core.peakBytes > 0.999 * peakBytes) sum.tight++;
    sum.all++;
  }
  ratios.sort((a, b) => a - b);
  assert(ratios[ratios.length >> 1] > 0.85, `half are above ${ratios[ratios.length >> 1]}`);
  assert(sum.tight > 0.85 * sum.all, `${sum.tight} of ${sum.all} bounds of memory are near`);
});

/** Whether one plan is no slower and no bigger than another, by the closed form. */
function claim(
  name: string,
  of: { better: (plan: Plan) => Partial<Plan> | undefined; worse: (plan: Plan) => Partial<Plan> },
): void {
  Deno.test(`never worse: ${name}`, () => {
    let seen = 0;
    for (const given of cases(2500, 90)) {
      if (seen === 120) break;
      const change = of.better(given.plan);
      if (change === undefined || !given.sizes.moe) continue;
      const site = searchSite(problemOf(given));
      const [good, bad] = [change, of.worse(given.plan)].map((c) => ({ ...given.plan, ...c }));
      if (planFault(good, site) !== undefined || planFault(bad, site) !== undefined) continue;
      seen++;
      const [a, b] = [good, bad].map((plan) => ({
        seconds: planTime(plan, site).stepSeconds,
        bytes: planMemory(plan, site).peakBytes,
      }));
      const text = () => JSON.stringify([given.sizes.name, given.cluster, given.plan]);
      assert(a.seconds <= b.seconds * (1 + 1e-9), `${a.seconds} s, ${b.seconds} s: ${text()}`);
      assert(a.bytes <= b.bytes * (1 + 1e-9), `${a.bytes}, ${b.bytes} bytes: ${text()}`);
    }
    assert(seen === 120, `${seen} plans`);
  });
}

const overlaid = (plan: Plan, change: Partial<Plan["overlap"]>): Partial<Plan> => ({
  overlap: { ...plan.overlap, ...change },
});

claim("exchanges of tensor ranks beside their products", {
  better: (plan) => plan.tp > 1 ? overlaid(plan, { tensor: true }) : undefined,
  worse: (plan) => overlaid(plan, { tensor: false }),
});

claim("rows on their way to experts in the format of the products, not in 16 bits", {
  better: (plan) =>
    plan.precision === "fp8" ? { formats: { ...plan.formats, dispatch: "fp8" } } : undefined,
  worse: (plan) => ({ formats: { ...plan.formats, dispatch: "bf16" } }),
});

for (const field of ["dispatch", "combine"] as const) {
  claim(`the narrower of two formats that rows are cast to alike, ${field}`, {
    better: (plan) =>
      plan.precision === "bf16" ? { formats: { ...plan.formats, [field]: "fp8" } } : undefined,
    worse: (plan) => ({ formats: { ...plan.formats, [field]: "mxfp8" } }),
  });

  claim(`narrow rows that go nowhere, ${field}`, {
    better: (plan) => ({ ep: 1, etp: 1, formats: { ...plan.formats, [field]: "fp8" } }),
    worse: (plan) => ({ ep: 1, etp: 1, formats: { ...plan.formats, [field]: "bf16" } }),
  });
}

claim("tokens beside the shared experts, not beside nothing", {
  better: (plan) => overlaid(plan, { experts: "shared" }),
  worse: (plan) => overlaid(plan, { experts: "none" }),
});

claim("tokens beside nothing, not beside other micro-batches where none travel", {
  better: (plan) => ({ ep: 1, etp: 1, ...overlaid(plan, { experts: "none" }) }),
  worse: (plan) => {
    const experts = plan.schedule.startsWith("dualpipe") ? "dualpipe" : "batches";
    return { ep: 1, etp: 1, ...overlaid(plan, { experts }) };
  },
});

claim("tokens beside nothing, not beside other micro-batches that never come", {
  better: (plan) =>
    plan.pp > 1 && ["zb-h1", "zb-v", "v-half", "v-min", "zb-bounded"].includes(plan.schedule)
      ? overlaid(plan, { experts: "none" })
      : undefined,
  worse: (plan) => overlaid(plan, { experts: "batches" }),
});

Deno.test("rounds of DualPipeV that are not run take what the stage's own work takes", () => {
  const sizes = qwen30b;
  const fix = {
    ...{
      tp: 4,
      cp: 4,
      dp: 2,
      pp: 8,
      ep: 4,
      zero: 2,
      microBatch: 2,
      contextExchange: "a2a",
    } as const,
    ...{
      schedule: "dualpipe-v",
      dispatcher: "hybridep",
      precision: "bf16",
      recompute: "none",
    } as const,
    overlap: {
      gradients: true,
      parameters: true,
      tensor: false,
      pipeline: false,
      experts: "dualpipe",
    },
  } as const;
  const problem = { sizes, cluster: "b200:256", workload, globalBatch: 1024, fix };
  const site = searchSite({ ...problem, memoryLimit: 1e18 });
  const plan = withDefaults({ ...fix, globalBatch: 1024 }, { devices: 256, sizes, workload });
  const machine = site.machine("bf16");
  const { stepSeconds, bubbleSeconds } = planTime(plan, site);
  const events = simulateStep({ sizes, plan, workload, machine }, { contention: false });
  assert(Math.abs(stepSeconds / events.stepSeconds - 1) < 0.005);
  assert(bubbleSeconds > 0);
});

Deno.test("what is exchanged once a step makes none shorter, where parameters are sharded too", () => {
  let exchanges = 0;
  for (const schedule of scheduleNames) {
    for (const experts of ["none", "batches", "dualpipe"] as const) {
      const overlap = { gradients: true, parameters: true, tensor: true, pipeline: true, experts };
      const input = { ep: 8, zero: 3, schedule, overlap, globalBatch: 64 } as const;
      const site = { devices: 32, sizes: copied, workload };
      const plan = withDefaults(input, site);
      if (planFault(plan, site) !== undefined) continue;
      const time = planTime(
        plan,
        searchSite(problemOf({ sizes: copied, cluster: "b200:32", plan })),
      );
      const rest = time.busySeconds + time.bubbleSeconds + time.updateSeconds;
      assert(time.dataSeconds >= -1e-12, `${schedule}, ${experts}: ${time.dataSeconds}`);
      assert(time.stepSeconds >= rest * (1 - 1e-12));
      if (time.dataSeconds > 0) exchanges++;
    }
  }
  assert(exchanges > 5, `${exchanges} plans exchange`);
});

Deno.test("bytes of degrees are numbers in ways that are not tried, too", () => {
  const problem = { sizes: mixture, cluster: "h100:16", workload, globalBatch: 16 };
  const choices = { recompute: ["none" as const] };
  const space = prepareSearch({ ...problem, choices, objective: "memory", memoryLimit: 1e18 });
  for (const unit of space.units) {
    for (const microBatch of unit.microBatches) {
      for (const sharded of [true, false]) {
        const bytes = unitBytes(unit, { microBatch, sharded }, space);
        assert(!bytes.some(Number.isNaN), JSON.stringify([unit.degrees, microBatch]));
      }
    }
  }
});
