import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { stableJson } from "../../../kernels/base/files.ts";
import { gridCorners } from "../../../kernels/base/profile_schema.ts";
import { op } from "../../../kernels/base/op.ts";
import { deviceProfile, insideProfile, paddedDims, priceOp } from "../../../sim/mod.ts";
import { exampleProfile as profile } from "../../experiments/routing/example_profile.ts";

Deno.test("a power law is interpolated, and extrapolated, exactly", () => {
  const size = fc.integer({ min: 1, max: 40 });
  fc.assert(fc.property(size, size, size, (a, b, c) => {
    const [m, n, k] = [64 * a, 64 * b, 8 * c];
    const price = priceOp(op("gemm", { m, n, k }), profile);
    assertAlmostEquals(price.value / (1e-10 * m * n * k), 1, 1e-9);
    assertAlmostEquals(price.hi / price.lo, 1.2 / 0.9, 1e-9);
  }));
});

Deno.test("a profile read back from a file prices the same", () => {
  const curves = exampleAsymmetric();
  const profileHere = { ...profile, curves };
  const back = JSON.parse(stableJson(profileHere));
  for (const dims of [{ m: 100, n: 300, k: 77 }, { m: 900, n: 65, k: 500 }]) {
    const product = op("gemm", dims);
    assertEquals(priceOp(product, back), priceOp(product, profileHere));
  }
});

/** A curve whose axes differ in length and effect, written in no particular order. */
function exampleAsymmetric() {
  const axes = { n: [64, 1024], m: [64, 256, 1024], k: [8, 512] };
  const seconds = gridCorners(axes).map((d) => 1e-9 * d.m * d.n ** 0.5 * d.k ** 0.1);
  return { gemm: { quantum: {}, axes, fixed: {}, seconds, lo: seconds, hi: seconds } };
}

Deno.test("dimensions are rounded up to tiles, each group's rows by themselves", () => {
  const grouped = op("grouped_gemm", { m: 10, n: 65, k: 9, groups: 4 }, { rows: [1, 0, 8, 1] });
  const padded = paddedDims(grouped, profile.curves.grouped_gemm);
  assertEquals([padded.m, padded.n, padded.k], [3 * 64, 128, 16]);
  const even = op("gemm", { m: 10, n: 64, k: 64 });
  assertAlmostEquals(priceOp(even, profile).value, 1e-10 * 64 * 64 * 64, 1e-12);
});

Deno.test("inside is inside on every axis, after rounding", () => {
  assert(insideProfile(op("gemm", { m: 1000, n: 10, k: 500 }), profile));
  assert(!insideProfile(op("gemm", { m: 1025, n: 10, k: 500 }), profile));
  assert(!insideProfile(op("gemm", { m: 1000, n: 10, k: 5 }), profile));
  assertEquals(
    priceOp(op("gemm", { m: 1025, n: 10, k: 500 }), profile).method,
    "profile, extrapolated",
  );
});

Deno.test("a grouped product without rows costs a launch", () => {
  const none = op("grouped_gemm", { m: 0, n: 64, k: 64, groups: 2 }, { rows: [0, 0] });
  assertEquals(priceOp(none, profile).value, profile.launchSeconds);
});

Deno.test("the law is a roofline that falls off on small sizes, by hand", () => {
  const h100 = deviceProfile("h100");
  const dims = { m: 4096, n: 4096, k: 4096 };
  const law = h100.laws.gemm ?? h100.law;
  const peak = h100.peakFlopsPerSecond.bf16! * law.computeEfficiency;
  const fall = 1 + 3 * law.halfSize / 4096;
  const price = priceOp(op("gemm", dims, { dtype: "bf16" }), h100);
  assertAlmostEquals(price.value, h100.launchSeconds + 2 * 4096 ** 3 * fall / peak, 1e-9);
  // Half as many rows an expert cost more time for the same work.
  const grouped = (groups: number) =>
    priceOp(op("grouped_gemm", { ...dims, groups }, { dtype: "bf16" }), h100).value;
  assert(grouped(64) > grouped(8));
});
