import fc from "fast-check";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { explainPlan, type Limit } from "../../../sim/explain/explain_plan.ts";
import { barredDegrees } from "../../../sim/explain/barred_degrees.ts";
import { neighboursOf } from "../../../sim/explain/neighbours.ts";
import { changeWords, wordDifferences } from "../../../sim/explain/plan_differences.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import { planFault } from "../../../sim/plan/plan_rules.ts";
import { parsePlan } from "../../../sim/plan/plan_words.ts";
import { pricePlan } from "../../../sim/search/evaluate.ts";
import { searchSite } from "../../../sim/search/problem.ts";
import { stackById } from "../../../sim/stack/stacks.ts";
import { experts, few, large, questionOf } from "./questions.ts";

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const kinds = (limits: readonly Limit[]) => limits.map(({ kind }) => kind);

/** Plans of 16 devices, some of which hold. */
const words = fc.record({
  tp: fc.constantFrom(1, 2, 4),
  pp: fc.constantFrom(1, 2, 4),
  ep: fc.constantFrom(1, 4, 8),
  zero: fc.constantFrom(0, 1, 2, 3),
  recompute: fc.constantFrom("none", "full", "norm+experts"),
  schedule: fc.constantFrom("1f1b", "interleaved,vpp=2", "zb-h1", "dualpipe"),
}).map((fields) => Object.entries(fields).map(([name, value]) => `${name}=${value}`).join(","));

Deno.test("parts, limits and exchanges add up to the step", () => {
  const site = searchSite(questionOf(experts, "h100:16"));
  let explained = 0;
  fc.assert(
    fc.property(words, (text) => {
      const input = { ...parsePlan(text), globalBatch: 128 };
      fc.pre(holds(input));
      const { price, parts, limits, exchanges, memory } = explainPlan(input, site);
      explained++;
      const { stepSeconds, peakBytes } = price;
      assertAlmostEquals(sum(parts.map(({ seconds }) => seconds)) / stepSeconds, 1, 1e-8);
      const ofStep = limits.filter(({ kind }) => kind !== "memory");
      assertAlmostEquals(sum(ofStep.map(({ seconds }) => seconds)) / stepSeconds, 1, 1e-8);
      assert(parts.every((part, i) => i === 0 || part.seconds <= parts[i - 1].seconds));
      assert(exchanges.every(({ ranks, seconds }) => ranks > 1 && seconds >= 0));
      assertEquals(memory.peakBytes, peakBytes);
      assertEquals(memory.spareBytes, site.limitBytes - peakBytes);
    }),
    { seed: 5, numRuns: 40 },
  );
  assert(explained >= 40);

  function holds(input: ReturnType<typeof parsePlan>) {
    try {
      completePlan(input, site);
      return true;
    } catch {
      return false;
    }
  }
});

const onlyRecompute = {
  ...{ tp: 1, cp: 1, pp: 1, zero: 1, microBatch: 1 } as const,
};

Deno.test("where memory alone stands in the way, memory binds", () => {
  const plan = parsePlan("recompute=full");
  const wide = questionOf(large, "h100:8", { fix: onlyRecompute });
  const free = explainPlan(plan, searchSite(wide));
  assertEquals(kinds(free.binds), ["compute"]);
  assertEquals(free.better?.plan.recompute, "none");

  const memoryLimit = free.price.peakBytes * 1.001;
  const tight = explainPlan(plan, searchSite({ ...wide, memoryLimit }));
  assertEquals(kinds(tight.binds), ["memory"]);
  assertEquals(tight.better, undefined);
  const [limit] = tight.binds;
  assert(limit.kind === "memory");
  const none = pricePlan({ ...free.price.plan, recompute: "none" }, searchSite(wide));
  assertEquals(limit.seconds, tight.price.stepSeconds - none.stepSeconds);
  assertEquals(limit.missingBytes, none.peakBytes - memoryLimit);
  assertEquals(changeWords(tight.price.plan, limit.faster.plan), "recompute=none");
});

