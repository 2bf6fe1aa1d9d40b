import { assert, assertEquals } from "@std/assert";
import type { Plan } from "../../../sim/plan/plan.ts";
import type { SearchProblem } from "../../../sim/search/problem.ts";
import { triedRowFormats } from "../../../sim/search/row_formats.ts";
import { searchPlans } from "../../../sim/search/search_plans.ts";
import { planWith } from "../cost/examples.ts";
import { bruteForce, latent, mixture } from "./problems.ts";

const both = ["fp8", undefined] as const;

const tried = (plan: Partial<Plan>, dispatch = [...both], combine = [...both]) =>
  triedRowFormats(planWith({ ep: 8, ...plan }), { dispatch, combine });

Deno.test("both widths are tried where rows are cast for their way alone", () => {
  const fp8 = "fp8" as const;
  assertEquals(tried({ precision: "bf16" }), [
    { dispatch: fp8, combine: fp8 },
    { dispatch: fp8 },
    { combine: fp8 },
    {},
  ]);
  // Products in 8 bits cast what they read, but results are added up in 16.
  assertEquals(tried({ precision: "fp8" }), [{ dispatch: fp8, combine: fp8 }, { dispatch: fp8 }]);
  assertEquals(tried({ precision: "bf16", ep: 1 }), [{ dispatch: fp8, combine: fp8 }]);
  assertEquals(tried({ precision: "bf16", ep: 1, etp: 2, dispatcher: "all-gather" }).length, 4);
});

Deno.test("of narrow formats a wider one is tried where it is that of the products", () => {
  const dispatches = (precision: Plan["precision"]) =>
    triedRowFormats(planWith({ ep: 8, precision }), {
      dispatch: ["fp8", "mxfp8", undefined],
      combine: [undefined],
    }).map(({ dispatch }) => dispatch);
  assertEquals(dispatches("mxfp8"), ["fp8", "mxfp8"]);
  assertEquals(dispatches("fp8"), ["fp8"]);
  assertEquals(dispatches("bf16"), ["fp8", undefined]);
});

/** A problem whose plans differ in little but the way and the format of rows. */
const problemOf = (cluster: string, sizes = latent): SearchProblem => ({
  ...{ sizes, cluster, globalBatch: 32 },
  workload: { sequence: 4096, routing: { kind: "balanced" }, causal: true },
  fix: { cp: 1, etp: 1, tp: 1, zero: 1, microBatch: 1, sequenceParallel: false },
  choices: {
    ...{ pp: [1, 2], vpp: [1], ep: [2, 4, 8], schedule: ["1f1b"] as const, precision: ["bf16"] },
    ...{ dispatch: [...both], combine: [...both], gradients: [true], parameters: [true] },
    ...{ recompute: ["none", ["experts"], "full"], tensor: [true], pipeline: [true] },
  },
});

Deno.test("the best format of rows is found, narrow on slow links and wide on fast ones", () => {
  const formats = ["h100:8", "h100:32,nic=25Gb/s"].map((cluster) => {
    const problem = { ...problemOf(cluster), fix: { ...problemOf(cluster).fix, ep: 8 } };
    const all = bruteForce(problem);
    const { best: [best] } = searchPlans(problem, { top: 1 });
    const least = Math.min(...all.map(({ stepSeconds }) => stepSeconds));
    assertEquals(best.stepSeconds, least);
    return best.plan.formats.dispatch;
  });
  assertEquals(formats, [undefined, "fp8"]);
});

Deno.test("time and memory ask for different formats, and the front has both", () => {
  const problem = problemOf("h100:8", mixture);
  const { front } = searchPlans(problem, { top: 1 });
  const all = bruteForce(problem);
  for (const plan of all) {
    assert(
      front.some(({ stepSeconds, peakBytes }) =>
        stepSeconds <= plan.stepSeconds * (1 + 1e-9) && peakBytes <= plan.peakBytes
      ),
    );
  }
  assertEquals(new Set(front.map(({ plan }) => plan.formats.dispatch)).size, 2);
});
