import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { gemm, gemmGated, type GemmOptions, gemmSwiglu } from "../../kernels/gemm/gemm.ts";
import { gemmOracle, gemmSwigluOracle } from "../../kernels/gemm/oracle.ts";
import { parseVariant, variantName } from "../../kernels/gemm/variant.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { download, type Pool, rowsOf, type Tensor } from "../../kernels/tensor.ts";
import { assertClose, numbers, poisoned, variants, withDevice } from "./compare.ts";

const size = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 140 }));
const sizes = fc.record({ m: size, n: size, k: size });

/** Some shapes, always the same, among them a single number. */
const shapes = [
  { m: 1, n: 1, k: 1 },
  { m: 65, n: 67, k: 33 },
  ...fc.sample(sizes, { seed: 7, numRuns: 30 }),
];

const forms = [
  { name: "nn" },
  { name: "nt", transposeB: true },
  { name: "tn", transposeA: true },
  { name: "tt", transposeA: true, transposeB: true },
];

/** A and B as a form stores them, on the host and on the device; rows beyond the shape are NaN. */
function operands(
  pool: Pool,
  form: typeof forms[number],
  dims: { m: number; n: number; k: number },
) {
  const { m, n, k } = dims;
  const [a, b] = [numbers("a", m * k), numbers("b", k * n)];
  const ta = poisoned(pool, "a", form.transposeA ? [k, m] : [m, k], a);
  const tb = poisoned(pool, "b", form.transposeB ? [n, k] : [k, n], b);
  return { a, b, ta, tb };
}

for (const form of forms) {
  Deno.test(
    `gemm ${form.name} is within 1e-5 of the oracle over odd shapes, and equal bit by bit across variants`,
    withDevice(async (pool, device) => {
      const recorder = createRecorder(pool);
      const list = variants(device);
      const cases = shapes.map((dims) => {
        const { a, b, ta, tb } = operands(pool, form, dims);
        const results = list.map((variant) =>
          gemm(recorder, ta, { ...form, b: tb, label: "c", variant })
        );
        return { dims, a, b, results };
      });
      recorder.submit();
      for (const { dims, a, b, results } of cases) {
        const [first, ...others] = await download(device, results);
        const what = `${variantName(list[0])} ${dims.m}x${dims.n}x${dims.k}`;
        assertClose(first, gemmOracle(a, b, { ...dims, ...form }), { what });
        others.forEach((other, i) => assertEquals(other, first, variantName(list[i + 1])));
      }
    }),
  );
}

Deno.test(
  "the padding columns of a product are zero, whatever lies beyond the operands' rows",
  withDevice(async (pool, device) => {
    const dims = { m: 5, n: 3, k: 6 };
    for (const form of forms) {
      for (const variant of variants(device)) {
        const { ta, tb } = operands(pool, form, dims);
        const recorder = createRecorder(pool);
        const c = gemm(recorder, ta, { ...form, b: tb, label: "c", variant });
        recorder.submit();
        const [all] = await download(device, [{ ...c, shape: [5, 8] }]);
        const padding = all.filter((_, i) => i % 8 >= dims.n);
        assertEquals(padding, new Float32Array(padding.length), form.name);
      }
    }
  }),
);

Deno.test(
  "bias, activation and residual come in this order, and a result can be written into rows",
  withDevice(async (pool, device) => {
    const dims = { m: 19, n: 21, k: 10 };
    const { m, n } = dims;
    const [bias, add] = [numbers("bias", n), numbers("add", m * n)];
    const [tBias, tAdd] = [pool.upload("bias", [n], bias), pool.upload("add", [m, n], add)];
    const steps: Pick<GemmOptions, "activation">[] = [
      {},
      { activation: "relu" },
      { activation: "gelu" },
      { activation: "silu" },
    ];
    for (const variant of variants(device).slice(0, 2)) {
      for (const step of steps) {
        const form = forms[1];
        const { a, b, ta, tb } = operands(pool, form, dims);
        const recorder = createRecorder(pool);
        const options = { ...form, ...step, b: tb, label: "c", variant };
        const c = gemm(recorder, ta, { ...options, bias: tBias, add: tAdd });
        recorder.submit();
        const [got] = await download(device, [c]);
        const wanted = gemmOracle(a, b, { ...dims, ...form, ...step, bias, add });
        assertClose(got, wanted, { what: `${variantName(variant)} ${step.activation}` });
      }
    }
    const [variant] = variants(device);
    const { a, b, ta, tb } = operands(pool, forms[0], dims);
    const before = numbers("before", 40 * n);
    const whole = pool.upload("whole", [40, n], before);
    const recorder = createRecorder(pool);
    const into: Tensor = rowsOf(whole, { from: 8, count: m });
    gemm(recorder, ta, { b: tb, label: "c", variant, into, accumulate: true });
    recorder.submit();
    const [got] = await download(device, [whole]);
    const wanted = gemmOracle(a, b, { ...dims, add: before.subarray(8 * n, (8 + m) * n) });
    assertClose(got.subarray(8 * n, (8 + m) * n), wanted, { what: "accumulated" });
    assertEquals(got.subarray(0, 8 * n), before.subarray(0, 8 * n));
    assertEquals(got.subarray((8 + m) * n), before.subarray((8 + m) * n));
  }),
);

