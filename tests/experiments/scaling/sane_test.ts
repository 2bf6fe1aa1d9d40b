import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { bestPlans, goodPlan } from "../../../experiments/scaling/best_plans.ts";
import { comparePoints } from "../../../experiments/scaling/efficiency.ts";
import { memoryRelief } from "../../../experiments/scaling/memory_relief.ts";
import { problemAt, scaledPoint } from "../../../experiments/scaling/scaled_step.ts";
import { skewCandidates, skewedRouting } from "../../../experiments/scaling/skew.ts";
import { resized, subjectsOf } from "../../../experiments/scaling/subjects.ts";
import { type SweepPoint, sweeps } from "../../../experiments/scaling/sweeps.ts";
import { problemOf, simulationOf } from "../../../experiments/planner/planning.ts";
import { simulateEvents } from "../../../experiments/simulate/events.ts";
import { searchPlans } from "../../../sim/search/search_plans.ts";
import { smallValues } from "./held.ts";

const { signal } = new AbortController();

const [subject] = await subjectsOf(smallValues());

async function foundAt(points: readonly SweepPoint[]) {
  const scaled = [];
  for (const point of points) {
    scaled.push(scaledPoint(point, await bestPlans(problemAt(point), { signal })));
  }
  return scaled;
}

const sweepOf = async (id: string, of = subject) =>
  comparePoints(await foundAt(sweeps.find((sweep) => sweep.id === id)!.points(of)));

Deno.test("a search in slices, or by workers, gives what a search at once does", async () => {
  const problem = problemOf(subject.base);
  const { best, complete, enumerated } = await bestPlans(problem, { signal });
  const whole = searchPlans(problem, { front: false, top: best.length });
  assert(complete && best.length > 3);
  assertEquals(enumerated, whole.counts.enumerated);
  assertEquals(best.map(({ plan }) => plan), whole.best.map(({ plan }) => plan));
  const byWorkers = await bestPlans(problem, { signal, workers: true });
  assertEquals([byWorkers.best, byWorkers.complete], [best, true]);
});

Deno.test("held batches scale by no more than memory explains", async () => {
  const endless = { ...subject, base: { ...subject.base, memoryLimit: 1e18 } };
  const free = await sweepOf("strong", endless);
  for (const { compared } of free) assertLessOrEqual(compared!.efficiencyFraction, 1.01);
  const limited = await sweepOf("strong");
  const relief = memoryRelief(limited) ?? 1;
  for (const { compared } of limited) {
    assertLessOrEqual(compared!.efficiencyFraction, 1.01 * relief);
  }
});

Deno.test("more devices, larger batches and faster networks are never slower", async () => {
  const strong = (await sweepOf("strong")).map(({ step }) => step!.stepSeconds);
  for (let i = 1; i < strong.length; i++) assert(strong[i] < strong[i - 1], `${strong}`);
  // A batch of one micro-batch may shard its gradients, so that only endless memory compares batches.
  const endless = { ...subject, base: { ...subject.base, memoryLimit: 1e18 } };
  const batch = (await sweepOf("batch", endless))
    .map(({ step }) => step!.rates.tokensPerSecondPerDevice);
  for (let i = 1; i < batch.length; i++) assert(batch[i] >= batch[i - 1], `${batch}`);
  const network = (await sweepOf("network")).map(({ step }) => step!.stepSeconds);
  for (let i = 1; i < network.length; i++) assert(network[i] <= network[i - 1], `${network}`);
  assert(network[2] < network[0]);
});

Deno.test("where nothing fits, a point says so and the next one is the reference", async () => {
  const tight = { ...subject, base: { ...subject.base, memoryLimit: 20e9 } };
  const points = await sweepOf("strong", tight);
  const [first] = points.filter(({ step }) => step);
  assert(points[0].step === undefined && points[0].compared === undefined);
  assertEquals(first?.compared?.efficiencyFraction, 1);
  assertEquals(points[0].found.best, []);
  assertEquals(goodPlan(problemAt(points[0])), undefined);
});

Deno.test("skew 0 is balanced, and uneven routing costs expert ranks alone", async () => {
  const base = resized(subject.base, 8, 64);
  const ep = (n: number) => ({ ...base, fix: { ...base.fix, ep: n } });
  const [alone, spread] = [1, 4].map((n) => goodPlan(problemOf(ep(n)))!.plan);
  // Whether it fits or not: 8 sequences leave an expert so many rows that its last tile counts little.
  const plans = [{ ...alone, microBatch: 8 }, spread];
  const routings = [0, 0.5, 1].map((exponent) => skewedRouting(base, plans, { exponent, seed: 1 }));
  const seconds = routings.map((routing) => routing.plans.map((plan) => plan.eventSeconds));
  plans.forEach((plan, i) => {
    const { stepSeconds } = simulateEvents(simulationOf(base, plan));
    assertAlmostEquals(seconds[0][i] / stepSeconds, 1, 1e-9);
  });
  // Tiles of products that are not equally long are all that one rank with all experts loses.
  assertEquals(seconds[2][0], seconds[1][0]);
  assertAlmostEquals(seconds[1][0] / seconds[0][0], 1, 0.005);
  assert(seconds[1][1] > 1.01 * seconds[0][1] && seconds[2][1] > 1.01 * seconds[1][1]);
  const peaks = routings.map((routing) => routing.plans[1].peakBytes);
  assert(peaks[2] > peaks[1] && peaks[1] > peaks[0]);
  const fits = routings[2].plans.map((plan, i) => ({ ...plan, i })).filter((plan) => plan.fits);
  const fastest = Math.min(...fits.map((plan) => plan.eventSeconds));
  assertEquals(routings[2].plans[routings[2].fastest!].eventSeconds, fastest);
  const { best } = await bestPlans(problemOf(base), { signal });
  const found = { best, complete: true, enumerated: "0", evaluated: "0" };
  const candidates = skewCandidates(base, found, { exponent: 1, seed: 1 });
  assertEquals(candidates[0], best[0].plan);
  assertEquals(new Set(candidates.map((plan) => plan.ep)), new Set([1, 2, 4, 8]));
});
