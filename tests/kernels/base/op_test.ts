import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { bytes, type DType, dtypeBytes, flops, op } from "../../../kernels/base/op.ts";

Deno.test("FLOP by hand, for every kind", () => {
  assertEquals(flops(op("gemm", { m: 3, n: 5, k: 7 })), 210);
  assertEquals(flops(op("gemm_swiglu", { m: 3, n: 5, k: 7 })), 420);
  assertEquals(flops(op("grouped_gemm", { m: 3, n: 5, k: 7, groups: 9 })), 210);
  assertEquals(flops(op("grouped_gemm_swiglu", { m: 3, n: 5, k: 7, groups: 9 })), 420);
  assertEquals(flops(op("router", { t: 10, e: 4, k: 2 })), 160 + 80);
  assertEquals(flops(op("group_tokens", { t: 10, e: 4, k: 2 })), 40);
  assertEquals(flops(op("combine", { t: 10, k: 2, d: 8 })), 320);
  // Scores and values are 2 FLOP each over t * s pairs of each head; the causal half is done.
  assertEquals(
    flops(op("attention", { t: 6, s: 4, heads: 2, dqk: 8, dv: 16 })),
    2 * 6 * 4 * 2 * (8 + 16) / 2,
  );
  assertEquals(flops(op("norm", { t: 10, d: 8 })), 320);
  assertEquals(flops(op("elementwise", { n: 100, reads: 2 })), 200);
});

Deno.test("bytes by hand, in f32", () => {
  const expected: [Parameters<typeof bytes>[0], number][] = [
    [op("gemm", { m: 2, n: 3, k: 4 }), 8 + 12 + 6],
    [op("gemm_swiglu", { m: 2, n: 3, k: 4 }), 8 + 24 + 6],
    [op("grouped_gemm", { m: 2, n: 3, k: 4, groups: 5 }), 8 + 2 * 12 + 6],
    [op("grouped_gemm", { m: 9, n: 3, k: 4, groups: 5 }), 36 + 5 * 12 + 27],
    [op("grouped_gemm_swiglu", { m: 9, n: 3, k: 4, groups: 5 }), 36 + 5 * 24 + 27],
    [op("router", { t: 10, e: 4, k: 2 }), 40 + 40],
    [op("group_tokens", { t: 10, e: 4, k: 2 }), 80 + 8],
    [op("combine", { t: 10, k: 2, d: 8 }), 20 * 10 + 80],
    [op("attention", { t: 6, s: 4, heads: 2, dqk: 8, dv: 16 }), 6 * 2 * 48],
    [op("norm", { t: 10, d: 8 }), 160],
    [op("elementwise", { n: 100, reads: 2 }), 300],
  ];
  for (const [what, elements] of expected) assertEquals(bytes(what), 4 * elements, what.kind);
});

Deno.test("the weights of an expert without rows are not read", () => {
  const dims = { m: 9, n: 3, k: 4, groups: 5 };
  const even = bytes(op("grouped_gemm", dims, { rows: [2, 2, 2, 2, 1] }));
  const skewed = bytes(op("grouped_gemm", dims, { rows: [9, 0, 0, 0, 0] }));
  assertEquals(even - skewed, 4 * 4 * 12);
  assertEquals(flops(op("grouped_gemm", dims, { rows: [9, 0, 0, 0, 0] })), 2 * 9 * 3 * 4);
});

Deno.test("bytes follow the storage type, FLOP do not", () => {
  const dims = { m: 8, n: 16, k: 32 };
  for (const dtype of Object.keys(dtypeBytes) as DType[]) {
    const typed = op("gemm", dims, { dtype });
    assertEquals(typed.dtype, dtype);
    assertEquals(bytes(typed), bytes(op("gemm", dims)) * dtypeBytes[dtype] / 4);
    assertEquals(flops(typed), flops(op("gemm", dims)));
  }
});

Deno.test("groups that share the rows do the work of one product, however they share them", () => {
  const size = fc.integer({ min: 1, max: 64 });
  fc.assert(fc.property(size, size, fc.array(fc.nat(20), { minLength: 1 }), (n, k, rows) => {
    const m = rows.reduce((a, b) => a + b, 0);
    const whole = op("grouped_gemm", { m, n, k, groups: rows.length }, { rows });
    const parts = rows.filter((r) => r > 0).map((r) => op("gemm", { m: r, n, k }));
    const total = (price: typeof flops) => parts.reduce((s, p) => s + price(p), 0);
    return flops(whole) === total(flops) && bytes(whole) === total(bytes);
  }));
});

Deno.test("an op keeps its name and rows, and is f32 unless it says so", () => {
  const made = op("gemm", { m: 1, n: 1, k: 1 }, { name: "expert up" });
  assertEquals([made.kind, made.dtype, made.name], ["gemm", "f32", "expert up"]);
});
