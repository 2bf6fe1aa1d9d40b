import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { onFewerDevices } from "../../../experiments/planner/device_counts.ts";
import { groupPlans } from "../../../experiments/planner/group_plans.ts";
import { addCounts, sumOfCounts } from "../../../experiments/planner/plan_counts.ts";
import { frontOf } from "../../../experiments/planner/plan_front.ts";
import type { PlanLine } from "../../../experiments/planner/plan_record.ts";
import { parseCluster } from "../../../sim/cluster/parse.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import { parsePlan } from "../../../sim/plan/plan_words.ts";
import { smallPlanning } from "./questions.ts";

const { sizes, workload, ...planning } = await smallPlanning();
const site = { devices: 16, sizes: { ...sizes, layers: 8 }, workload };

/** A plan of words with its price. */
const priced = (words: string, stepSeconds: number) => ({
  plan: completePlan(parsePlan(words), site),
  stepSeconds,
});

const bySeconds = { value: ({ stepSeconds }: { stepSeconds: number }) => stepSeconds, all: true };

Deno.test("plans of the same degrees are one group, with those that are within 1 %", () => {
  const found = [
    priced("pp=2,gb=64", 1),
    priced("pp=2,gb=64,recompute=norm", 1.001),
    priced("pp=2,gb=64,zero=0", 1.002),
    priced("pp=2,gb=64,recompute=full", 1.02),
  ];
  const groups = groupPlans(found, bySeconds);
  assertEquals(groups.map(({ best, alike }) => [best, alike]), [[found[0], 1], [found[2], 0]]);
  assert(groups.every(({ more }) => !more));
  // What the search had no room for may be as near to the second group, not to the first.
  const cut = groupPlans(found, { ...bySeconds, all: false });
  assertEquals(cut.map(({ more }) => more), [false, false]);
  const near = groupPlans(found.slice(0, 3), { ...bySeconds, all: false });
  assertEquals(near.map(({ more }) => more), [true, true]);
});

Deno.test("groups whose best plans nothing tells apart are one line", () => {
  const found = [
    priced("pp=2,gb=64", 1),
    priced("pp=2,cp=2,mb=2,gb=64", 1),
    priced("pp=2,gb=64,zero=0", 1.002),
    priced("pp=2,cp=2,mb=2,gb=64,recompute=norm", 1.003),
    priced("pp=2,gb=64,zero=2", 1.1),
  ];
  const same = (a: typeof found[0], b: typeof found[0]) => a.stepSeconds === b.stepSeconds;
  const groups = groupPlans(found, { ...bySeconds, same });
  assertEquals(groups.map(({ best, alike }) => [best, alike]), [
    [found[0], 2],
    [found[2], 0],
    [found[4], 0],
  ]);
});

Deno.test("one stage has no order, and without chunks nothing interleaves", () => {
  const one = ["gpipe", "1f1b", "dualpipe-v"].map((s) => priced(`pp=1,gb=64,schedule=${s}`, 1));
  assertEquals(groupPlans(one, bySeconds).length, 1);
  const words = ["interleaved,vpp=1", "1f1b", "interleaved,vpp=2"];
  const two = words.map((s) => priced(`pp=2,gb=64,schedule=${s}`, 1));
  assertEquals(groupPlans(two, bySeconds).map(({ alike }) => alike), [1, 0]);
});

const line = ([closedSeconds, peakBytes, devices]: number[]): PlanLine => ({
  ...{ plan: "", devices, closedSeconds, peakBytes, memoryFraction: 0 },
  ...{ tokensPerSecond: 0, mfuFraction: 0 },
});

Deno.test("on a front no line beats another, and all others are beaten by one of it", () => {
  const figure = fc.integer({ min: 1, max: 6 });
  const points = fc.array(fc.tuple(figure, figure, figure), { minLength: 1, maxLength: 40 });
  const weigh = (l: PlanLine) => [l.closedSeconds, l.peakBytes, l.devices * l.closedSeconds];
  const beats = (a: PlanLine, b: PlanLine) => weigh(a).every((value, i) => value <= weigh(b)[i]);
  fc.assert(
    fc.property(points, (list) => {
      const lines = list.map(line);
      const front = frontOf(lines);
      assert(front.every((a) => front.every((b) => a === b || !beats(a, b))));
      assert(lines.every((b) => front.some((a) => beats(a, b))));
    }),
    { seed: 5 },
  );
});

Deno.test("counts are added as whole numbers of any size, and lost plans are a bug", () => {
  const one = {
    ...{ enumerated: "90071992547409931", rules: { world: "90071992547409921" } },
    ...{ same: "1", dominance: "2", memory: "3", time: "1", evaluated: "2", left: "1" },
    feasible: "2",
  };
  const both = addCounts([one, { ...one, rules: { heads: "90071992547409921" } }]);
  assertEquals(both.enumerated, "180143985094819862");
  assertEquals(both.rules, { world: "90071992547409921", heads: "90071992547409921" });
  assertEquals(
    sumOfCounts(one),
    "90071992547409921 break a rule + 1 say the same as another + 2 are never better than another" +
      " + 3 do not fit + 1 are too slow by a bound + 2 were priced + 1 were left = 90071992547409931",
  );
  assertThrows(() => sumOfCounts({ ...one, time: "0" }), RangeError, "90071992547409930, wanted");
});

Deno.test("fewer devices are halves of whole nodes, without the faults of those that are gone", () => {
  const counts = (words: string) =>
    onFewerDevices({ ...planning, sizes, workload, cluster: parseCluster(words) })
      .map(({ cluster }) => cluster.devices);
  assertEquals(counts("h100:64"), [64, 32, 16, 8]);
  assertEquals(counts("h100:24"), [24]);
  assertEquals(counts("h100:48"), [48, 24]);
  assertEquals(counts("h100:4"), [4]);
  const [, half] = onFewerDevices({
    ...{ ...planning, sizes, workload },
    cluster: parseCluster("h100:32,slow.3=0.8,slow.20=0.5,slow.node3=0.5,link.31.nic=0.5"),
  });
  assertEquals(half.cluster.slow, [{ rank: 3, factor: 0.8 }]);
  assertEquals(half.cluster.linkFaults, []);
});
