/** What surrounds the operations of a pipeline, followed on paper. @module */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compilePrograms } from "../../../sim/pipeline/compiled.ts";
import { evenCosts } from "../../../sim/pipeline/makespan.ts";
import { schedule, scheduleNames } from "../../../sim/pipeline/schedule.ts";
import { bareRun, pipelineSeconds } from "../../../sim/pipeline/seconds.ts";
import { chunkSends } from "../../../sim/pipeline/sends.ts";
import { pathOf } from "../../../sim/pipeline/program.ts";
import { type PipelineEnds, sweep } from "../../../sim/pipeline/sweep.ts";
import { costsOf, ratios, sizes } from "./cases.ts";

const unit = { forward: 1, backwardInput: 1, backwardWeight: 1, sendSeconds: 0 };

/** Two stages of 1F1B with two micro-batches, a second for each of F, B and W: 9 s. */
function twoStages(ends: Partial<PipelineEnds>, after?: number[]): number {
  const size = { stages: 2, microBatches: 2, chunks: 1 };
  const none = [0, 0];
  const last = { longer: none, tail: none };
  return sweep(compilePrograms(schedule("1f1b", size)), evenCosts(size, unit), {
    ends: { firstEnd: none, whole: last, apart: last, stand: none, exchange: none, ...ends },
    after,
  });
}

const lasts = (longer: number[], tail: number[]) => ({ whole: { longer, tail } });

Deno.test("ends of a chunk's work show where nothing else is waited for", () => {
  assertEquals(twoStages({}), 9);
  // Parameters are there after 3 s: a second later than the forward pass of stage 0 would end.
  assertEquals(twoStages({ firstEnd: [2, 0] }), 10);
  // Stage 1 begins after a second anyway.
  assertEquals(twoStages({ firstEnd: [0, 2] }), 9);
  assertEquals(twoStages({ firstEnd: [0, 3] }), 10);
  // The last backward passes climb the stages.
  assertEquals(twoStages(lasts([0.5, 0.25], [0, 0])), 9.75);
  // Gradients go behind the last backward pass, at 9 s on stage 0 and at 7 s on stage 1.
  assertEquals(twoStages({ exchange: [0.5, 1.5] }), 9);
  assertEquals(twoStages(lasts([0, 0], [0.5, 1.5])), 9.5);
  assertEquals(twoStages(lasts([0, 0], [0, 2.5])), 9.5);
  // Nothing is left to stand still.
  assertEquals(twoStages({ stand: [1, 1] }), 9);
});

Deno.test("what stages do after their operations counts from their own ends", () => {
  assertEquals(twoStages({}, [1, 1]), 10);
  assertEquals(twoStages({}, [1, 4]), 11);
  const costs = (stages: number) => evenCosts({ stages, chunks: 1 }, unit);
  for (const name of ["gpipe", "1f1b", "zb-h1"] as const) {
    const size = { stages: 4, microBatches: 16, chunks: 1 };
    const after = [1, 5, 2, 9];
    const run = { ...size, costs: costs(4) };
    const compiled = compilePrograms(schedule(name, size));
    const { seconds, added } = bareRun(name, run);
    const addedSeconds = added({ after });
    assertAlmostEquals(seconds + addedSeconds, sweep(compiled, run.costs, { after }), 1e-9);
    assertEquals(seconds, pipelineSeconds(name, run));
  }
});

Deno.test("pairs with parts pass their outputs on before both have ended", () => {
  const size = { stages: 4, microBatches: 16, chunks: 2 };
  const compiled = compilePrograms(schedule("dualpipe-v", size));
  const costs = evenCosts(size, unit);
  const all = (seconds: number) => new Array<number>(16).fill(seconds);
  const joined = { lead: all(0), first: all(3), second: all(3), whole: all(3) };
  assertEquals(sweep(compiled, { ...costs, pairs: joined }), sweep(compiled, costs));
  const early = { ...joined, first: all(2), lead: all(0.5) };
  const [slow, quick] = [joined, early].map((pairs) => sweep(compiled, { ...costs, pairs }));
  assertEquals(quick < slow, true);
});

Deno.test("operations of no pair take no longer than in pairs that hide nothing", () => {
  for (const name of ["dualpipe", "dualpipe-v"] as const) {
    fc.assert(
      fc.property(sizes(name, 4), ratios, (size, ratio) => {
        const costs = costsOf(size, ratio, false);
        const [pairs, none] = (["marked", "none"] as const).map((pairs) =>
          sweep(compilePrograms(schedule(name, size), { pairs }), costs)
        );
        return none <= pairs * (1 + 1e-12);
      }),
      { seed: 1, numRuns: 30 },
    );
  }
});

Deno.test("outputs leave a stage wherever the path does", () => {
  for (const name of scheduleNames) {
    for (const stages of [1, 2, 4]) {
      const [{ shape }] = schedule(name, {
        ...{ stages: name === "dualpipe" ? 2 * stages : stages, microBatches: 16 },
        ...(name === "interleaved" && { chunks: 3 }),
      });
      for (const microBatch of [0, 15]) {
        const path = pathOf(shape, microBatch);
        path.forEach((at, i) => {
          const there = path[i + 1] !== undefined && path[i + 1].stage !== at.stage;
          const back = path[i - 1] !== undefined && path[i - 1].stage !== at.stage;
          assertEquals(chunkSends(at, shape), { forward: there, backward: back }, name);
        });
      }
    }
  }
});
