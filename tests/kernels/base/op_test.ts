import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type AnyOp,
  bytes,
  type DType,
  dtypeBytes,
  flops,
  op,
  productKinds,
} from "../../../kernels/base/op.ts";

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

const rows = { m: 9, n: 3, k: 4 };
const wide = { m: 10, n: 8, planes: 2 };

/** Ops of a backward pass and of an update, with FLOP and elements by hand. */
const training: [AnyOp, flop: number, elements: number][] = [
  [op("gemm_nt", rows), 216, 36 + 12 + 27],
  [op("gemm_nt", { ...rows, planes: 2 }), 432, 72 + 24 + 27],
  [op("gemm_tn", rows), 216, 36 + 12 + 27],
  [op("gemm_tn", { ...rows, planes: 2 }), 432, 36 + 24 + 54],
  [op("gemm_swiglu_kept", rows), 432, 36 + 24 + 3 * 27],
  [op("grouped_gemm_nt", { ...rows, planes: 2, groups: 5 }), 432, 72 + 5 * 24 + 27],
  [op("grouped_gemm_tn", { ...rows, planes: 2, groups: 5 }), 432, 36 + 24 + 5 * 54],
  [op("grouped_gemm_swiglu_kept", { ...rows, groups: 5 }), 432, 36 + 5 * 24 + 3 * 27],
  [op("activation", wide), 160, 240],
  [op("activation_backward", wide), 640, 480],
  [op("activation_backward", { ...wide, planes: 1 }), 320, 320],
  [op("expert_backward", wide), 640, 480 + 30],
  [op("router_backward", { t: 10, e: 4, k: 2 }), 160 + 80, 10 * (4 + 2 + 2 + 4)],
  [op("norm_backward", { t: 10, d: 8, adds: 0 }), 640, 240 + 10 + 16],
  [op("norm_backward", { t: 10, d: 8, adds: 1 }), 720, 320 + 10 + 16],
  [op("rope", { n: 64 }), 192, 128],
  [op("embedding", { t: 10, d: 8, v: 100 }), 0, 10 + 160],
  [op("embedding_backward", { t: 10, d: 8, v: 100, adds: 0 }), 80, 10 + 80 + 800],
  [op("embedding_backward", { t: 10, d: 8, v: 100, adds: 1 }), 80, 10 + 80 + 160],
  [op("embedding_backward", { t: 10, d: 8, v: 4, adds: 1 }), 80, 10 + 80 + 64],
  [op("cross_entropy", { t: 10, v: 50 }), 2000, 500 + 30],
  [op("cross_entropy_backward", { t: 10, v: 50 }), 2000, 1000 + 20],
  [op("reduce", { n: 100 }), 200, 101],
  [op("adamw", { n: 100 }), 1500, 700],
];

Deno.test("FLOP and bytes of a training step's ops, by hand", () => {
  for (const [what, flop, elements] of training) {
    assertEquals([flops(what), bytes(what)], [flop, 4 * elements], JSON.stringify(what));
  }
});

Deno.test("a gradient of attention is five products where attention is two", () => {
  const dims = { t: 6, s: 4, heads: 2, dqk: 8, dv: 8 };
  const ratio = (d: typeof dims) => flops(op("attention_backward", d)) / flops(op("attention", d));
  assertEquals(ratio(dims), 2.5);
  const latent = { ...dims, dqk: 24, dv: 16 };
  assertEquals(flops(op("attention_backward", latent)), 6 * 4 * 2 * (3 * 24 + 2 * 16));
  // Queries, keys, values, output and its gradient, a sum a row; three gradients.
  const tokens = 6 * 2;
  assertEquals(bytes(op("attention_backward", latent)), 4 * tokens * (24 * 4 + 16 * 4 + 1));
});

Deno.test("each plane of a gradient does the work of a product of its own", () => {
  const size = fc.integer({ min: 1, max: 64 });
  fc.assert(
    fc.property(size, size, size, (m, n, k) => {
      const one = { m, n, k };
      const two = { ...one, planes: 2 };
      assertEquals(flops(op("gemm_nt", two)), flops(op("gemm", { m, n, k: 2 * k })));
      assertEquals(bytes(op("gemm_nt", two)), bytes(op("gemm", { m, n, k: 2 * k })));
      assertEquals(flops(op("gemm_tn", two)), flops(op("gemm", { m, n: 2 * n, k })));
      assertEquals(bytes(op("gemm_tn", two)), bytes(op("gemm", { m, n: 2 * n, k })));
    }),
    { seed: 1 },
  );
});

Deno.test("gradients of weights are written for all experts, whoever has rows", () => {
  const dims = { m: 4, n: 3, k: 9, groups: 5 };
  const grad = (rows: number[]) => bytes(op("grouped_gemm_tn", dims, { rows }));
  assertEquals(grad([9, 0, 0, 0, 0]), grad([2, 2, 2, 2, 1]));
});

Deno.test("moments of an update are f32 whatever the parameters are", () => {
  const update = (dtype: DType) => bytes(op("adamw", { n: 10 }, { dtype }));
  assertEquals([update("f32"), update("bf16")], [280, 60 + 160]);
});

Deno.test("products are those whose name says so", () => {
  assertEquals(productKinds.length, 10);
  assertEquals(productKinds.filter((kind) => !kind.includes("gemm")), []);
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
