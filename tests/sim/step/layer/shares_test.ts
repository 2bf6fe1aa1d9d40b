import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Span } from "../../../../sim/engine/span.ts";
import { rankTimes, shares, withWaiting } from "../../../../sim/step/layer/shares.ts";

const span = (
  rank: number,
  stream: "compute" | "communication",
  [startSeconds, endSeconds]: [number, number],
): Span => ({ rank, stream, name: stream, class: stream, startSeconds, endSeconds });

Deno.test("communication under computing is hidden, and counts once", () => {
  const spans = [
    span(0, "compute", [0, 4]),
    span(0, "communication", [2, 6]),
    span(0, "compute", [5, 5.5]),
    span(0, "communication", [8, 10]),
  ];
  assertEquals(rankTimes(spans, { rank: 0, endSeconds: 10 }), {
    computeSeconds: 4.5,
    communicationSeconds: 3.5,
    waitingSeconds: 2,
  });
  assertEquals(shares(spans), { compute: 0.45, communication: 0.35, waiting: 0.2 });
});

Deno.test("shares are the mean over ranks, to the end of the last", () => {
  const { compute, communication, waiting } = shares([
    span(0, "compute", [0, 3]),
    span(3, "communication", [0, 1]),
    span(7, "compute", [1, 2]),
  ]);
  assertAlmostEquals(compute, 4 / 9);
  assertAlmostEquals(communication, 1 / 9);
  assertAlmostEquals(waiting, 4 / 9);
});

Deno.test("no time has no shares", () => {
  assertEquals(shares([]), { compute: 0, communication: 0, waiting: 0 });
});

Deno.test("gaps become waiting spans that say for what, and leave the shares alone", () => {
  const spans = [
    span(0, "compute", [0, 1]),
    span(0, "communication", [3, 4]),
    span(1, "compute", [0, 5]),
  ];
  const filled = withWaiting(spans, { ranks: 3, endSeconds: 5 });
  const waiting = filled.filter((s) => s.class === "waiting");
  assertEquals(waiting.map((s) => [s.rank, s.name, s.startSeconds, s.endSeconds]), [
    [2, "wait for the end of the step", 0, 5],
    [0, "wait for peers of communication", 1, 3],
    [0, "wait for the end of the step", 4, 5],
  ]);
  const two = filled.filter((s) => s.rank < 2);
  assertEquals(shares(two), shares(spans));
});
