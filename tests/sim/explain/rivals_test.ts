import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { nearestRival } from "../../../sim/explain/nearest_rival.ts";
import { skewRival } from "../../../sim/explain/skew_rival.ts";
import { changedSite } from "../../../sim/explain/site_changes.ts";
import { planTime, pricePlan } from "../../../sim/search/evaluate.ts";
import { searchSite } from "../../../sim/search/problem.ts";
import { searchPlans } from "../../../sim/search/search_plans.ts";
import { few } from "./questions.ts";

const problem = { ...few, memoryLimit: 30e9 };
const site = searchSite(problem);
const { best, front } = searchPlans(problem, { top: 20 });
const kept = [...best, ...front];
const winner = best[0].plan;

Deno.test("a rival wins at its factor and not just before, and nobody else is earlier", () => {
  let found = 0;
  for (const { input, less, more } of nearestRival(best[0], kept, site)) {
    if (input === "memory") continue;
    for (const each of [less, more]) {
      if (each === undefined) continue;
      found++;
      const { factor, stillFactor, rival, winnerSeconds, rivalSeconds } = each;
      assertEquals(factor < 1, each === less);
      assert(Math.abs(Math.log(stillFactor)) <= Math.abs(Math.log(factor)));
      assertAlmostEquals(stillFactor / factor, 1, 1e-4);
      const at = (by: number) => {
        const on = changedSite(site, { input, factor: by });
        return [rival.plan, winner].map((plan) => planTime(plan, on).stepSeconds);
      };
      assertEquals(at(factor), [rivalSeconds, winnerSeconds]);
      assert(rivalSeconds < winnerSeconds);
      const [behind, ahead] = at(stillFactor);
      assert(behind >= ahead * (1 - 1e-6), `${input} ${factor}`);
      // On a grid up to there, no other plan is ahead.
      for (let i = 1; i < 10; i++) {
        const on = changedSite(site, { input, factor: stillFactor ** (i / 10) });
        const now = planTime(winner, on).stepSeconds;
        for (const { plan } of kept) {
          assert(planTime(plan, on).stepSeconds >= now * (1 - 1e-6), `${input} ${i}`);
        }
      }
    }
  }
  assert(found >= 3, `${found}`);
});

Deno.test("with less memory than the best takes the fastest that still fits wins", () => {
  const [{ less, more }] = nearestRival(best[0], kept, site, { inputs: ["memory"] });
  assertAlmostEquals(less!.factor, best[0].peakBytes / site.limitBytes, 1e-8);
  assert(less!.factor * site.limitBytes < best[0].peakBytes);
  assert(less!.rival.peakBytes < best[0].peakBytes);
  const fit = kept.filter(({ peakBytes }) => peakBytes < best[0].peakBytes);
  assertEquals(less!.rivalSeconds, Math.min(...fit.map(({ stepSeconds }) => stepSeconds)));
  // With more, a plan next to the best that did not fit.
  if (more === undefined) return;
  const { rival, factor, rivalSeconds } = more;
  const price = pricePlan(rival.plan, site);
  assertEquals([price.stepSeconds, price.peakBytes], [rivalSeconds, factor * site.limitBytes]);
  assert(price.stepSeconds < best[0].stepSeconds && price.peakBytes > site.limitBytes);
});

Deno.test("nobody overtakes within a narrow reach, and alone there is no rival", () => {
  const alone = nearestRival(best[0], [best[0]], site);
  assert(alone.every(({ input, less, more }) => input === "memory" || (!less && !more)));
  const narrow = nearestRival(best[0], kept, site, { inputs: ["network-bandwidth"], most: 4 });
  const { less } = narrow[0];
  assert(less !== undefined);
  const reach = nearestRival(best[0], kept, site, {
    inputs: ["network-bandwidth"],
    most: 1 / (less.factor * 1.01),
  });
  assertEquals(reach[0].less, undefined);
});

Deno.test("skew lengthens steps of plans with experts on many ranks, and says who wins", () => {
  const { rows, exponent, rival } = skewRival(problem, best, { exponents: [0.5, 1], plans: 3 });
  assertEquals(rows.map((row) => row.exponent), [0, 0.5, 1]);
  for (const { stepSeconds, fastest } of rows) {
    assertEquals(stepSeconds.length, 3);
    assertEquals(stepSeconds[fastest], Math.min(...stepSeconds));
  }
  rows[0].stepSeconds.forEach((seconds, i) => assert(rows[2].stepSeconds[i] > seconds));
  const other = rows.find(({ fastest }) => fastest !== rows[0].fastest);
  assertEquals([exponent, rival], [other?.exponent, other && best[other.fastest]]);
});
