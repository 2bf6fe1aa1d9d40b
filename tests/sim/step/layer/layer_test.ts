import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { flops } from "../../../../kernels/base/op.ts";
import {
  contiguousPlacement,
  dispatchBytes,
  type LayerLoad,
  opsOfRank,
  rowsOfRank,
} from "../../../../sim/step/layer/layer.ts";
import { layerMemory } from "../../../../sim/step/layer/memory.ts";

const load: LayerLoad = {
  layer: { dModel: 4, dExpert: 8, experts: 3, topK: 2, sharedExperts: 2, sharedWidth: 32 },
  counts_RE: [[2, 1, 1], [0, 3, 3]],
  tokens_R: [2, 3],
  dtype: "bf16",
};

Deno.test("contiguous placement is even, complete and in order", () => {
  const size = fc.integer({ min: 1, max: 40 });
  fc.assert(fc.property(size, size, (experts, ranks) => {
    const placement_E = contiguousPlacement(experts, ranks);
    assertEquals(placement_E, placement_E.toSorted((a, b) => a - b));
    assertEquals(placement_E.length, experts);
    const sizes = Array.from(
      { length: ranks },
      (_, r) => placement_E.filter((x) => x === r).length,
    );
    assertEquals(Math.max(...sizes) - Math.min(...sizes) <= 1, true);
  }));
});

Deno.test("rows and bytes follow the counts and the placement", () => {
  assertEquals([rowsOfRank(load, 0), rowsOfRank(load, 1)], [[2, 4], [4]]);
  assertEquals(dispatchBytes(load, 10), [[30, 10], [30, 30]]);
  assertEquals(dispatchBytes({ ...load, placement_E: [1, 0, 1] }, 1), [[1, 3], [3, 3]]);
});

Deno.test("a rank runs its own tokens and the rows that it receives", () => {
  const ops = opsOfRank(load, 0);
  const said = Object.values(ops).flat().map(({ kind, dims, dtype }) => ({ kind, dims, dtype }));
  assertEquals(said, [
    { kind: "gemm", dims: { m: 2, n: 3, k: 4 }, dtype: "bf16" },
    { kind: "router", dims: { t: 2, e: 3, k: 2 }, dtype: "f32" },
    { kind: "group_tokens", dims: { t: 2, e: 3, k: 2 }, dtype: "i32" },
    { kind: "elementwise", dims: { n: 16, reads: 1 }, dtype: "bf16" },
    { kind: "gemm_swiglu", dims: { m: 2, n: 32, k: 4 }, dtype: "bf16" },
    { kind: "gemm", dims: { m: 2, n: 4, k: 32 }, dtype: "bf16" },
    { kind: "grouped_gemm_swiglu", dims: { m: 6, n: 8, k: 4, groups: 2 }, dtype: "bf16" },
    { kind: "grouped_gemm", dims: { m: 6, n: 4, k: 8, groups: 2 }, dtype: "bf16" },
    { kind: "combine", dims: { t: 2, k: 2, d: 4 }, dtype: "bf16" },
  ]);
  assertEquals(ops.experts.map((op) => op.rows), [[2, 4], [2, 4]]);
  assertEquals(ops.experts.reduce((sum, op) => sum + flops(op), 0), 6 * 3 * 2 * 4 * 8);
});

Deno.test("memory of a rank, by hand", () => {
  const [zero, one] = layerMemory(load);
  // Gate 12, two of three experts at 96 each, two shared experts at 192 each; bf16.
  assertEquals(zero.weightBytes, 2 * (12 + 2 * 96 + 2 * 192));
  assertEquals(one.weightBytes, 2 * (12 + 96 + 2 * 192));
  assertEquals([zero.tokenBytes, one.tokenBytes], [2 * 2 * 2 * 4, 2 * 2 * 3 * 4]);
  assertEquals([zero.sentBytes, one.sentBytes], [2 * 2 * 4 * 4, 2 * 2 * 6 * 4]);
  assertEquals([zero.receivedBytes, one.receivedBytes], [2 * 6 * 16, 2 * 4 * 16]);
  assertEquals(
    zero.totalBytes,
    zero.weightBytes + zero.tokenBytes + zero.sentBytes + zero.receivedBytes,
  );
});
