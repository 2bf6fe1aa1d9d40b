import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { memoryHabits } from "../../../sim/memory/habits.ts";
import { stageMemory } from "../../../sim/memory/stage_memory.ts";
import { stageParts } from "../../../sim/memory/stage_parts.ts";
import { memoryTimeline } from "../../../sim/memory/timeline.ts";
import { schedule } from "../../../sim/pipeline/schedule.ts";
import type { Plan, ScheduleName } from "../../../sim/plan/plan.ts";
import { dense, mixture, plan, stack, workload } from "./toy.ts";

const habits = memoryHabits("megatron");

function timelines(of: Plan, sizes = mixture, keptForWeight = 1) {
  const microBatches = of.globalBatch / of.dp;
  const programs = schedule(of.schedule, {
    stages: of.pp,
    microBatches,
    ...(of.vpp > 1 && { chunks: of.vpp }),
  });
  const parts = stageParts(sizes, of, workload, { habits });
  return programs.map((program, s) => memoryTimeline(program, parts[s], { keptForWeight }));
}

const names: ScheduleName[] = [
  ...["gpipe", "1f1b", "interleaved", "zb-h1", "zb-v", "v-half", "v-min"] as const,
  "dualpipe",
];

Deno.test("memory returns to its start after the step, and is never under it", () => {
  const cases = fc.record({
    schedule: fc.constantFrom(...names),
    pp: fc.constantFrom(2, 4),
    rounds: fc.integer({ min: 2, max: 4 }),
    keptForWeight: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(cases, ({ schedule, pp, rounds, keptForWeight }) => {
      const vpp = schedule === "interleaved" ? 2 : 1;
      const of: Plan = { ...plan, schedule, pp, vpp, dp: 1, globalBatch: pp * rounds };
      for (const { staticBytes, points, peak } of timelines(of, mixture, keptForWeight)) {
        assertEquals(points.at(-1)!.totalBytes, staticBytes);
        assert(points.every((point) => point.totalBytes >= staticBytes - 1));
        assertEquals(peak.totalBytes, Math.max(...points.map((point) => point.totalBytes)));
      }
    }),
    { seed: 1, numRuns: 60 },
  );
});

Deno.test("the peak is the closed form's where all chunks of a stage are alike", () => {
  for (const schedule of ["gpipe", "1f1b", "zb-h1", "dualpipe"] as const) {
    for (const pp of [2, 4]) {
      const of: Plan = { ...plan, schedule, pp, dp: 1, globalBatch: 16 };
      const stages = stageMemory(dense, of, workload, stack);
      timelines(of, dense).forEach(({ peak }, s) => {
        const { allocatedBytes } = stages[s];
        assertAlmostEquals(peak.totalBytes, allocatedBytes, 1e-9 * allocatedBytes, schedule);
      });
    }
  }
});

Deno.test("1F1B is fullest when the first stage has as many micro-batches as stages", () => {
  const of: Plan = { ...plan, pp: 4, dp: 1, globalBatch: 16 };
  const [first] = timelines(of);
  assertEquals(first.peakOperation, 3);
  const kept = first.points[1].activationBytes;
  assertAlmostEquals(first.peak.activationBytes, 4 * kept, 1);
});

Deno.test("weight gradients that are put off keep their share longer", () => {
  const of: Plan = { ...plan, schedule: "zb-h1", pp: 4, dp: 1, globalBatch: 16 };
  const peaks = [0, 0.5, 1].map((share) => timelines(of, mixture, share)[2].peak.totalBytes);
  assert(peaks[0] <= peaks[1] && peaks[1] <= peaks[2] && peaks[0] < peaks[2]);
});

Deno.test("given times place the points, and must be one for each operation", () => {
  const [program] = schedule("1f1b", { stages: 1, microBatches: 2 });
  const [parts] = stageParts(dense, plan, workload, { habits });
  const times = [[0, 2], [2, 6], [6, 8], [8, 12]]
    .map(([startSeconds, endSeconds]) => ({ startSeconds, endSeconds }));
  const { points } = memoryTimeline(program, parts, { times });
  assertEquals(points.map((point) => point.at), [0, 2, 2, 6, 6, 8, 8, 12]);
  assertThrows(
    () => memoryTimeline(program, parts, { times: times.slice(1) }),
    RangeError,
    "4 operations with 3 times",
  );
});
