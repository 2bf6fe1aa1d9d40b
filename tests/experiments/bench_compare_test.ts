import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { BenchRow } from "../../experiments/bench/bench.ts";
import { compareContests, compareRows } from "../../experiments/bench/compare.ts";
import { sampleSeconds } from "../../experiments/bench/sample.ts";
import { showBench, showChanges } from "../../experiments/bench/show.ts";
import { benchFixture } from "./bench_fixture.ts";

const row = (id: string, value: number, half = 0.1): BenchRow => ({
  id,
  labels: { kernel: id },
  seconds: { value, lo: value - half, hi: value + half, n: 9, method: "median" },
  samples: [value],
  warnings: [],
});

Deno.test("a verdict needs intervals that do not meet", () => {
  const before = [row("faster", 2), row("slower", 2), row("same", 2), row("near", 2)];
  const now = [row("faster", 1), row("slower", 3), row("same", 2), row("near", 2.15)];
  assertEquals(compareRows(now, before).map((change) => change.verdict), [
    "improved",
    "regressed",
    "no change",
    "no change",
  ]);
});

Deno.test("the ratio carries the worst and the best of both intervals", () => {
  const { ratio } = compareRows([row("a", 1)], [row("a", 2)])[0];
  assertAlmostEquals(ratio!.value, 0.5);
  assertAlmostEquals(ratio!.lo, 0.9 / 2.1);
  assertAlmostEquals(ratio!.hi, 1.1 / 1.9);
});

Deno.test("rows of one side only are named", () => {
  assertEquals(compareRows([row("new", 1)], [row("old", 1)]), [
    { id: "new", verdict: "only now" },
    { id: "old", verdict: "only before" },
  ]);
});

Deno.test("comparing the other way round turns the verdict round", () => {
  const opposite = { improved: "regressed", regressed: "improved", "no change": "no change" };
  fc.assert(fc.property(
    fc.double({ min: 0.2, max: 10, noNaN: true }),
    fc.double({ min: 0.2, max: 10, noNaN: true }),
    (x, y) => {
      const there = compareRows([row("a", x)], [row("a", y)])[0].verdict;
      const back = compareRows([row("a", y)], [row("a", x)])[0].verdict;
      assertEquals(back, opposite[there as keyof typeof opposite]);
    },
  ));
});

Deno.test("a call is timed in samples that the clock can resolve", () => {
  let clock = 0;
  let calls = 0;
  const fn = () => {
    calls++;
    clock += 0.002;
  };
  const time = sampleSeconds(fn, { seconds: () => clock, sampleSeconds: 0.1, samples: 7 });
  assertAlmostEquals(time.seconds.value, 0.002, 1e-9);
  assertEquals([time.seconds.n, time.samples.length], [7, 7]);
  assertEquals(calls > 7 * 50, true);
});

Deno.test("a function that a coarse clock cannot see is called more often", () => {
  let calls = 0;
  const coarse = () => Math.floor(calls / 1000) * 0.01;
  const time = sampleSeconds(() => calls++, { seconds: coarse, sampleSeconds: 0.05, samples: 3 });
  assertAlmostEquals(time.seconds.value, 1e-5, 2e-6);
});

Deno.test("tables show the rates that a row has and say what changed", () => {
  const rows = [
    { ...row("gemm", 0.001, 0.0001), flops: 2.345e9 },
    {
      ...row("queue", 0.5),
      items: { name: "events", count: 1.2345e6 },
      warnings: ["busy machine"],
    },
  ];
  const none = { contests: [], skipped: [] };
  const shown = showBench({ bench: "kernels", notes: ["On nothing"], rows, ...none })
    .replaceAll(/[\u00a0\u202f]/g, " ");
  assertEquals(shown.includes("2.345 TFLOP/s"), true, shown);
  assertEquals(shown.includes("2.469 M events/s"), true, shown);
  assertEquals(shown.includes("bandwidth"), false, shown);
  assertEquals(shown.endsWith("On nothing\nqueue: busy machine"), true, shown);
  const older = [row("gemm", 0.01, 0.001), row("gone", 1)];
  const old = { bench: "kernels", notes: [], rows: older, ...none };
  const changes = showChanges({ bench: "kernels", notes: [], rows, ...none }, old);
  assertEquals(/gemm\s+0\.100\s+0\.082 to 0\.122\s+improved/.test(changes), true, changes);
  assertEquals(changes.includes("1 improved, 0 regressed, 0 without"), true, changes);
});

Deno.test("a contest that gained on its rival has improved, whatever both times did", () => {
  const before = benchFixture().contests;
  const now = before.map((contest) => ({
    ...contest,
    speed: { ...contest.speed, value: 0.5, lo: 0.45, hi: 0.55 },
  }));
  const verdicts = compareContests(now, before).map(({ verdict }) => verdict);
  assertEquals(verdicts, ["improved", "regressed", "improved"]);
});

Deno.test("contests and what was left out are shown, and compared with an older run", () => {
  const file = benchFixture();
  const shown = showBench(file).replaceAll(/[\u00a0\u202f]/g, " ");
  assertEquals(
    /against OpenBLAS +0\.240 +0\.216 to 0\.264 +7 +at least 0\.3 of its speed +missed/.test(shown),
    true,
    shown,
  );
  assertEquals(shown.includes("Left out: jax-js: it is not there"), true, shown);
  assertEquals(/gemm 1024 .*60 ± 6 %/.test(shown), true, shown);
  assertEquals(
    shown.endsWith(
      "map 4096: interval wider than half of its lower end: the machine " +
        "was busy",
    ),
    true,
    shown,
  );
  const all = file.rows.map((row) => ({ ...row, warnings: ["busy"] }));
  assertEquals(showBench({ ...file, rows: all }).endsWith("\n5 of 5 rows: busy"), true);
  const changes = showChanges(file, file);
  assertEquals(/contest +speed now \/ before/.test(changes), true, changes);
  assertEquals(
    changes.endsWith(
      "0 improved, 0 regressed, 8 without a change that the intervals " +
        "support",
    ),
    true,
    changes,
  );
});
