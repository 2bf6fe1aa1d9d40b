import { assertAlmostEquals, assertEquals } from "@std/assert";
import { quantile } from "../../experiments/quantile.ts";

Deno.test("quantiles lie on the numbers or linearly between neighbours", () => {
  const numbers = [7, 1, 3, 5];
  assertEquals([0, 0.5, 1].map((share) => quantile(numbers, share)), [1, 4, 7]);
  assertAlmostEquals(quantile(numbers, 0.9), 6.4, 1e-12);
  assertEquals([quantile([4], 0.9), quantile([2, 9, 5], 0.5)], [4, 5]);
  assertEquals(numbers, [7, 1, 3, 5]);
  assertEquals(quantile([], 0.5), NaN);
});