Deno.test(
  "a gated product is its gate's activation times its other sum, and both can be kept",
  withDevice(async (pool, device) => {
    const dims = { m: 37, n: 70, k: 25 };
    const { m, n, k } = dims;
    const [a, w] = [numbers("a", m * k), numbers("w", 2 * k * n)];
    const [ta, tw] = [pool.upload("a", [m, k], a), pool.upload("w", [2, k, n], w)];
    let first: Float32Array[] | undefined;
    for (const variant of variants(device)) {
      const recorder = createRecorder(pool);
      const h = gemmSwiglu(recorder, ta, { b: tw, label: "h", variant });
      const options = { b: tw, label: "h", variant, gate: "silu", keep: true } as const;
      const { y, kept } = gemmGated(recorder, ta, options);
      recorder.submit();
      const got = await download(device, [h, y, kept!]);
      assertClose(got[0], gemmSwigluOracle(a, w, dims), { what: variantName(variant) });
      assertEquals(got[1], got[0]);
      for (const plane of [0, 1]) {
        const wanted = gemmOracle(a, w.subarray(plane * k * n, (plane + 1) * k * n), dims);
        const sums = got[2].subarray(plane * m * n, (plane + 1) * m * n);
        assertClose(sums, wanted, { what: `kept ${plane}` });
      }
      first ??= got;
      assertEquals(got, first, `${variantName(variant)} differs from the first variant`);
    }
  }),
);

Deno.test(
  "the gradients of a gated product sum over its planes, and have as many",
  withDevice(async (pool, device) => {
    const { m, n, k } = { m: 21, n: 13, k: 30 };
    const [dc, w, x] = [
      numbers("dc", 2 * m * n),
      numbers("w", 2 * k * n),
      numbers("x", m * k),
    ];
    const tdc = poisoned(pool, "dc", [2, m, n], dc);
    const tw = poisoned(pool, "w", [2, k, n], w);
    const tx = poisoned(pool, "x", [m, k], x);
    const plane = (a: Float32Array, i: number) =>
      a.subarray(i * a.length / 2, (i + 1) * a.length / 2);
    for (const variant of variants(device)) {
      const recorder = createRecorder(pool);
      const dx = gemm(recorder, tdc, { b: tw, transposeB: true, label: "dx", variant });
      const dw = gemm(recorder, tx, { b: tdc, transposeA: true, label: "dw", variant });
      recorder.submit();
      const [gotX, gotW] = await download(device, [dx, dw]);
      const first = gemmOracle(plane(dc, 0), plane(w, 0), { m, n: k, k: n, transposeB: true });
      const second = { m, n: k, k: n, transposeB: true, add: first.values };
      assertClose(gotX, gemmOracle(plane(dc, 1), plane(w, 1), second), { what: "dx" });
      for (const i of [0, 1]) {
        const wanted = gemmOracle(x, plane(dc, i), { m: k, n, k: m, transposeA: true });
        assertClose(plane(gotW, i), wanted, { what: `dw ${i}` });
      }
    }
  }),
);

Deno.test(
  "products refuse operands that do not fit, and shapes over a limit name it",
  withDevice(async (pool, device) => {
    const [variant] = variants(device);
    const a = pool.upload("a", [2, 3], new Float32Array(6));
    const b = pool.upload("b", [4, 2], new Float32Array(8));
    const recorder = createRecorder(pool);
    const refused = "A has inner size 3, B 4";
    assertThrows(() => gemm(recorder, a, { b, label: "c", variant }), RangeError, refused);
    const most = device.gpu.limits.maxStorageBufferBindingSize;
    await assertRejects(
      () => Promise.resolve().then(() => pool.tensor("huge", [most])),
      TypeError,
      "maxStorageBufferBindingSize",
    );
  }),
);

Deno.test("a variant's word is read back as the same variant", () => {
  const name = "subgroup-64x1x8x4-texture";
  assertEquals(variantName(parseVariant(name)), name);
  assertThrows(() => parseVariant("subgroup-64"), TypeError, "subgroup-64x1x8x4-texture");
});
