import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { exactly, median, sum } from "../../../kernels/base/estimate.ts";
import { split } from "../../../kernels/base/random.ts";

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

Deno.test("the interval of a median has the ranks of the sign test's table", () => {
  // n samples: ranks (from 1) of the ends that hold the median with at least 95 %.
  const table = [[5, 1, 5], [6, 1, 6], [9, 2, 8], [10, 2, 9], [15, 4, 12], [25, 8, 18], [
    100,
    40,
    61,
  ]];
  for (const [n, lo, hi] of table) {
    const e = median(upTo(n));
    assertEquals([e.n, e.lo, e.hi], [n, lo, hi], `${n} samples`);
    assertEquals(e.value, (n + 1) / 2);
  }
});

Deno.test("the order of samples is of no matter, and they are left as they were", () => {
  const samples = [5, 1, 4, 2, 3, 9, 7];
  const kept = [...samples];
  assertEquals(median(samples), median([...samples].sort((a, b) => a - b)));
  assertEquals(samples, kept);
});

Deno.test("a median lies in its interval, and the interval in the range", () => {
  const samples = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
  fc.assert(fc.property(samples, (x) => {
    const { lo, value, hi, n } = median(x);
    return Math.min(...x) <= lo && lo <= value && value <= hi && hi <= Math.max(...x) &&
      n === x.length;
  }));
});

Deno.test("intervals hold the true median about as often as they say", () => {
  const stream = split(1, "coverage");
  for (const n of [8, 11, 25]) {
    const runs = 2000;
    let held = 0;
    for (let run = 0; run < runs; run++) {
      const { lo, hi } = median(Array.from({ length: n }, () => stream.normal()));
      if (lo <= 0 && 0 <= hi) held++;
    }
    assert(held / runs >= 0.94, `${n} samples: ${held} of ${runs}`);
    assert(held / runs <= 0.999, `${n} samples: ${held} of ${runs}, wider than needed`);
  }
});

Deno.test("nothing has no median", () => {
  assertThrows(() => median([]), RangeError, "0 samples");
});

Deno.test("what is exact has no width, and a sum adds end to end", () => {
  assertEquals(exactly(3, "counted"), { value: 3, lo: 3, hi: 3, n: 0, method: "counted" });
  const a = { value: 2, lo: 1, hi: 4, n: 5, method: "a" };
  const b = { value: 10, lo: 9, hi: 11, n: 7, method: "b" };
  assertEquals(sum([a, b], "both"), { value: 12, lo: 10, hi: 15, n: 12, method: "both" });
  assertEquals(sum([], "none"), { value: 0, lo: 0, hi: 0, n: 0, method: "none" });
});
