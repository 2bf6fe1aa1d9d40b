import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { inFlight } from "../../../sim/pipeline/in_flight.ts";
import { evenCosts, makespan } from "../../../sim/pipeline/makespan.ts";
import { schedule, scheduleNames, type ScheduleOptions } from "../../../sim/pipeline/schedule.ts";
import { validatePrograms } from "../../../sim/pipeline/validate.ts";
import type { ScheduleName } from "../../../sim/plan/plan.ts";
import { sizes } from "./cases.ts";

/** F = B = W = 1000 for a whole stage, no sends. */
function run(name: ScheduleName, options: Partial<ScheduleOptions> = {}) {
  const programs = schedule(name, { stages: 8, microBatches: 32, ...options });
  const { shape } = programs[0];
  const each = shape.placement === "two-way" ? 1000 : 1000 / shape.chunks;
  const unit = { forward: each, backwardInput: each, backwardWeight: each, sendSeconds: 0 };
  return {
    makespan: makespan(programs, evenCosts(shape, unit)),
    peak: Math.max(...inFlight(programs)),
  };
}

Deno.test("published makespans and peaks of 8 stages and 32 micro-batches", () => {
  assertEquals(run("gpipe"), { makespan: 117_000, peak: 32 });
  assertEquals(run("1f1b"), { makespan: 117_000, peak: 8 });
  assertEquals(run("interleaved", { chunks: 2 }), { makespan: 106_500, peak: 11.5 });
  assertEquals(run("zb-h1"), { makespan: 103_000, peak: 8 });
  assertEquals(run("zb-bounded", { limit: 8 }), { makespan: 103_000, peak: 8 });
  assertEquals(run("zb-bounded", { limit: 10 }), { makespan: 103_000, peak: 10 });
  assertEquals(run("zb-v"), { makespan: 99_500, peak: 8 });
  assertEquals(run("v-half"), { makespan: 104_500, peak: 5 });
  const least = run("v-min");
  assert(least.makespan <= 109_000 && least.peak <= 4, JSON.stringify(least));
});

Deno.test("bubbles by their formulas", () => {
  for (const [stages, microBatches] of [[2, 4], [4, 8], [8, 24], [16, 64]]) {
    const work = 3000 * microBatches;
    const size = { stages, microBatches };
    assertEquals(run("1f1b", size).makespan, work + 3000 * (stages - 1));
    assertEquals(run("interleaved", { ...size, chunks: 4 }).makespan, work + 750 * (stages - 1));
    // F + B - W, of 1000 each; ZB-V has half a stage in a chunk.
    assertEquals(run("zb-h1", size), { makespan: work + 1000 * (stages - 1), peak: stages });
    assertEquals(run("zb-v", size), { makespan: work + 500 * (stages - 1), peak: stages });
    // (p/2 - 1) (F&B + B - 3 W) with B the whole backward: 3000 + 2000 - 3000.
    const dual = { makespan: work + 2000 * (stages / 2 - 1), peak: stages + 1 };
    assertEquals(run("dualpipe", size), dual);
  }
});

/** Seconds that the stages of dualpipe wait, the longest, and the published formula. */
function dualPipeBubble(f: number, b: number, options: { w: number; pair: number }) {
  const { w, pair } = options;
  const stages = 8;
  const programs = schedule("dualpipe", { stages, microBatches: 40 });
  const { shape } = programs[0];
  const costs = {
    ...evenCosts(shape, { forward: f, backwardInput: b, backwardWeight: w, sendSeconds: 0 }),
    pair: Array.from({ length: stages }, () => [pair, pair]),
  };
  const seconds = { F: f, B: b, W: w, BW: b + w };
  const waits = programs.map(({ operations }) =>
    operations.reduce((left, op, i) => {
      if (op.paired) return left - pair;
      return operations[i + 1]?.paired ? left : left - seconds[op.phase];
    }, makespan(programs, costs))
  );
  return { found: Math.max(...waits), formula: (stages / 2 - 1) * (pair + b + w - 3 * w) };
}

