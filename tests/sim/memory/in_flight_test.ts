import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { chunksInFlight } from "../../../sim/memory/in_flight.ts";
import { inFlight } from "../../../sim/pipeline/in_flight.ts";
import { schedule } from "../../../sim/pipeline/schedule.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import { plan } from "./toy.ts";

/** What a stage holds, in whole stages, by the closed form. */
function closed(of: Plan, stage: number, share: number): number {
  return chunksInFlight(stage, of).reduce((sum, count) => sum + count, 0) * share;
}

const exact: Plan["schedule"][] = ["gpipe", "1f1b", "interleaved", "zb-h1", "dualpipe"];
const bounded: Plan["schedule"][] = ["zb-v", "v-half", "v-min", "zb-bounded", "dualpipe-v"];

Deno.test("closed forms hold what the programs hold, at the micro-batches of a real step", () => {
  for (const name of [...exact, ...bounded]) {
    for (const pp of [2, 4, 6, 8, 16]) {
      const vpp = name === "interleaved" ? 2 : 1;
      const of: Plan = { ...plan, schedule: name, pp, vpp, dp: 1, globalBatch: 4 * pp };
      const programs = schedule(name, {
        stages: pp,
        microBatches: 4 * pp,
        ...(vpp > 1 && { chunks: vpp }),
      });
      const chunks = programs[0].shape.chunks;
      const share = programs[0].shape.placement === "two-way" ? 1 : 1 / chunks;
      const expected = inFlight(programs);
      expected.forEach((held, stage) =>
        assertEquals(closed(of, stage, share), held, `${name} ${pp} stage ${stage}`)
      );
    }
  }
});

Deno.test("interleaved stages hold chunk by chunk what their programs do, for few micro-batches too", () => {
  const sizes = fc.record({
    pp: fc.integer({ min: 2, max: 6 }),
    vpp: fc.integer({ min: 2, max: 4 }),
    rounds: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(sizes, ({ pp, vpp, rounds }) => {
      const microBatches = pp * rounds;
      const programs = schedule("interleaved", { stages: pp, microBatches, chunks: vpp });
      const of: Plan = {
        ...plan,
        schedule: "interleaved",
        pp,
        vpp,
        dp: 1,
        globalBatch: microBatches,
      };
      for (const { stage, operations } of programs) {
        const held = new Array<number>(vpp).fill(0);
        let most = { all: 0, held: [...held] };
        for (const { phase, chunk } of operations) {
          held[chunk] += phase === "F" ? 1 : -1;
          const all = held.reduce((sum, count) => sum + count, 0);
          if (all > most.all) most = { all, held: [...held] };
        }
        assertEquals(chunksInFlight(stage, of), most.held);
      }
    }),
    { seed: 1, numRuns: 60 },
  );
});

Deno.test("nothing holds more micro-batches than there are", () => {
  for (const name of [...exact, ...bounded]) {
    const vpp = name === "interleaved" ? 2 : 1;
    const of: Plan = { ...plan, schedule: name, pp: 8, vpp, dp: 1, globalBatch: 2 };
    for (let stage = 0; stage < 8; stage++) {
      assert(chunksInFlight(stage, of).every((count) => count >= 0 && count <= 2), name);
    }
  }
});
