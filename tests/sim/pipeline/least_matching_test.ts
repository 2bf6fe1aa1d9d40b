import { assertAlmostEquals } from "@std/assert";
import fc from "fast-check";
import { leastMatching } from "../../../sim/pipeline/least_matching.ts";

/** The least of all orders, tried one by one. */
function byOrders(costs: readonly (readonly number[])[]): number {
  const [first, ...rest] = costs;
  if (first === undefined) return 0;
  return Math.min(
    ...first.map((cost, at) => cost + byOrders(rest.map((row) => row.toSpliced(at, 1)))),
  );
}

Deno.test("the least matching is the least of all orders", () => {
  const squares = fc.integer({ min: 1, max: 6 }).chain((size) =>
    fc.array(
      fc.array(fc.integer({ min: -5, max: 20 }), { minLength: size, maxLength: size }),
      { minLength: size, maxLength: size },
    )
  );
  fc.assert(
    fc.property(squares, (costs) => {
      const least = leastMatching(costs.length, (row, column) => costs[row][column]);
      assertAlmostEquals(least, byOrders(costs), 1e-9);
    }),
    { seed: 1, numRuns: 300 },
  );
});