Deno.test("dualpipe waits as its formula says, less where the input gradient is longer than F", () => {
  for (const [w, pair] of [[1, 2.9], [1, 2.7], [0.75, 2.5]]) {
    const { found, formula } = dualPipeBubble(1, 1, { w, pair });
    assertAlmostEquals(found, formula, 1e-9);
  }
  const { found, formula } = dualPipeBubble(1, 1.25, { w: 0.75, pair: 2.5 });
  assertAlmostEquals(found, formula - 3 * 0.25, 1e-9);
});

Deno.test("every schedule does all work once and ends, whatever its size", () => {
  for (const name of scheduleNames) {
    fc.assert(
      fc.property(sizes(name, 4), (size) => validatePrograms(schedule(name, size))),
      { seed: 1, numRuns: 25 },
    );
  }
});

Deno.test("no schedule holds more than it may, nor beats the work of a stage", () => {
  const limit = (name: ScheduleName, p: number) =>
    ({ "zb-v": p, "v-half": p / 2 + 1, "v-min": Math.ceil(p / 3) + 1, "zb-h1": p })[name as "zb-v"];
  for (const name of ["zb-v", "v-half", "v-min", "zb-h1"] as const) {
    fc.assert(
      fc.property(sizes(name, 4), (size) => {
        const { makespan, peak } = run(name, size);
        assert(peak <= limit(name, size.stages));
        assert(makespan >= 3000 * size.microBatches);
      }),
      { seed: 1, numRuns: 30 },
    );
  }
});

Deno.test("orders for costs are no slower than the order for equal times", () => {
  const size = { stages: 8, microBatches: 40, chunks: 2 };
  const each = { forward: 1, backwardInput: 1.2, backwardWeight: 0.8, sendSeconds: 0.02 };
  const costs = evenCosts(size, each);
  for (const name of ["zb-v", "v-half", "v-min"] as const) {
    const fitted = schedule(name, { ...size, costs });
    validatePrograms(fitted);
    const ratio = makespan(fitted, costs) / makespan(schedule(name, size), costs);
    assert(ratio <= 1, `${name} ${ratio}`);
    if (name === "v-half") assert(ratio < 0.95, `${ratio}`);
    assertEquals(inFlight(fitted), inFlight(schedule(name, size)));
  }
});

Deno.test("interleaving in larger groups leaves a rest that fills the pipeline", () => {
  const size = { stages: 4, microBatches: 14, chunks: 2, group: 5 };
  validatePrograms(schedule("interleaved", size));
  assertThrows(
    () => schedule("interleaved", { ...size, microBatches: 13 }),
    TypeError,
    "a rest of 0 or at least 4; nearest: 12 or 16 micro-batches in groups of 4",
  );
});

Deno.test("sizes that a schedule cannot have", () => {
  const size = { stages: 4, microBatches: 8 };
  assertThrows(() => schedule("zb-w" as "zb-v", size), TypeError, 'did you mean "zb-v"');
  assertThrows(() => schedule("1f1b", { ...size, chunks: 2 }), TypeError, "schedule interleaved");
  assertThrows(() => schedule("gpipe", { ...size, stages: 0 }), TypeError, "0 stages");
  assertThrows(() => schedule("zb-bounded", { ...size, limit: 0 }), TypeError, "activations by 0");
  const odd = { stages: 3, microBatches: 5 };
  assertThrows(() => schedule("dualpipe", odd), TypeError, "nearest: 8 on 4");
  assertThrows(() => schedule("dualpipe-v", odd), TypeError, "at least 6");
});

Deno.test("faults of programs are named", () => {
  const programs = schedule("1f1b", { stages: 2, microBatches: 3 });
  const change = (stage: number, edit: (ops: typeof programs[0]["operations"]) => unknown) =>
    programs.map((program) =>
      program.stage === stage
        ? { ...program, operations: edit(program.operations) as typeof program.operations }
        : program
    );
  assertThrows(
    () => validatePrograms(change(0, (ops) => ops.slice(1))),
    RangeError,
    "Stage 0 lacks part of F, B and W of micro-batch 0",
  );
  assertThrows(
    () => validatePrograms(change(1, (ops) => [...ops, ops[0]])),
    RangeError,
    "Stage 1 does F of micro-batch 0 on chunk 0 twice",
  );
  assertThrows(
    () => validatePrograms(change(0, (ops) => ops.toReversed())),
    RangeError,
    "stage 0 waits forever with BW of micro-batch 2",
  );
});
