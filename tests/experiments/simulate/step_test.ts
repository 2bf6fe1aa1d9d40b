import fc from "fast-check";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { parseCluster } from "../../../sim/cluster/parse.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import { parsePlan } from "../../../sim/plan/plan_words.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import type { Sizes } from "../../../sim/cost/sizes.ts";
import { modelPreset } from "../../../core/spec/mod.ts";
import { sizesOf } from "../../../sim/cost/sizes_of.ts";
import { type Simulation, simulationMachine } from "../../../experiments/simulate/simulation.ts";
import { simulationMemory } from "../../../experiments/simulate/simulation_memory.ts";
import { closedSeconds, closedStep } from "../../../experiments/simulate/step.ts";
import { sensitivities } from "../../../experiments/simulate/sensitivity.ts";
import { stepRates } from "../../../experiments/simulate/rates.ts";
import { inputGrades, partGrades, weakest } from "../../../experiments/simulate/grades.ts";

const mixtral = sizesOf(modelPreset("mixtral-8x7b"));

/** A simulation of words. */
function simulationOf(cluster: string, plan: string, sizes: Sizes = mixtral): Simulation {
  const parsed = parseCluster(cluster);
  const workload = { sequence: 4096, routing: { kind: "balanced" as const }, causal: true };
  const site = { devices: parsed.devices, sizes, workload };
  return {
    sizes,
    cluster: parsed,
    plan: completePlan(parsePlan(plan), site),
    workload,
    stack: baseStack,
    graphs: "none",
  };
}

const unhidden = { ...baseStack.hiddenShare, experts: 0 };

/** Plans of 64 devices that hold for Mixtral. */
const plans = fc.record({
  tp: fc.constantFrom(1, 2, 4),
  pp: fc.constantFrom(1, 2, 4),
  ep: fc.constantFrom(1, 2, 8),
  zero: fc.constantFrom(0, 1, 3),
  recompute: fc.constantFrom("none", "full", "norm+experts"),
  overlap: fc.constantFrom("none", "gradients+parameters+pipeline", "gradients+tensor"),
}).filter(({ zero, pp }) => zero < 3 || pp === 1).map((fields) =>
  Object.entries({ ...fields, gb: 512 }).map(([name, value]) => `${name}=${value}`).join(",")
);

Deno.test("the parts of a step are not below 0 and add up to it", () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const simulation = simulationOf("h100:64", plan);
      const { stepSeconds, breakdown } = closedStep(simulation, simulationMachine(simulation));
      const parts = Object.values(breakdown);
      assert(parts.every((seconds) => seconds >= 0), JSON.stringify(breakdown));
      assertAlmostEquals(parts.reduce((a, b) => a + b, 0) / stepSeconds, 1, 1e-8);
    }),
    { seed: 1, numRuns: 60 },
  );
});

/** Plans of 64 devices whose tokens travel beside another micro-batch. */
const paired = fc.record({
  tp: fc.constantFrom(1, 2),
  pp: fc.constantFrom(2, 4, 8),
  ep: fc.constantFrom(2, 8),
  recompute: fc.constantFrom("none", "full"),
  schedule: fc.constantFrom("dualpipe", "dualpipe-v", "interleaved,vpp=2"),
  overlap: fc.constantFrom("none", "pipeline", "gradients+parameters"),
}).map(({ overlap, ...fields }) => {
  const experts = fields.schedule.startsWith("dualpipe") ? "dualpipe" : "batches";
  return Object.entries({ ...fields, overlap: `${overlap}+experts:${experts}`, gb: 512 })
    .map(([name, value]) => `${name}=${value}`).join(",").replace("none+", "");
});

Deno.test("hidden exchanges are in no part, and fewer show than where none hide", () => {
  fc.assert(
    fc.property(paired, (plan) => {
      const simulation = simulationOf("h100:64", plan);
      const machine = simulationMachine(simulation);
      const { stepSeconds, breakdown, hidden } = closedStep(simulation, machine);
      const parts = Object.values(breakdown);
      assert(parts.every((seconds) => seconds >= 0), JSON.stringify(breakdown));
      assertAlmostEquals(parts.reduce((a, b) => a + b, 0) / stepSeconds, 1, 1e-8);
      const alone = { ...simulation, stack: { ...baseStack, hiddenShare: unhidden } };
      const seen = closedStep(alone, simulationMachine(alone)).breakdown.tokenSeconds;
      assert(hidden.tokenSeconds > 0 && breakdown.tokenSeconds < seen);
    }),
    { seed: 1, numRuns: 40 },
  );
});

