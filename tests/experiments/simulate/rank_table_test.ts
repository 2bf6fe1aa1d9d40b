import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { ComparedStep } from "../../../experiments/simulate/published/compared_steps.ts";
import { sweepRanks, sweepsOf } from "../../../experiments/simulate/published/rank_table.ts";

/** Steps of one sweep, of which ranks read the measured and the predicted seconds alone. */
const sweep = (measured: readonly number[], predicted: readonly number[], name = "a sweep") =>
  measured.map((seconds, i) => ({
    step: { seconds },
    groups: { source: "made up", sweep: name },
    predictedSeconds: predicted[i],
  })) as unknown as ComparedStep[];

const ranksOf = (measured: readonly number[], predicted: readonly number[]) =>
  sweepRanks(sweep(measured, predicted), ({ predictedSeconds }) => predictedSeconds);

Deno.test("a choice is good near the best, or among the best three", () => {
  const best = ranksOf([1, 2, 3, 4, 5], [10, 20, 30, 40, 50]);
  assertEquals([best.tau, best.regret, best.faster, best.good], [1, 0, 0, true]);
  const third = ranksOf([1, 2, 3, 4, 5], [3, 3, 1, 3, 3]);
  assertEquals([third.regret, third.faster, third.good], [2, 2, true]);
  const fourth = ranksOf([1, 2, 3, 4, 5], [3, 3, 3, 1, 3]);
  assertEquals([fourth.regret, fourth.faster, fourth.good], [3, 3, false]);
  const near = ranksOf([1, 1.01, 1.015, 1.02, 5], [3, 3, 3, 1, 3]);
  assertAlmostEquals(near.regret, 0.02, 1e-12);
  assertEquals([near.faster, near.good], [3, true]);
});

Deno.test("sweeps of three plans rank nothing", () => {
  const steps = [...sweep([1, 2, 3], [1, 2, 3], "three"), ...sweep([1, 2, 3, 4], [4, 3, 2, 1])];
  assertEquals(sweepsOf(steps).map((own) => own.length), [4]);
  assertEquals(ranksOf([1, 2, 3, 4], [4, 3, 2, 1]).tau, -1);
});