Deno.test("where the network is slow, the link binds, by tier and group", () => {
  const explained = (cluster: string) =>
    explainPlan(parsePlan("ep=16"), searchSite(questionOf(experts, cluster)));
  const [first] = explained("h100:16,nic=20Gb/s").binds;
  assert(first.kind === "link" && first.shareFraction > 0.8);
  const { group, ranks, tier, network } = first.exchange;
  assertEquals([group, ranks, tier, network], ["expert", 16, "rail", true]);
  const split = explainPlan(parsePlan("etp=2"), searchSite(questionOf(experts, "h100:16")));
  const rows = split.exchanges.find((exchange) => exchange.group === "expert")!;
  assertEquals([rows.ranks, rows.tier], [2, "nvlink"]);
  const inside = explainPlan(parsePlan("ep=8"), searchSite(questionOf(experts, "h100:16")));
  const tokens = inside.exchanges.find((exchange) => exchange.group === "expert")!;
  assertEquals([tokens.tier, tokens.network], ["nvlink", false]);
});

Deno.test("few micro-batches on many stages are a bubble, slow hosts are hosts", () => {
  const { sizes, workload } = few;
  const site = searchSite({ ...few, choices: undefined, fix: {}, globalBatch: 8 });
  const empty = explainPlan(parsePlan("pp=16"), site);
  assertEquals(empty.binds[0].kind, "bubble");
  assert(empty.binds[0].kind === "bubble" && empty.binds[0].microBatches === 8);
  const stack = stackById("megatron-bridge-26.04");
  const slow = searchSite({
    ...{ sizes: { ...sizes, dModel: 512 }, workload, globalBatch: 16, cluster: "h100:16" },
    stack: { ...stack, hostSeconds: 1e-3 },
  });
  assertEquals(explainPlan(parsePlan(""), slow).binds[0].kind, "host");
});

Deno.test("degrees that rules bar are named with the rules", () => {
  const site = searchSite(questionOf(experts, "h100:16"));
  const plan = completePlan(parsePlan("tp=8,ep=16,gb=128"), site);
  const barred = barredDegrees(plan, site);
  const said = (field: string, next: number) =>
    barred.find((each) => each.field === field && each.next === next)?.faults
      .map(({ rule }) => rule);
  // Key and value heads would be held twice, which is no fault.
  assertEquals(said("tp", 16), undefined);
  assertEquals(said("ep", 32), ["expert world", "experts"]);
  assertEquals(said("pp", 2), ["expert world"]);
  const held = searchSite(questionOf(experts, "h100:16", { fix: { ep: 16 } }));
  assertEquals(barredDegrees(plan, held).some(({ field }) => field === "ep"), false);
});

Deno.test("neighbours differ in one field, and what follows follows", () => {
  const site = searchSite(few);
  const plan = completePlan(parsePlan("tp=2,pp=2,ep=4,gb=64"), site);
  const near = neighboursOf(plan, site);
  const changes = new Map(near.map((each) => [changeWords(plan, each.plan), each]));
  assertEquals(changes.get("tp=4")?.plan.dp, 2);
  assertEquals(changes.get("tp=1,sp=false")?.distance, 1);
  assertEquals(changes.get("vpp=2,schedule=interleaved")?.field, "vpp");
  assertEquals(changes.get("ep=16")?.distance, 2);
  assertEquals(planFault(changes.get("ep=16")!.plan, site)?.rule, "expert world");
  assert(near.every((each) => wordDifferences(plan, each.plan).length <= 4));
  assertEquals(new Set(near.map((each) => JSON.stringify(each.plan))).size, near.length);
});

Deno.test("plans that do not hold are refused", () => {
  const site = searchSite(questionOf(experts, "h100:16"));
  assertThrows(() => explainPlan(parsePlan("tp=3"), site), TypeError, "nearest that holds: tp=4");
});
