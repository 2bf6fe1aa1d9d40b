import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { lowerTrainingStep, modelPreset } from "../../../core/spec/mod.ts";
import { stableJson } from "../../../kernels/base/files.ts";
import { gridCorners } from "../../../kernels/base/profile_schema.ts";
import { op } from "../../../kernels/base/op.ts";
import { gapOf, insideProfile, paddedDims, priceOp } from "../../../sim/cluster/price.ts";
import { deviceProfile } from "../../../sim/cluster/profiles.ts";
import {
  attentionSeconds,
  compileDevice,
  gemmSeconds,
  groupedSeconds,
} from "../../../sim/cost/device.ts";
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

Deno.test("bounds that run towards each other beyond the grid stop at the value", () => {
  const curve = profile.curves.gemm;
  const wide = curve.seconds.length - 1;
  const noisy = {
    ...curve,
    lo: curve.seconds.map((v, i) => v * (i === wide ? 1 : 0.2)),
    hi: curve.seconds.map((v, i) => v * (i === wide ? 1 : 5)),
  };
  const price = priceOp(op("gemm", { m: 1e6, n: 1e6, k: 1e5 }), {
    ...profile,
    curves: { ...profile.curves, gemm: noisy },
  });
  assert(price.lo <= price.value && price.value <= price.hi);
});

