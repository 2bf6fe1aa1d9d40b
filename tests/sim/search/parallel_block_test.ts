/** The search where tokens may travel beside the attention of parallel blocks: nothing is lost. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Sizes } from "../../../sim/cost/sizes.ts";
import { expertOverlaps } from "../../../sim/plan/plan.ts";
import { choicesOf } from "../../../sim/search/choices.ts";
import { type SearchProblem, searchSite } from "../../../sim/search/problem.ts";
import { searchPlans } from "../../../sim/search/search_plans.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { bruteForce, mixture, problems } from "./problems.ts";

const parallel: Sizes = {
  ...mixture,
  ...{ name: "parallel", parallel: true, norms: { perLayer: 1, bias: false } },
  attention: { ...mixture.attention, heads: 64, kvHeads: 16, experts: 4 },
};

/** Problems of a mixture in parallel blocks; what an exchange leaves to kernels differs. */
const parallelProblems: fc.Arbitrary<SearchProblem> = fc.record({
  problem: problems.filter(({ sizes }) => sizes.name === mixture.name),
  experts: fc.shuffledSubarray([...expertOverlaps], { minLength: 2 })
    .filter((list) => list.includes("attention")),
  hidden: fc.constantFrom(0, 0.5, 0.9, 1),
}).map(({ problem, experts, hidden }) => ({
  ...problem,
  sizes: parallel,
  stack: { ...baseStack, hiddenShare: { ...baseStack.hiddenShare, experts: hidden } },
  choices: { ...problem.choices, experts, etp: [1], shardRanks: [undefined] },
}));

Deno.test("with attention beside tokens the search finds what pricing all plans finds", () => {
  let beside = 0;
  fc.assert(
    fc.property(parallelProblems, (problem) => {
      const all = bruteForce(problem).sort((a, b) => a.stepSeconds - b.stepSeconds);
      const { best, complete } = searchPlans({ ...problem, objective: "time" }, { top: 1 });
      assertEquals([complete, best.length], [true, all.length > 0 ? 1 : 0]);
      if (all.length === 0) return;
      const [{ stepSeconds }] = all;
      assertAlmostEquals(best[0].stepSeconds, stepSeconds, stepSeconds * 1e-9);
      if (best[0].plan.overlap.experts === "attention") beside++;
    }),
    { seed: 7, numRuns: 80 },
  );
  assert(beside >= 5, `${beside} of the best plans hide tokens behind attention`);
});

Deno.test("attention beside tokens is tried where blocks are parallel alone", () => {
  const tried = (sizes: Sizes) =>
    choicesOf(searchSite({
      ...{ sizes, cluster: "h100:8", stack: baseStack, globalBatch: 16 },
      workload: { sequence: 4096, routing: { kind: "balanced" }, causal: true },
    })).experts;
  assertEquals(tried(mixture), ["none", "batches", "dualpipe"]);
  assertEquals(tried(parallel), ["none", "batches", "dualpipe", "attention"]);
});
