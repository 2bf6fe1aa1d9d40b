import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import {
  formatEstimate,
  formatNumber,
  formatPlain,
  formatSigned,
  nameOf,
  scaleFor,
  unitOf,
} from "../../reports/format.ts";

const of = (value: number, lo: number, hi: number) => ({ value, lo, hi });
const exact = (value: number) => of(value, value, value);

Deno.test("the unit is the longest ending of the key", () => {
  assertEquals(unitOf("stepSeconds"), "seconds");
  assertEquals(unitOf("seconds"), "seconds");
  assertEquals(unitOf("flopsPerSecond"), "flopsPerSecond");
  assertEquals(unitOf("linkBytesPerSecond"), "bytesPerSecond");
  assertEquals(unitOf("tokensPerSecond"), "perSecond");
  assertEquals(unitOf("peakBytes"), "bytes");
  assertEquals(unitOf("droppedFraction"), "fraction");
  assertEquals(unitOf("tokenCount"), "count");
  assertEquals(unitOf("stepFlops"), "flops");
  assertEquals(unitOf("imbalance"), "plain");
});

Deno.test("a key is named without its unit", () => {
  assertEquals(nameOf("medianStepSeconds"), "median step");
  assertEquals(nameOf("seconds"), "time");
  assertEquals(nameOf("flopsPerSecond"), "speed");
  assertEquals(nameOf("tokensPerSecond"), "tokens");
  assertEquals(nameOf("imbalance"), "imbalance");
});

Deno.test("the interval decides the digits", () => {
  assertEquals(formatEstimate(of(0.0123456, 0.0122, 0.0125), "seconds"), {
    value: "12.35",
    interval: "± 0.15",
    unit: "ms",
  });
  assertEquals(formatEstimate(of(5e-4, 4.6e-4, 5.4e-4), "seconds"), {
    value: "500",
    interval: "± 40",
    unit: "µs",
  });
  assertEquals(formatEstimate(of(2e12, 1.9e12, 2.3e12), "flopsPerSecond"), {
    value: "2.00",
    interval: "+0.30 −0.10",
    unit: "TFLOP/s",
  });
});

Deno.test("an interval wider than its value still shows the value", () => {
  assertEquals(formatEstimate(of(1, 0, 40), "seconds").value, "1");
});

Deno.test("a number without an interval has four digits, or all where it is a count", () => {
  assertEquals(formatEstimate(exact(1 / 3), "seconds"), {
    value: "333.3",
    interval: "",
    unit: "ms",
  });
  assertEquals(formatEstimate(exact(1234567), "count").value, "1\u202f234\u202f567");
  assertEquals(formatEstimate(exact(0.25), "fraction"), {
    value: "25.00",
    interval: "",
    unit: "%",
  });
});

Deno.test("scales follow the median, bytes in powers of 1024, bandwidths of 1000", () => {
  assertEquals(scaleFor("bytes", [1024 ** 3]).symbol, "GiB");
  assertEquals(scaleFor("bytes", [1e9]).symbol, "MiB");
  assertEquals(scaleFor("bytesPerSecond", [1e9]).symbol, "GB/s");
  assertEquals(scaleFor("seconds", [0, 2e-6, 3e-6, 5]).symbol, "µs");
  assertEquals(scaleFor("seconds", []).symbol, "s");
});

Deno.test("plain numbers, signs and powers of ten", () => {
  assertEquals(formatPlain(1.25e-6), "1.25 × 10⁻⁶");
  assertEquals(formatPlain(0.97312, 3), "0.973");
  assertEquals(formatPlain(0.043), "0.043");
  assertEquals(formatPlain(-2500), "−2500");
  assertEquals(formatPlain(12_345_678), "1.235 × 10⁷");
  assertEquals(formatPlain(NaN), "none");
  assertEquals(formatSigned(0.0312), "+3.1\u00a0%");
  assertEquals(formatSigned(-0.0001), "0.0\u00a0%");
  assertEquals(formatNumber(1e-9, "seconds"), "1\u00a0ns");
  assertEquals(formatNumber(0.0364, "fraction", 2), "3.6\u00a0%");
  assertEquals(formatNumber(0, "seconds"), "0\u00a0s");
  assertEquals(formatNumber(1e-17, "seconds"), "1 × 10⁻⁸\u00a0ns");
});

const scientific = fc.tuple(
  fc.double({ min: 1, max: 9.999, noNaN: true }),
  fc.integer({ min: -8, max: 14 }),
).map(([m, e]) => m * 10 ** e);

Deno.test("property: the printed value lies within the interval, to its last digit", () => {
  fc.assert(fc.property(scientific, fc.double({ min: 1e-4, max: 0.9, noNaN: true }), (v, share) => {
    const half = v * share;
    const { value } = formatEstimate(of(v, v - half, v + half), "seconds", {
      scale: { factor: 1, symbol: "s" },
    });
    const printed = Number(value.replace(/\u202f/g, ""));
    assert(Math.abs(printed - v) <= half, `${value} for ${v} ± ${half}`);
  }));
});

Deno.test("property: no number is printed with an exponent of the language", () => {
  fc.assert(fc.property(scientific, (v) => {
    for (const unit of ["seconds", "bytes", "flopsPerSecond", "count", "plain"] as const) {
      assert(!/\de[+-]?\d/.test(formatNumber(v, unit)), formatNumber(v, unit));
    }
  }));
});
