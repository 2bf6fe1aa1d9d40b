import fc from "fast-check";
import type { PipelineCosts } from "../../../sim/pipeline/costs.ts";
import { scheduleFacts } from "../../../sim/pipeline/schedule.ts";
import type { ScheduleName } from "../../../sim/plan/plan.ts";

export interface Size {
  stages: number;
  microBatches: number;
  chunks: number;
}

/** Sizes that a schedule can have, of 1 to 12 stages and 1 to `rounds` micro-batches a stage. */
export function sizes(name: ScheduleName, rounds: number): fc.Arbitrary<Size> {
  return fc.record({
    stages: fc.integer({ min: 1, max: 12 }),
    round: fc.integer({ min: 1, max: rounds }),
    rest: fc.integer({ min: 0, max: 11 }),
    chunks: fc.integer({ min: 1, max: 4 }),
  }).map(({ stages, round, rest, chunks }) => {
    if (name === "interleaved") return { stages, microBatches: stages * round, chunks };
    const own = scheduleFacts[name].chunks!;
    const microBatches = stages * round + rest % stages;
    if (name === "dualpipe-v") {
      return { stages, microBatches: Math.max(2 * stages, microBatches), chunks: own };
    }
    if (name !== "dualpipe") return { stages, microBatches, chunks: own };
    const even = stages + stages % 2;
    const enough = Math.max(2 * even, microBatches);
    return { stages: even, microBatches: enough + enough % 2, chunks: own };
  });
}

/** Ratios of F, B and W to each other, and of a send to F. */
export const ratios = fc.record({
  input: fc.double({ min: 0.7, max: 1.5, noNaN: true }),
  weight: fc.double({ min: 0.5, max: 1.2, noNaN: true }),
  send: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.3, noNaN: true })),
  spread: fc.array(fc.double({ min: 0.6, max: 1.4, noNaN: true }), {
    minLength: 12,
    maxLength: 12,
  }),
});

type Ratios = typeof ratios extends fc.Arbitrary<infer T> ? T : never;

/** Costs of a forward of 1 on every stage, or of 0.6 to 1.4 by stage. */
export function costsOf(size: Size, ratio: Ratios, even: boolean): PipelineCosts {
  const all = (seconds: number) =>
    Array.from(
      { length: size.stages },
      (_, s) => new Array<number>(size.chunks).fill(seconds * (even ? 1 : ratio.spread[s])),
    );
  return {
    forward: all(1),
    backwardInput: all(ratio.input),
    backwardWeight: all(ratio.weight),
    sendSeconds: ratio.send,
  };
}
