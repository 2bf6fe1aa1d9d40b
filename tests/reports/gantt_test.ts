import fc from "fast-check";
import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { timeTicks } from "../../reports/svg/gantt.tsx";
import { layOut, sharesOf } from "../../reports/svg/lanes.ts";
import type { Span } from "../../sim/engine/span.ts";

const span = (
  rank: number,
  cls: Span["class"],
  startSeconds: number,
  endSeconds: number,
): Span => ({
  rank,
  stream: cls === "communication" ? "communication" : "compute",
  name: cls,
  class: cls,
  startSeconds,
  endSeconds,
});

const wide = { width: 1000, limit: 1000, ranks: 32 };

Deno.test("time maps to the width and lanes go by rank, compute first", () => {
  const spans = [
    span(1, "compute", 2, 4),
    span(0, "communication", 0, 1),
    span(0, "compute", 1, 2),
  ];
  const { lanes, bars, mergedBelow } = layOut(spans, wide);
  assertEquals(lanes, [
    { rank: 0, stream: "compute" },
    { rank: 0, stream: "communication" },
    { rank: 1, stream: "compute" },
  ]);
  assertEquals(bars.map((b) => [b.lane, b.x, b.width]), [[0, 250, 250], [1, 0, 250], [
    2,
    500,
    500,
  ]]);
  assertEquals(mergedBelow, 0);
});

Deno.test("spans narrower than a pixel share a bar of the class that takes most time", () => {
  const spans = [
    span(0, "compute", 0, 1),
    ...Array.from({ length: 4 }, (_, i) => span(0, "waiting", 1 + i * 1e-4, 1 + i * 1e-4 + 9e-5)),
    span(0, "compute", 1.0004, 1.0004 + 1e-5),
    span(0, "compute", 1.5, 2),
  ];
  const { bars } = layOut(spans, wide);
  assertEquals(bars.map((b) => [b.class, b.spans.length]), [
    ["compute", 1],
    ["waiting", 5],
    ["compute", 1],
  ]);
});

Deno.test("ranks beyond the room are counted, spans of no length are left out", () => {
  const spans = Array.from({ length: 5 }, (_, r) => span(r, "compute", 0, 1));
  const layout = layOut([...spans, span(0, "waiting", 1, 1)], { ...wide, ranks: 3 });
  assertEquals(layout.ranksLeftOut, 2);
  assertEquals(layout.lanes.length, 3);
  assertEquals(layout.bars.length, 3);
});

Deno.test("property: no span is lost, bars keep within the limit and the drawing", () => {
  const gaps = fc.array(
    fc.tuple(
      fc.double({ min: 1e-6, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom("compute" as const, "waiting" as const),
    ),
    { minLength: 1, maxLength: 300 },
  );
  fc.assert(fc.property(gaps, (list) => {
    let now = 0;
    const spans = list.map(([length, gap, cls]) => {
      const s = span(0, cls, now, now + length);
      now += length + gap;
      return s;
    });
    const { bars } = layOut(spans, { ...wide, limit: 60 });
    assertLessOrEqual(bars.length, 60);
    assertEquals(bars.reduce((n, b) => n + b.spans.length, 0), spans.length);
    let right = 0;
    for (const bar of bars) {
      assert(bar.x >= right - 1e-6, "bars of a lane overlap");
      right = bar.x + bar.width;
    }
    assertLessOrEqual(right, 1000 + 1e-6);
  }));
});

Deno.test("shares: exposed communication and bubble are what no computing covers", () => {
  const [share] = sharesOf([
    span(0, "compute", 0, 4),
    span(0, "communication", 3, 6),
    span(0, "waiting", 4, 6),
    span(0, "compute", 6, 7),
  ], 10);
  assertEquals(share.seconds, { compute: 5, communication: 3, waiting: 2 });
  assertAlmostEquals(share.exposedSeconds, 2);
  assertAlmostEquals(share.idleSeconds, 3);
});

Deno.test("ticks of time are round and within the whole", () => {
  assertEquals(timeTicks(8).map((t) => Number(t.toFixed(6))), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assertEquals(timeTicks(0.0095).length, 5);
  assertEquals(timeTicks(0), [0]);
});
