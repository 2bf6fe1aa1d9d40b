import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { split } from "../../../kernels/base/random.ts";
import { fitLeastLogError } from "../../../sim/calibrate/fit.ts";
import { solveLinear } from "../../../sim/calibrate/solve.ts";

/** A roofline with a latency: what most laws of time look like. */
const law = ([latency, rate, bandwidth]: readonly number[], [flops, bytes]: number[]) =>
  latency + Math.max(flops / rate, bytes / bandwidth);

function rowsOf(truth: readonly number[], count = 40) {
  const stream = split(7, "rows");
  return Array.from({ length: count }, () => {
    const size = [10 ** (6 + 7 * stream.uniform()), 10 ** (4 + 5 * stream.uniform())];
    return { size, seconds: law(truth, size) };
  });
}

const residualsOf = (rows: ReturnType<typeof rowsOf>) => (values: readonly number[]) =>
  rows.map(({ size, seconds }) => Math.log(law(values, size) / seconds));

Deno.test("a law is found again from its own times, wherever the search begins", () => {
  const near = fc.double({ min: -1.5, max: 1.5, noNaN: true });
  const truth = [4e-6, 3e14, 2e12];
  const rows = rowsOf(truth);
  fc.assert(
    fc.property(near, near, near, (a, b, c) => {
      const start = truth.map((v, i) => v * Math.exp([a, b, c][i]));
      const { values, converged, cost } = fitLeastLogError(residualsOf(rows), start);
      assert(converged && cost < 1e-6);
      values.forEach((v, i) => assertAlmostEquals(v / truth[i], 1, 1e-3));
    }),
    { seed: 1, numRuns: 40 },
  );
});

Deno.test("rows that are far off pull a little, where squares would pull much", () => {
  const seconds = [1, 1, 1, 1, 1, 1, 1, 1, 1, 20];
  const fit = fitLeastLogError(([v]) => seconds.map((s) => Math.log(v / s)), [5]);
  assert(fit.values[0] < 1.02, `${fit.values[0]}`);
  const wide = fitLeastLogError(([v]) => seconds.map((s) => Math.log(v / s)), [5], { noise: 100 });
  assertAlmostEquals(wide.values[0], 20 ** 0.1, 1e-3);
});

Deno.test("what no row tells stays at its prior, and what rows tell leaves it", () => {
  const rows = rowsOf([4e-6, 3e14, 2e12]).filter(({ size: [, bytes] }) => bytes < 1e5);
  const priors = [undefined, { mean: 1e14, spread: 1 }, { mean: 7e11, spread: 0.3 }];
  const { values, spreads } = fitLeastLogError(residualsOf(rows), [1e-6, 1e14, 1e12], { priors });
  assertAlmostEquals(values[1] / 3e14, 1, 0.02);
  assertAlmostEquals(values[2] / 7e11, 1, 0.02);
  assertAlmostEquals(spreads[2], 0.3, 0.02);
  assert(spreads[1] < 0.1);
});

Deno.test("between rows and prior the posterior's mean is taken", () => {
  // One row at 2 with noise 0.1 (quadratic so near), prior at 2.1 with the same spread.
  const fit = fitLeastLogError(([v]) => [0.01 * Math.log(v / 2)], [2], {
    noise: 0.001,
    priors: [{ mean: 2.1, spread: 0.1 }],
  });
  assertAlmostEquals(fit.values[0], Math.sqrt(2 * 2.1), 1e-3);
  assertAlmostEquals(fit.spreads[0], 0.1 / Math.SQRT2, 1e-3);
});

Deno.test("bounds hold, and the others are fitted beside a parameter at its bound", () => {
  const truth = [4e-6, 3e14, 2e12];
  const rows = rowsOf(truth);
  const bounds = [[1e-7, 1e-5], [1e13, 1e14], [1e11, 1e13]] as const;
  const { values } = fitLeastLogError(residualsOf(rows), [1e-6, 5e13, 1e12], { bounds });
  assertAlmostEquals(values[1], 1e14, 1);
  assertAlmostEquals(values[0] / 4e-6, 1, 0.5);
});

Deno.test("wrong starts and broken laws are refused", () => {
  assertThrows(() => fitLeastLogError(() => [0], [0]), RangeError, "wanted values above 0");
  assertThrows(
    () => fitLeastLogError(([v]) => [0, Math.log(v - 2)], [1]),
    RangeError,
    "found residual NaN in row 1",
  );
});

Deno.test("linear systems are solved, singular ones are told", () => {
  const stream = split(3, "solve");
  for (const n of [1, 2, 5, 9]) {
    const a = Array.from({ length: n }, () => Array.from({ length: n }, () => stream.normal()));
    const x = a.map(() => stream.normal());
    const found = solveLinear(a, a.map((row) => row.reduce((s, v, j) => s + v * x[j], 0)))!;
    found.forEach((v, i) => assertAlmostEquals(v, x[i], 1e-9));
  }
  assertEquals(solveLinear([[1, 2], [2, 4]], [1, 2]), undefined);
});
