import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { BenchRow } from "../../experiments/bench/bench.ts";
import { compareRows } from "../../experiments/bench/compare.ts";
import { sampleSeconds } from "../../experiments/bench/sample.ts";
import { showBench, showChanges } from "../../experiments/bench/show.ts";

const row = (id: string, value: number, half = 0.1): BenchRow => ({
  id,
  labels: { kernel: id },
  seconds: { value, lo: value - half, hi: value + half, n: 9, method: "median" },
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
  assertAlmostEquals(time.value, 0.002, 1e-9);
  assertEquals(time.n, 7);
  assertEquals(calls > 7 * 50, true);
});

Deno.test("a function that a coarse clock cannot see is called more often", () => {
  let calls = 0;
  const coarse = () => Math.floor(calls / 1000) * 0.01;
  const time = sampleSeconds(() => calls++, { seconds: coarse, sampleSeconds: 0.05, samples: 3 });
  assertAlmostEquals(time.value, 1e-5, 2e-6);
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
  const shown = showBench({ bench: "kernels", notes: ["On nothing"], rows })
    .replaceAll(/[\u00a0\u202f]/g, " ");
  assertEquals(shown.includes("2.345 TFLOP/s"), true, shown);
  assertEquals(shown.includes("2.469 M events/s"), true, shown);
  assertEquals(shown.includes("bandwidth"), false, shown);
  assertEquals(shown.endsWith("On nothing\nqueue: busy machine"), true, shown);
  const old = { bench: "kernels", notes: [], rows: [row("gemm", 0.01, 0.001), row("gone", 1)] };
  const changes = showChanges({ bench: "kernels", notes: [], rows }, old);
  assertEquals(/gemm\s+0\.100\s+0\.082 to 0\.122\s+improved/.test(changes), true, changes);
  assertEquals(changes.includes("1 improved, 0 regressed, 0 without"), true, changes);
});