Deno.test("the gaps of an op are those before its launches, which grow as they were measured", () => {
  const seconds = [1, 1];
  const sums = { quantum: {}, axes: { tensors: [2, 32] }, fixed: {}, seconds, lo: seconds };
  const reduce = { ...sums, hi: seconds, launches: [3, 33] };
  const gaps = { ...profile, gapSeconds: 2, curves: { ...profile.curves, reduce } };
  assertAlmostEquals(gapOf(op("reduce", { n: 8, tensors: 32 }), gaps), 66, 1e-9);
  assertAlmostEquals(gapOf(op("reduce", { n: 8, tensors: 2 }), gaps), 6, 1e-9);
  assertEquals(gapOf(op("gemm", { m: 1, n: 1, k: 1 }), gaps), 2, "one launch where none is told");
  assertEquals(gapOf(op("reduce", { n: 8, tensors: 2 }), profile), 0, "nothing was measured");
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

Deno.test("each plane is rounded up to tiles by itself", () => {
  const curve = { ...profile.curves.gemm, quantum: { m: 64, n: 64, k: 8 } };
  const dims = { m: 10, n: 65, k: 9, planes: 2 };
  const { m, n, k } = paddedDims(op("gemm_nt", dims), curve);
  assertEquals([m, n, k], [64, 128, 32]);
  const { m: rows, n: columns, k: inner } = paddedDims(op("gemm_tn", dims), curve);
  assertEquals([rows, columns, inner], [64, 256, 16]);
});

Deno.test("rows of groups that are added up are rounded up by themselves", () => {
  const dims = { m: 64, n: 64, k: 10, groups: 4 };
  const grad = op("grouped_gemm_tn", dims, { rows: [1, 0, 8, 1] });
  const { m, k } = paddedDims(grad, profile.curves.grouped_gemm);
  assertEquals([m, k], [64, 3 * 8]);
});

Deno.test("a dimension that was held fixed scales a price as it scales the FLOP", () => {
  const axes = { t: [16, 1024], s: [16, 1024], heads: [1, 8] };
  const seconds = gridCorners(axes).map((d) => 1e-9 * d.t * d.s * d.heads);
  const attention = {
    quantum: {},
    axes,
    fixed: { dqk: 64, dv: 64 },
    seconds,
    lo: seconds,
    hi: seconds,
  };
  const table = gridCorners({ t: [16, 1024] }).map((d) => 1e-9 * d.t);
  const embedding = {
    ...{ quantum: {}, axes: { t: [16, 1024] }, fixed: { v: 100 } },
    ...{ seconds: table, lo: table, hi: table },
  };
  const here = { ...profile, curves: { attention, embedding } };
  const price = (dqk: number, dv: number) =>
    priceOp(op("attention", { t: 64, s: 32, heads: 2, dqk, dv }), here).value;
  assertAlmostEquals(price(64, 64), 64 * 32 * 2e-9, 1e-15);
  assertAlmostEquals(price(192, 128) / price(64, 64), 320 / 128, 1e-9);
  // What has no FLOP is not scaled.
  const rows = op("embedding", { t: 64, d: 8, v: 5000 });
  assertAlmostEquals(priceOp(rows, here).value, 64e-9, 1e-15);
});

Deno.test("a training step is priced by the law where nothing was measured", () => {
  const step = lowerTrainingStep(modelPreset("mixtral-8x7b"), 4096, { dtype: "bf16" });
  for (const id of ["a100", "h100", "b200"]) {
    const device = deviceProfile(id);
    for (const one of Object.values(step).flat()) {
      const { value, method } = priceOp(one, device);
      assertEquals(method, "law");
      assert(Number.isFinite(value) && value >= device.launchSeconds, `${id}: ${one.name}`);
    }
  }
});

Deno.test("by law a gradient of experts' weights falls off on few rows an expert", () => {
  const h100 = deviceProfile("h100");
  const price = (groups: number) =>
    priceOp(op("grouped_gemm_tn", { m: 4096, n: 4096, k: 4096, groups }, { dtype: "bf16" }), h100);
  assert(price(64).value > price(8).value);
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

Deno.test("without laws of its format an op's law is a roofline that falls off, by hand", () => {
  const { precisions: _, ...h100 } = deviceProfile("h100");
  const dims = { m: 4096, n: 4096, k: 4096 };
  const { computeEfficiency, halfSize } = h100.law;
  const peak = h100.peakFlopsPerSecond.bf16! * computeEfficiency;
  const fall = 1 + 3 * halfSize / 4096;
  const price = priceOp(op("gemm", dims, { dtype: "bf16" }), h100);
  assertAlmostEquals(price.value, h100.launchSeconds + 2 * 4096 ** 3 * fall / peak, 1e-9);
});

Deno.test("half as many rows an expert cost more time for the same work", () => {
  const dims = { m: 4096, n: 4096, k: 4096 };
  for (const id of ["a100", "h100", "b200"]) {
    const grouped = (groups: number) =>
      priceOp(op("grouped_gemm", { ...dims, groups }, { dtype: "bf16" }), deviceProfile(id)).value;
    assert(grouped(64) > grouped(8), id);
  }
});

Deno.test("products and attention cost a launch and what the planner's closed form says", () => {
  for (const [id, dtype] of [["h100", "bf16"], ["h100", "f16"], ["b200", "fp8"]] as const) {
    const profile = deviceProfile(id);
    const device = compileDevice(profile, dtype === "f16" ? "fp16" : dtype);
    const priced = (one: ReturnType<typeof op>) =>
      priceOp(one, profile).value - profile.launchSeconds;
    const close = (a: number, b: number) => assertAlmostEquals(a / b, 1, 1e-9, `${id} ${dtype}`);
    const dims = { m: 4096, n: 2048, k: 1024 };
    close(priced(op("gemm", dims, { dtype })), gemmSeconds(4096, 2048, 1024, device));
    const two = { ...dims, planes: 2 };
    close(priced(op("gemm_nt", two, { dtype })), gemmSeconds(4096, 2048, 2048, device));
    close(priced(op("gemm_tn", two, { dtype })), gemmSeconds(4096, 4096, 1024, device));
    const rows = [3000, 0, 1000, 96];
    close(
      priced(op("grouped_gemm", { ...dims, groups: 4 }, { dtype, rows })),
      groupedSeconds(4096, 3, 2048, 1024, device, 3000),
    );
    close(
      priced(op("attention", { t: 8192, s: 4096, heads: 8, dqk: 192, dv: 128 }, { dtype })),
      attentionSeconds(8, 8192, 2048, 192, 128, "forward", device),
    );
  }
});

Deno.test("a format that a device does not know is priced by its nearest peak, not refused", () => {
  const v100 = deviceProfile("v100");
  const price = priceOp(op("gemm", { m: 4096, n: 4096, k: 4096 }, { dtype: "bf16" }), v100);
  assert(price.value > 2 * 4096 ** 3 / 125e12 && price.value < 4 * 4096 ** 3 / 125e12);
});

Deno.test("a begun tile counts as the rows that take as long as it was measured to", () => {
  const axes = { groups: [4, 32], m: [32, 2048], n: [64, 512], k: [64, 512] };
  const seconds = gridCorners(axes).map((d) => 1e-9 * d.m * d.n * d.k);
  const begunAxes = { n: [64, 512], k: [64, 512] };
  const share = 0.6;
  const begun = {
    ...{ groups: 8, rows: 8, axes: begunAxes },
    seconds: gridCorners(begunAxes).map((d) => share * 1e-9 * 8 * 32 * d.n * d.k),
  };
  const quantum = { m: 32, n: 1, k: 1 };
  const curve = { quantum, axes, fixed: {}, seconds, lo: seconds, hi: seconds, begun };
  const m = (rows: number[]) => {
    const dims = { m: rows.reduce((a, b) => a + b), n: 64, k: 128, groups: 4 };
    return paddedDims(op("grouped_gemm", dims, { rows }), curve).m;
  };
  assertEquals(m([32, 64, 0, 32]), 128);
  assertAlmostEquals(m([1, 0, 40, 0]), 32 + 2 * 32 * share, 1e-9);
  // Half of the way from a quarter of a tile to a full one.
  assertAlmostEquals(m([20, 0, 0, 0]), 32 * (1 + share) / 2, 1e-9);
  const even = op("grouped_gemm", { m: 32, n: 64, k: 128, groups: 4 });
  assertAlmostEquals(paddedDims(even, curve).m, 4 * 32 * share, 1e-9);
});
