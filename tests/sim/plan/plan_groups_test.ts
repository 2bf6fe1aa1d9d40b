import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  groupKinds,
  membersPerDomain,
  planGroup,
  planGroupMembers,
  worldOf,
} from "../../../sim/plan/plan_groups.ts";

/** The example of "MoE Parallel Folding": attention TP4 CP2 DP8 PP4, experts EP64 ETP1. */
const folded = { tp: 4, cp: 2, dp: 8, pp: 4, ep: 64, etp: 1 };

Deno.test("groups of folded attention and experts", () => {
  assertEquals(worldOf(folded), 256);
  assertEquals(planGroup("context", folded), { size: 2, stride: 4 });
  assertEquals(planGroup("data", folded), { size: 16, stride: 4 });
  assertEquals(planGroup("expert", folded), { size: 64, stride: 1 });
  assertEquals(planGroup("expert-data", folded), { size: 1, stride: 64 });
  assertEquals(planGroup("pipeline", folded), { size: 4, stride: 64 });
  assertEquals(planGroupMembers(70, { kind: "context", plan: folded }), [66, 70]);
  assertEquals(planGroupMembers(70, { kind: "pipeline", plan: folded }), [6, 70, 134, 198]);
  const hybrid = { ...folded, shardRanks: 4 };
  assertEquals(planGroupMembers(21, { kind: "shard", plan: hybrid }), [17, 21, 25, 29]);
  assertEquals(planGroupMembers(21, { kind: "replica", plan: hybrid }), [5, 21, 37, 53]);
});

Deno.test("each kind of group cuts the world into equal parts without overlap", () => {
  const power = fc.integer({ min: 0, max: 2 }).map((n) => 2 ** n);
  const plans = fc.record({ tp: power, cp: power, dp: power, pp: power }).chain((plan) => {
    const stage = plan.tp * plan.cp * plan.dp;
    const divisor = (n: number) =>
      fc.constantFrom(...Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0));
    return divisor(stage).chain((ep) =>
      fc.record({
        ep: fc.constant(ep),
        etp: divisor(stage / ep),
        shardRanks: divisor(plan.dp * plan.cp),
      })
    ).map((rest) => ({ ...plan, ...rest }));
  });
  fc.assert(
    fc.property(plans, fc.constantFrom(...groupKinds), (plan, kind) => {
      const world = worldOf(plan);
      const seen = new Map<string, number>();
      for (let rank = 0; rank < world; rank++) {
        const members = planGroupMembers(rank, { kind, plan });
        assertEquals(members.length, planGroup(kind, plan).size);
        assertEquals(members.includes(rank), true);
        seen.set(members.join(), members.length);
      }
      assertEquals([...seen.values()].reduce((a, b) => a + b, 0), world);
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("members in a domain are those that are counted", () => {
  const count = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(count, count, count, (size, stride, span) => {
      const inFirst = Array.from({ length: size }, (_, i) => i * stride)
        .filter((rank) => rank < span).length;
      assertEquals(membersPerDomain({ size, stride }, span), inFirst);
    }),
    { seed: 1, numRuns: 300 },
  );
});
