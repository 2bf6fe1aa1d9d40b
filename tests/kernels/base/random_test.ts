import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { normals, split } from "../../../kernels/base/random.ts";

/** Mean, variance and fourth moment over the variance squared. */
function moments(x: readonly number[]) {
  const mean = x.reduce((s, v) => s + v, 0) / x.length;
  const about = (power: number) => x.reduce((s, v) => s + (v - mean) ** power, 0) / x.length;
  return { mean, variance: about(2), kurtosis: about(4) / about(2) ** 2 };
}

const draws = <T>(n: number, draw: () => T) => Array.from({ length: n }, draw);

Deno.test("the first numbers of a stream are these, on every machine", () => {
  const stream = split(0, "golden");
  assertEquals(draws(3, stream.uniform), [
    0.8988446349607284,
    0.41736629942687065,
    0.8082509667003765,
  ]);
  assertEquals(draws(6, () => stream.int(1, 6)), [5, 2, 3, 4, 1, 6]);
  assertEquals([...normals(split(0, "golden"), 3)], [
    -1.858506441116333,
    1.0621435642242432,
    -1.7909307479858398,
  ]);
});

Deno.test("a stream is its seed and its path, however it is reached", () => {
  fc.assert(fc.property(fc.integer(), fc.string(), fc.string(), (seed, a, b) => {
    const straight = split(seed, `${a}/${b}`);
    const parent = split(seed, a);
    parent.uniform(); // what a parent draws does not shift its children
    return straight.uniform() === parent.split(b).uniform();
  }));
});

Deno.test("streams of other seeds and paths are uncorrelated", () => {
  const n = 4000;
  const base = draws(n, split(1, "gate/3").uniform);
  for (const other of [split(2, "gate/3"), split(1, "gate/4"), split(1, "gate/3").split("x")]) {
    const y = draws(n, other.uniform);
    const [a, b] = [moments(base), moments(y)];
    const covariance = base.reduce((s, v, i) => s + (v - a.mean) * (y[i] - b.mean), 0) / n;
    const correlation = covariance / Math.sqrt(a.variance * b.variance);
    assert(Math.abs(correlation) < 4 / Math.sqrt(n), `correlation ${correlation}`);
  }
});

Deno.test("uniform numbers have the moments of [0, 1) and stay within", () => {
  const n = 20000;
  const x = draws(n, split(3, "uniform").uniform);
  assert(x.every((v) => v >= 0 && v < 1));
  const { mean, variance, kurtosis } = moments(x);
  // Four standard errors of each estimate.
  assertAlmostEquals(mean, 1 / 2, 4 * Math.sqrt(1 / 12 / n));
  assertAlmostEquals(variance, 1 / 12, 4 * Math.sqrt(1 / 180 / n));
  assertAlmostEquals(kurtosis, 9 / 5, 0.05);
});

Deno.test("normal numbers have the moments of the standard normal", () => {
  const n = 20000;
  const { mean, variance, kurtosis } = moments(draws(n, split(4, "normal").normal));
  assertAlmostEquals(mean, 0, 4 / Math.sqrt(n));
  assertAlmostEquals(variance, 1, 4 * Math.sqrt(2 / n));
  assertAlmostEquals(kurtosis, 3, 4 * Math.sqrt(24 / n));
});

Deno.test("integers fill the range with both ends, evenly", () => {
  const n = 12000;
  const counts = new Map<number, number>();
  const stream = split(5, "int");
  for (let i = 0; i < n; i++) {
    const v = stream.int(-2, 3);
    counts.set(v, (counts.get(v) ?? 0) + 1);
  }
  assertEquals([...counts.keys()].sort((a, b) => a - b), [-2, -1, 0, 1, 2, 3]);
  const squares = [...counts.values()].reduce((s, c) => s + (c - n / 6) ** 2 / (n / 6), 0);
  assert(squares < 20.5, `chi-squared of 5 degrees is ${squares}`); // 0.1 % quantile
});

Deno.test("normals are f32 and scale", () => {
  const one = normals(split(6, "n"), 50);
  const two = normals(split(6, "n"), 50, 2);
  two.forEach((v, i) => assertAlmostEquals(v, 2 * one[i], 1e-6 * Math.abs(v)));
  assertEquals([two instanceof Float32Array, two.length], [true, 50]);
});
