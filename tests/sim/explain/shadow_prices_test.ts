import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { fastestWithin, memorySteps } from "../../../sim/explain/memory_steps.ts";
import { shadowPrices } from "../../../sim/explain/shadow_prices.ts";
import { changedProblem, changedSite, type SiteChange } from "../../../sim/explain/site_changes.ts";
import { pricePlan } from "../../../sim/search/evaluate.ts";
import { type SearchProblem, searchSite } from "../../../sim/search/problem.ts";
import { searchPlans } from "../../../sim/search/search_plans.ts";
import { bruteForce } from "../search/problems.ts";
import { few } from "./questions.ts";

const limited: SearchProblem = { ...few, memoryLimit: 30e9 };
const search = searchPlans(limited);
const site = searchSite(limited);

/** The least step of all plans of a question, priced one by one. */
const leastOf = (problem: SearchProblem) =>
  Math.min(...bruteForce(problem).map(({ stepSeconds }) => stepSeconds));

Deno.test("what memory buys is what pricing all plans finds", () => {
  const factors = [0.7, 0.8, 0.95, 1.02, 1.2, 2];
  const prices = shadowPrices(limited, {
    search,
    changes: factors.map((factor) => ({ input: "memory", factor })),
  });
  prices.forEach(({ stepSeconds, method, addedBytes, nowSeconds, savedSeconds, price }, i) => {
    const least = leastOf({ ...limited, memoryLimit: 30e9 * factors[i] });
    assertAlmostEquals(stepSeconds / least, 1, 1e-9, `${factors[i]}`);
    assertEquals(method, factors[i] < 1 ? "front" : "searched");
    assertAlmostEquals(addedBytes!, 30e9 * (factors[i] - 1), 10);
    assertEquals([nowSeconds, savedSeconds], [
      search.best[0].stepSeconds,
      nowSeconds - stepSeconds,
    ]);
    assert(price!.peakBytes <= 30e9 * factors[i]);
  });
  assert(prices[5].savedSeconds > 0 && prices[5].replanned && prices[0].savedSeconds < 0);
  const [none] = shadowPrices(limited, { search, changes: [{ input: "memory", factor: 0.01 }] });
  assertEquals([none.stepSeconds, none.price], [Infinity, undefined]);
});

Deno.test("links are searched anew, the plan free to follow", () => {
  const changes: SiteChange[] = [
    { input: "network-bandwidth", factor: 0.1 },
    { input: "node-bandwidth", factor: 1.1 },
  ];
  const found = shadowPrices(limited, { search, changes });
  found.forEach(({ stepSeconds, samePlanSeconds, method }, i) => {
    assertEquals(method, "searched");
    assertAlmostEquals(stepSeconds / leastOf(changedProblem(limited, changes[i])!), 1, 1e-9);
    const { plan } = search.best[0];
    assertEquals(samePlanSeconds, pricePlan(plan, changedSite(site, changes[i])).stepSeconds);
    assert(stepSeconds <= samePlanSeconds);
  });
});

Deno.test("kept plans and climbs never do better than all plans, and say what they are", () => {
  const changes: SiteChange[] = [
    { input: "network-bandwidth", factor: 0.1 },
    { input: "memory", factor: 1.2 },
    { input: "flops", factor: 1.1 },
  ];
  const whole = shadowPrices(limited, { search, changes });
  const kept = shadowPrices(limited, { search, changes, effort: "kept" });
  kept.forEach(({ stepSeconds, samePlanSeconds, method, kept: plans }, i) => {
    assertEquals([method, plans > 10], ["climbed", true]);
    assert(stepSeconds >= whole[i].stepSeconds * (1 - 1e-9));
    assert(stepSeconds <= samePlanSeconds);
  });
  assertEquals(whole[2].method, "climbed");
  assert(whole[2].savedSeconds > 0);
  const [stopped] = shadowPrices(limited, {
    ...{ search, changes: [{ input: "network-bandwidth", factor: 0.1 }] },
    stop: () => true,
  });
  assertEquals(stopped.method, "climbed");
  assertEquals(shadowPrices(limited, { search }).map(({ change }) => change.input), [
    ...["memory", "node-bandwidth", "network-bandwidth", "flops"],
  ]);
});

Deno.test("nothing kept has no price", () => {
  const none = { best: [], front: [], complete: true };
  assertEquals(shadowPrices({ ...limited, memoryLimit: 2 }, { search: none }), []);
});

Deno.test("the staircase of memory is the least step within each size", () => {
  const steps = memorySteps(search.front);
  assertEquals(steps[steps.length - 1].stepSeconds, search.best[0].stepSeconds);
  assertEquals(steps[0].savedSeconds, 0);
  const all = bruteForce(limited);
  for (const bytes of [steps[0].fromBytes - 1, 10e9, 15e9, 20e9, 25e9, 30e9]) {
    const fit = all.filter(({ peakBytes }) => peakBytes <= bytes);
    const least = fit.length > 0 ? Math.min(...fit.map((plan) => plan.stepSeconds)) : undefined;
    const found = fastestWithin(search.front, bytes)?.stepSeconds;
    assertEquals(found === undefined, least === undefined);
    if (found !== undefined) assertAlmostEquals(found / least!, 1, 1e-9);
  }
  steps.slice(1).forEach(({ fromBytes, stepSeconds, savedSeconds }, i) => {
    assertEquals(steps[i].toBytes, fromBytes);
    assertEquals(savedSeconds, steps[i].stepSeconds - stepSeconds);
  });
});
