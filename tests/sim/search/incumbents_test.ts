import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { scheduleNames } from "../../../sim/pipeline/schedule.ts";
import { dispatchers, expertOverlaps, type Plan } from "../../../sim/plan/plan.ts";
import { withDefaults } from "../../../sim/plan/plan_defaults.ts";
import {
  type FoundPlan,
  type IncumbentRules,
  type Incumbents,
  isHopeless,
  keepPlan,
} from "../../../sim/search/incumbents.ts";
import { comparePlans } from "../../../sim/search/plan_order.ts";
import { searchObjectives } from "../../../sim/search/problem.ts";
import { mixture } from "./problems.ts";

const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;

const plans: fc.Arbitrary<Plan> = fc.record({
  tp: fc.constantFrom(1, 2),
  zero: fc.constantFrom(0 as const, 1 as const),
  schedule: fc.constantFrom(...scheduleNames.slice(0, 2)),
  dispatcher: fc.constantFrom(...dispatchers.slice(0, 2)),
  recompute: fc.constantFrom("none" as const, "full" as const, ["norm" as const]),
  capacityFactor: fc.constantFrom(1, 1.25),
  overlap: fc.record({
    gradients: fc.boolean(),
    experts: fc.constantFrom(...expertOverlaps.slice(0, 2)),
  }),
}).map((input) => withDefaults(input, { devices: 8, sizes: mixture, workload }));

/** Plans that are often equally good. */
const finds: fc.Arbitrary<FoundPlan[]> = fc.array(
  fc.record({
    plan: plans,
    stepSeconds: fc.integer({ min: 1, max: 4 }),
    peakBytes: fc.integer({ min: 1, max: 4 }),
  }, { noNullPrototype: true }),
  { minLength: 1, maxLength: 40 },
);

function kept(found: readonly FoundPlan[], rules: IncumbentRules): Incumbents {
  const known: Incumbents = { best: [], front: [] };
  for (const plan of found) keepPlan(known, plan, rules);
  return known;
}

Deno.test("what is kept does not depend on the order in which it is found", () => {
  let ties = 0;
  fc.assert(
    fc.property(
      finds.chain((found) =>
        fc.tuple(
          fc.constant(found),
          fc.shuffledSubarray(found, { minLength: found.length }),
        )
      ),
      fc.record({
        top: fc.integer({ min: 1, max: 6 }),
        front: fc.constant(true),
        objective: fc.constantFrom(...searchObjectives),
      }),
      ([found, other], rules) => {
        const one = kept(found, rules);
        // Read again, with the fields in another order.
        const turned = other.map((any) => ({
          ...any,
          plan: Object.fromEntries(Object.entries(any.plan).reverse()) as unknown as Plan,
        }));
        assertEquals(kept(turned, rules), one);
        assertEquals(kept([...found, ...one.best, ...one.front], rules), one);
        const { best, front } = one;
        front.slice(1).forEach((plan, i) => {
          assert(plan.stepSeconds > front[i].stepSeconds && plan.peakBytes < front[i].peakBytes);
        });
        const last = best.at(-1)!;
        const asGood = found.filter((plan) =>
          plan.stepSeconds === last.stepSeconds && plan.peakBytes === last.peakBytes
        );
        if (asGood.length > 1 && best.length === rules.top) ties++;
        // None of those that are as good as the last is given up before it is looked at.
        assert(!isHopeless(one, last, { ...rules, front: false }));
      },
    ),
    { seed: 5, numRuns: 500 },
  );
  assert(ties > 100, `${ties} lists end among equals`);
});

Deno.test("plans have one order, and only equal ones have the same place", () => {
  fc.assert(
    fc.property(plans, plans, plans, (a, b, c) => {
      assertEquals(Math.sign(comparePlans(a, b)) + Math.sign(comparePlans(b, a)), 0);
      assertEquals(comparePlans(a, structuredClone(a)), 0);
      if (comparePlans(a, b) === 0) assertEquals(a, b);
      if (comparePlans(a, b) <= 0 && comparePlans(b, c) <= 0) assert(comparePlans(a, c) <= 0);
    }),
    { seed: 6, numRuns: 500 },
  );
});

Deno.test("a front of no span keeps its fastest plan", () => {
  fc.assert(
    fc.property(finds, (found) => {
      const rules = { top: 1, front: true, objective: "time", frontSpan: 0.5 } as const;
      const { front } = kept(found, rules);
      assertEquals(front.length, 1);
      assertEquals(front[0].stepSeconds, Math.min(...found.map(({ stepSeconds }) => stepSeconds)));
    }),
    { seed: 3, numRuns: 100 },
  );
});
