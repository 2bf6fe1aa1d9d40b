import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Contender } from "../../experiments/bench/heat.ts";
import { contestOf, roofOf, rowOf, verdictOf } from "../../experiments/bench/rows.ts";

const contender = (id: string, work: Partial<Contender>): Contender => ({
  id,
  labels: { operator: id },
  underRoof: true,
  run: () => Promise.resolve(1),
  ...work,
});

/** 10 FLOP and 4 bytes a second. */
const bounds = {
  peak: contender("peak", { flops: 10, underRoof: false }),
  copy: contender("copy", { bytes: 4, underRoof: false }),
};
const ones = [1, 1, 1, 1, 1, 1];
const samples = { peak: ones, copy: ones };
const roof = { bounds, samples };

Deno.test("a share of the roof is that of what bounds the operator", () => {
  const row = (work: Partial<Contender>, seconds: number) =>
    rowOf(contender("x", work), Array(6).fill(seconds), { family: "f", roof }).roofFraction?.value;
  assertEquals(row({ flops: 100, bytes: 4 }, 20), 0.5);
  assertEquals(row({ flops: 10, bytes: 40 }, 20), 0.5);
  assertEquals(row({ bytes: 40 }, 10), 1);
  assertEquals(row({ flops: 100, underRoof: false }, 20), undefined);
});

Deno.test("a share is taken round by round, so a slow spell of the machine leaves it as it is", () => {
  const slow = [1, 1, 1, 5, 5, 5];
  const roof = { bounds, samples: { peak: slow, copy: slow } };
  const x = contender("x", { flops: 10, bytes: 1 });
  const { roofFraction, seconds } = rowOf(x, slow.map((s) => 4 * s), { family: "f", roof });
  assertEquals([roofFraction?.lo, roofFraction?.hi], [0.25, 0.25]);
  assertEquals([seconds.lo, seconds.hi], [4, 20]);
});

Deno.test("a row says where the machine was busy and keeps its samples", () => {
  const busy = rowOf(contender("x", {}), [1, 1, 2, 3, 1, 2], { family: "f" });
  assertEquals(busy.samples, [1, 1, 2, 3, 1, 2]);
  assertEquals(busy.warnings.length, 1);
  assertEquals(rowOf(contender("x", {}), ones, { family: "f" }).warnings, []);
});

Deno.test("the roof is the work of both bounds over their times", () => {
  const { peakFlopsPerSecond, copyBytesPerSecond } = roofOf(bounds, {
    peak: [2, 2, 2],
    copy: [1, 2, 4],
  });
  assertEquals(peakFlopsPerSecond.value, 5);
  const { value, lo, hi } = copyBytesPerSecond;
  assertEquals([value, lo, hi], [2, 1, 4]);
});

Deno.test("contests compare speeds, in bytes where asked, and know goals of speed and of time", () => {
  const parties = [
    { contender: contender("a", { bytes: 8 }), samples: [2, 2, 2, 2, 2, 2] },
    { contender: contender("b", { bytes: 4 }), samples: [1, 1, 1, 1, 1, 1] },
  ];
  const held = { says: "", ours: "a", theirs: "b" };
  const plain = contestOf({ ...held, goal: { time: 2.5 } }, parties);
  assertEquals([plain.id, plain.speed.value, plain.verdict], ["a / b", 0.5, "reached"]);
  assertAlmostEquals(plain.target!, 0.4);
  assertEquals(plain.goal, "at most 2.5 times its time");
  const byBytes = contestOf({ ...held, per: "bytes", goal: { speed: 1.5 } }, parties);
  assertEquals([byBytes.speed.value, byBytes.verdict], [1, "missed"]);
  assertEquals(byBytes.goal, "at least 1.5 of its speed");
  assertEquals(
    contestOf({ ...held, goal: { speed: 5 } }, parties).goal,
    "at least 5 times its speed",
  );
  assertEquals(contestOf(held, parties).verdict, "no goal");
});

Deno.test("a verdict is open where the goal lies within the interval", () => {
  const speed = { value: 1, lo: 0.9, hi: 1.1, n: 9, method: "" };
  assertEquals([0.9, 1, 1.11, undefined].map((goal) => verdictOf(speed, goal)), [
    "reached",
    "open",
    "missed",
    "no goal",
  ]);
});
