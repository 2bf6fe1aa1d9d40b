/** What a placement does to the loads of ranks, to a step and to its memory. @module */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import type { Sizes } from "../../../sim/cost/sizes.ts";
import { stepCosts } from "../../../sim/cost/step_costs.ts";
import type { RoutingLaw } from "../../../sim/cost/workload.ts";
import { stageLoads } from "../../../sim/memory/expert_load.ts";
import { planFault } from "../../../sim/plan/plan_rules.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import type { PlacementLaw } from "../../../sim/placement/law.ts";
import { placedSlots } from "../../../sim/placement/placed_slots.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { simulateStep } from "../../../sim/step/simulate_step.ts";
import { planWith, workload } from "../cost/examples.ts";
import { mixtral } from "../step/random_plans.ts";

const sizes: Sizes = { ...mixtral, layers: 4 };
const changes = { dp: 8, ep: 4, globalBatch: 16 };
const share_LE = [[8, 8, 2, 2, 1, 1, 1, 1], [1, 1, 1, 1, 2, 2, 8, 8]];
const trace: RoutingLaw = { kind: "trace", share_LE };
const slots_LRS = [[[0, 4], [1, 5], [2, 6], [3, 7]], [[6, 0], [7, 1], [4, 2], [5, 3]]];

function run(placement?: PlacementLaw, of: { sizes?: Sizes; changes?: Partial<Plan> } = {}) {
  const plan = planWith({ ...changes, ...of.changes });
  const machine = machineOf("h100:8", "bf16").machine(baseStack);
  const input = { sizes: of.sizes ?? sizes, plan, machine };
  return simulateStep({ ...input, workload: { ...workload, routing: trace, placement } });
}

/** Rows of the ranks of a layer over an even share. */
const loadsOf = (step: ReturnType<typeof run>, layer: number) => {
  const rows = step.loads![layer].map((load) => load.rows);
  const mean = rows.reduce((sum, row) => sum + row, 0) / rows.length;
  return rows.map((row) => Number((row / mean).toFixed(9)));
};

Deno.test("ranks get the rows of the experts that lie on them", () => {
  assertEquals(loadsOf(run(), 0), [16 / 6, 4 / 6, 2 / 6, 2 / 6].map((x) => Number(x.toFixed(9))));
  const step = run({ kind: "slots", slots_LRS });
  assertEquals(loadsOf(step, 0), [1.5, 1.5, 0.5, 0.5]);
  // A trace and a placement of two layers stand for layers in turn.
  assertEquals(loadsOf(step, 1), [1.5, 1.5, 0.5, 0.5]);
  assertEquals(loadsOf(step, 2), loadsOf(step, 0));
  const [fullest] = step.loads![0];
  assertAlmostEquals(fullest.largest / fullest.rows, 8 / 9, 1e-9);
  assertEquals(loadsOf(run({ kind: "method", method: "swaps" }), 0), [1.5, 1.5, 0.5, 0.5]);
});

Deno.test("a step is shorter the evener its ranks, and contiguous is what it was", () => {
  const [blocks, placed] = [run(), run({ kind: "method", method: "swaps" })];
  assert(placed.stepSeconds < 0.8 * blocks.stepSeconds);
  assertEquals(run({ kind: "method", method: "contiguous" }).stepSeconds, blocks.stepSeconds);
  const moved = slots_LRS.map((slots) => slots.toReversed());
  const there = run({ kind: "slots", slots_LRS });
  const back = run({ kind: "slots", slots_LRS: moved });
  assertAlmostEquals(there.stepSeconds / back.stepSeconds, 1, 1e-12);
});

Deno.test("replicas share the rows of their expert, and cost their parameters and gradients", () => {
  const moe = { ...sizes.moe!, redundant: 4 };
  const replicated = { ...sizes, moe };
  const step = run({ kind: "method", method: "swaps" }, { sizes: replicated });
  // The two hot experts get three slots each: 16 of 24 in six slots.
  const loads = loadsOf(step, 0);
  assert(Math.max(...loads) < 1.2, `${loads}`);
  const base = run({ kind: "method", method: "swaps" });
  assertEquals([base.costed.split.localExperts, step.costed.split.localExperts], [2, 3]);
  const [with4, without] = [step, base].map(({ costed }) => costed.perStep[0].gradientSeconds);
  assert(with4 > without);
  assert(step.costed.perStep[0].updateSeconds > base.costed.perStep[0].updateSeconds);
});

Deno.test("experts are placed by one trace and loaded by another", () => {
  const law: PlacementLaw = {
    ...{ kind: "method", method: "longest-first" },
    share_LE: [[1, 1, 1, 1, 2, 2, 8, 8]],
  };
  // By those shares the ranks have 6 and 2, 7 and 3, 4 and 0, 5 and 1.
  assertEquals(loadsOf(run(law), 0), [0.5, 0.5, 1.5, 1.5]);
});