Deno.test("what gets better makes no step longer", () => {
  const machine = fc.constantFrom("h100:64", "h100:64,nic=100Gb/s", "gb200:64");
  fc.assert(
    fc.property(plans, machine, (plan, cluster) => {
      for (const { input, change } of sensitivities(simulationOf(cluster, plan))) {
        if (!input.startsWith("micro-batch")) assert(change <= 1e-12, `${input}: ${change}`);
      }
    }),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test("a faster network is felt where experts are on several nodes, and nowhere else", () => {
  const changeOf = (plan: string) =>
    sensitivities(simulationOf("h100:64", plan)).find(({ input }) => input.startsWith("network"))!
      .change;
  assert(changeOf("ep=8,tp=8,pp=1,overlap=none") < -0.001);
  const alone = sensitivities(simulationOf("h100:8", "ep=8"));
  assertEquals(alone.find(({ input }) => input.startsWith("network"))!.change, 0);
});

Deno.test("rates follow from the step: tokens, FLOP, energy, money", () => {
  const simulation = simulationOf("h100:64", "ep=8,gb=512");
  const rates = stepRates(simulation, 2, { hourDollars: 3.6 });
  assertEquals(rates.tokens, 512 * 4096);
  assertEquals(rates.tokensPerSecondPerDevice, 512 * 4096 / 2 / 64);
  assertAlmostEquals(rates.energyJoules!, 700 * 64 * 2);
  assertAlmostEquals(rates.dollars!, 0.001 * 64 * 2);
  // 12.9 billion active parameters less the input table's 131 million, and half of the scores.
  const perToken = 6 * 12.75e9 + 12 * 32 * 4096 * 4096 / 2;
  assertAlmostEquals(
    rates.modelFlopsPerSecondPerDevice / (perToken * rates.tokensPerSecondPerDevice),
    1,
    0.005,
  );
  assertAlmostEquals(rates.mfuFraction, rates.modelFlopsPerSecondPerDevice / 989.4e12, 1e-6);
});

Deno.test("memory: the fullest stage decides whether it fits", () => {
  const small = simulationMemory(simulationOf("h100:64", "tp=2,pp=4,ep=8,gb=256"));
  assertEquals([small.fits, small.fullestStage, small.stages.length], [true, 0, 4]);
  assertEquals(small.peakBytes, Math.max(...small.stages.map((stage) => stage.peakBytes)));
  const large = simulationMemory(simulationOf("h100:8", "zero=0"));
  assert(!large.fits && large.peakBytes > large.deviceBytes);
});

Deno.test("a part is known as well as its weakest input", () => {
  assertEquals(weakest(["data sheet", "fitted to kernel rows"]), "data sheet");
  assertEquals(weakest(["fitted to step rows", "assumed from h800"]), "assumed from h800");
  const grades = inputGrades(simulationOf("h100:64", "ep=8"), { stack: "fitted to step rows" });
  assertEquals([grades.product, grades.memory, grades.links], [
    "fitted to kernel rows",
    "data sheet",
    "fitted to exchange rows",
  ]);
  assertEquals(partGrades(grades).tokenSeconds, "fitted to step rows");
  const changed = inputGrades(simulationOf("h100:64,nic=200Gb/s", "ep=8"), { stack: "assumed" });
  assertEquals([changed.links, partGrades(changed).tokenSeconds], ["set by you", "assumed"]);
});

Deno.test("the closed form alone gives the same seconds", () => {
  const simulation = simulationOf("h100:64", "tp=2,pp=4,ep=8,gb=256");
  const machine = simulationMachine(simulation);
  assertEquals(
    closedSeconds(simulation, machine),
    closedStep(simulation, machine).stepSeconds,
  );
});
