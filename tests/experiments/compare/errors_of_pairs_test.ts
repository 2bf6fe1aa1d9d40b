import { assertAlmostEquals, assertEquals } from "@std/assert";
import { kendallTau, summarisePairs } from "../../../experiments/compare/errors_of_pairs.ts";
import { exactly } from "../../../kernels/mod.ts";

const pair = (id: string, predicted: number, measured: number) => ({
  id,
  label: `layer ${id}`,
  predicted: exactly(predicted, "test"),
  measured: exactly(measured, "test"),
  inside: true,
});

Deno.test("Kendall's tau ranks", () => {
  assertEquals(kendallTau([1, 2, 3], [10, 20, 30]), 1);
  assertEquals(kendallTau([1, 2, 3], [30, 20, 10]), -1);
  assertAlmostEquals(kendallTau([1, 2, 3], [10, 30, 20]), 1 / 3);
});

Deno.test("errors of pairs, by hand", () => {
  const summary = summarisePairs("inside", [
    pair("a", 11, 10),
    pair("b", 8, 10),
    pair("c", 10, 10),
  ]);
  assertAlmostEquals(summary.medianAbsoluteError, 0.1);
  assertAlmostEquals(summary.meanAbsoluteError, 0.1);
  assertAlmostEquals(summary.medianSignedError, 0);
  assertEquals([summary.worst.id, summary.n], ["b", 3]);
  assertAlmostEquals(summary.worst.error, -0.2);
});