Deno.test("memory of the fullest rank follows the placement", () => {
  const plan = planWith(changes);
  const of = (placement?: PlacementLaw) =>
    stageLoads(sizes, plan, { routing: trace, placement })[0];
  assertAlmostEquals(of().largest, 16 / 6, 1e-12);
  assertAlmostEquals(of({ kind: "slots", slots_LRS }).largest, 1.5, 1e-12);
  assertAlmostEquals(of({ kind: "slots", slots_LRS }).mean, 1.5, 1e-12);
});

Deno.test("the fullest rank is another in every layer, so that memory spreads; nodes stay whole", () => {
  const hot_E = [12, 4, 3, 3, 2, 2, 1, 1];
  const plan = planWith(changes);
  const routing: RoutingLaw = { kind: "trace", share_LE: [hot_E] };
  const of = (placement: PlacementLaw) => stageLoads(sizes, plan, { routing, placement })[0];
  const { mean, largest } = of({ kind: "method", method: "swaps" });
  assertAlmostEquals(largest, 13 / 7, 1e-12);
  assertAlmostEquals(mean, 1, 1e-12);
  const nodeDevices = 2;
  const workloadOf = (method: "swaps" | "hierarchical") => ({
    ...{ routing, placement: { kind: "method", method, nodeDevices } as const },
  });
  const nodesOf = (layer: number) => {
    const site = { moe: sizes.moe!, plan, workload: workloadOf("hierarchical") };
    const { slots_RS } = placedSlots(site, { layer, share_E: hot_E })!;
    return [slots_RS.slice(0, 2), slots_RS.slice(2)].map((node) =>
      node.flat().sort((a, b) => a - b)
    );
  };
  const [first, second] = nodesOf(0);
  assertEquals(nodesOf(1), [first, second]);
  assertEquals(nodesOf(2), [second, first]);
});

Deno.test("torn groups cost tokens their way to few nodes; hierarchical placement keeps them", () => {
  const experts = 32;
  const moe = {
    ...{ experts, topK: 4, width: 1024, sharedWidth: 0, firstDense: 0, every: 1 },
    domainLimit: { groups: 4, chosen: 1 },
  };
  const of = { ...sizes, moe };
  const plan = planWith({ dp: 32, ep: 32, globalBatch: 32, dispatcher: "deepep" });
  const machine = machineOf("h100:32", "bf16").machine(baseStack);
  const share_E = Array.from({ length: experts }, (_, e) => 1 + e % 3);
  const routing: RoutingLaw = { kind: "trace", share_LE: [share_E] };
  const step = (placement?: PlacementLaw) =>
    simulateStep({ sizes: of, plan, machine, workload: { ...workload, routing, placement } });
  const law = (method: "random" | "hierarchical"): PlacementLaw => ({
    ...{ kind: "method", method, nodeDevices: 8 },
  });
  const [blocks, random, nodes] = [step(), step(law("random")), step(law("hierarchical"))];
  assert(random.loads![0].every(({ scattered }) => scattered));
  assert(nodes.loads![0].every(({ scattered }) => !scattered));
  assert(random.breakdown.experts > 1.5 * blocks.breakdown.experts);
  assert(nodes.breakdown.experts < 1.2 * blocks.breakdown.experts);
});

Deno.test("balanced routing stays balanced under a placement", () => {
  const plan = planWith(changes);
  const machine = machineOf("h100:8", "bf16").machine(baseStack);
  const input = { sizes, plan, machine };
  const even = simulateStep({ ...input, workload });
  const placed = simulateStep({
    ...input,
    workload: { ...workload, placement: { kind: "method", method: "swaps" } },
  });
  assertAlmostEquals(placed.stepSeconds / even.stepSeconds, 1, 1e-9);
  assertEquals(stepCosts({ ...input, workload }).split.localExperts, 2);
});

Deno.test("a placement of other ranks or experts is refused, and redundancy that does not divide", () => {
  const refused = (slots: number[][], message: string) =>
    assertThrows(() => run({ kind: "slots", slots_LRS: [slots] }), TypeError, message);
  refused([[0, 1, 2, 3], [4, 5, 6, 7]], "found slots of 2 ranks, wanted 4");
  refused([[0, 1], [2, 3], [4, 5], [6, 8]], "found expert 8 on rank 3, wanted 0 to 7");
  refused([[0, 1, 2], [3, 4], [5, 6], [7]], "found 3 slots on rank 0, wanted at most 2");
  const site = { devices: 8, sizes: { ...sizes, moe: { ...sizes.moe!, redundant: 2 } }, workload };
  assertEquals(
    planFault(planWith(changes), site),
    {
      rule: "experts",
      says: "2 redundant experts cannot be divided by ep 4, wanted such as 0 or 4",
    },
  );
  const alone = planWith({ dp: 8, globalBatch: 16 });
  assertEquals(
    planFault(alone, site)?.says,
    "2 redundant experts make 10 slots a rank with ep 1, for 8 experts, wanted at most 0",
  );
  assertEquals(planFault(planWith({ ...changes, ep: 2 }), site), undefined);
});
