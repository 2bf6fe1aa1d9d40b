import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Plan } from "../../../sim/plan/plan.ts";
import { withDefaults } from "../../../sim/plan/plan_defaults.ts";
import { planFault, planRules } from "../../../sim/plan/plan_rules.ts";
import { scheduleNames } from "../../../sim/pipeline/schedule.ts";
import { cutsOf } from "../../../sim/search/cuts.ts";
import { choicesOf, divisorsOf, modulesOf, spaceOf } from "../../../sim/search/choices.ts";
import { emptyTally } from "../../../sim/search/counts.ts";
import { type SearchDegrees, visitDegrees } from "../../../sim/search/degrees.ts";
import { searchSite } from "../../../sim/search/problem.ts";
import { ruleFields, rulesAt } from "../../../sim/search/rules_by_field.ts";
import { prepareSearch } from "../../../sim/search/search_space.ts";
import { dense, latent, mixture, problems } from "./problems.ts";

const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;

Deno.test("every rule has its fields, and is checked once", () => {
  assertEquals(Object.keys(ruleFields), planRules.map(({ name }) => name));
  const first = rulesAt(["tp", "cp", "dp", "pp", "ep", "etp"], []);
  const rest = rulesAt(
    ["sequenceParallel", "contextExchange", "microBatch", "schedule", "vpp"],
    ["tp", "cp", "dp", "pp", "ep", "etp"],
  );
  const last = rulesAt(["zero", "shardRanks", "overlap"], [
    ...["tp", "cp", "dp", "pp", "ep", "etp", "sequenceParallel", "contextExchange"] as const,
    ...["microBatch", "schedule", "vpp"] as const,
  ]);
  const names = [...first, ...rest, ...last].map(({ name }) => name);
  assertEquals(names.toSorted(), Object.keys(ruleFields).toSorted());
});

Deno.test("a rule reads no field but its own", () => {
  const field = fc.record({
    ...{ tp: fc.nat(4), cp: fc.nat(3), pp: fc.nat(5), vpp: fc.nat(2), ep: fc.nat(6) },
    ...{ etp: fc.nat(2), dp: fc.nat(4), microBatch: fc.nat(3) },
    schedule: fc.constantFrom(...scheduleNames),
    zero: fc.constantFrom(0, 1, 2, 3),
    shardRanks: fc.constantFrom(undefined, 1, 2, 3),
    sequenceParallel: fc.boolean(),
    contextExchange: fc.constantFrom("p2p", "a2a", "all-gather"),
    experts: fc.constantFrom("none", "shared", "batches", "dualpipe"),
  });
  const numbers = ["tp", "cp", "pp", "vpp", "ep", "etp", "dp", "microBatch"] as const;
  const planOf = ({ experts, ...draw }: Record<string, unknown>, globalBatch: number): Plan => {
    const plan = { globalBatch, overlap: { experts }, ...draw } as unknown as Plan;
    for (const name of numbers) plan[name] = 1 + plan[name];
    return plan;
  };
  fc.assert(
    fc.property(
      ...[field, field, fc.constantFrom(dense, mixture, latent)] as const,
      (one, other, sizes) => {
        const site = { devices: 24, sizes, workload };
        const [a, b] = [planOf(one, 48), planOf(other, 48)];
        for (const { name, fault } of planRules) {
          const own = Object.fromEntries(ruleFields[name].map((read) => [read, a[read]]));
          assertEquals(fault({ ...b, ...own }, site), fault(a, site), name);
        }
      },
    ),
    { seed: 3, numRuns: 500 },
  );
});

Deno.test("degrees and cuts that early rules pass are those that all rules pass", () => {
  let held = 0;
  fc.assert(
    fc.property(problems, (problem) => {
      const site = searchSite(problem);
      const lists = choicesOf(site);
      const { base } = prepareSearch(problem);
      const cuts = cutsOf(site, lists, base);
      const early = new Set<string>();
      const tally = emptyTally();
      const visit = (degrees: SearchDegrees) => {
        for (const { fields } of cuts(degrees.pp).held) {
          for (const microBatch of lists.microBatch) {
            const plan = { ...base, ...degrees, ...fields, microBatch, zero: 0 as const };
            plan.overlap = { ...plan.overlap, experts: "none" };
            delete plan.shardRanks;
            if (planFault(plan, site) === undefined) {
              early.add(JSON.stringify(degrees) + fields.schedule + fields.vpp + microBatch);
            }
          }
        }
      };
      visitDegrees(site, lists, { below: 1n, tally, visit });
      const late = new Set<string>();
      const fields = ["tp", "cp", "pp", "ep", "etp", "microBatch", "vpp"] as const;
      const chosen: Record<string, unknown> = {};
      const all = [...fields, "schedule", "sequenceParallel", "contextExchange"] as const;
      const descend = (at: number): void => {
        if (at < all.length) {
          for (const value of lists[all[at]]) {
            chosen[all[at]] = value;
            descend(at + 1);
          }
          return;
        }
        const input = { ...chosen, globalBatch: problem.globalBatch, zero: 0 as const };
        const plan = withDefaults({ ...input, overlap: { experts: "none" } }, site);
        if (plan.cp === 1) plan.contextExchange = lists.contextExchange[0];
        const { tp, cp, dp, pp, ep, etp, sequenceParallel, contextExchange } = plan;
        const degrees = { tp, cp, dp, pp, ep, etp, sequenceParallel, contextExchange };
        if (planFault(plan, site) === undefined) {
          late.add(JSON.stringify(degrees) + plan.schedule + plan.vpp + plan.microBatch);
        }
      };
      descend(0);
      assertEquals([...early].toSorted(), [...late].toSorted());
      held += early.size;
    }),
    { seed: 12, numRuns: 120 },
  );
  assert(held > 500, `${held} hold`);
});

Deno.test("what is tried", () => {
  assertEquals(divisorsOf(36), [1, 2, 3, 4, 6, 9, 12, 18, 36]);
  assertEquals(modulesOf(mixture), ["norm", "attention_core", "activation", "experts"]);
  assertEquals(modulesOf(latent).length, 7);
  const problem = { sizes: mixture, cluster: "h100:8", workload, globalBatch: 16 };
  const lists = choicesOf(searchSite(problem));
  assertEquals(lists.recompute.length, 17);
  assertEquals([lists.recompute[0], lists.recompute[16]], ["none", "full"]);
  assertEquals([lists.precision, lists.dispatch], [["bf16", "fp8"], ["fp8", undefined]]);
  assertEquals(lists.experts, ["none", "batches", "dualpipe"]);
  const held = choicesOf(searchSite({ ...problem, fix: { tp: 2, overlap: { tensor: false } } }));
  assertEquals([held.tp, held.tensor], [[2], [false]]);
  assertEquals(spaceOf(lists), spaceOf(held) * 4n * 2n);
});
