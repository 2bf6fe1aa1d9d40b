import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { gemm, gemmSwiglu } from "../../kernels/gemm/gemm.ts";
import { gemmOracle, gemmSwigluOracle } from "../../kernels/gemm/oracle.ts";
import { parseVariant, variantName } from "../../kernels/gemm/variant.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { download } from "../../kernels/tensor.ts";
import { assertClose, numbers, variants, withDevice } from "./compare.ts";

const sizes = [
  { m: 1, n: 1, k: 1 },
  { m: 3, n: 5, k: 7 },
  { m: 65, n: 67, k: 33 },
  { m: 70, n: 130, k: 129 },
];

Deno.test(
  "gemm and its SwiGLU form are within 1e-5 of the oracle over odd sizes, and equal bit by bit across variants",
  withDevice(async (pool, device) => {
    for (const { m, n, k } of sizes) {
      const a = numbers("a", m * k);
      const b = numbers("b", k * n);
      const w = numbers("w", 2 * k * n);
      const [ta, tb, tw] = [
        pool.upload("a", [m, k], a),
        pool.upload("b", [k, n], b),
        pool.upload("w", [2, k, n], w),
      ];
      let first: Float32Array[] | undefined;
      for (const variant of variants(device)) {
        const recorder = createRecorder(pool);
        const c = gemm(recorder, ta, { b: tb, label: "c", variant });
        const h = gemmSwiglu(recorder, ta, { b: tw, label: "h", variant });
        await recorder.finish();
        const got = await download(device, [c, h]);
        const what = `${variantName(variant)} ${m}x${n}x${k}`;
        assertClose(got[0], gemmOracle(a, b, { m, n, k }), { what });
        assertClose(got[1], gemmSwigluOracle(a, w, { m, n, k }), { what: `swiglu ${what}` });
        first ??= got;
        assertEquals(got, first, `${what} differs from the first variant`);
        pool.release(c, h);
      }
      pool.release(ta, tb, tw);
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
    assertThrows(() => gemm(recorder, a, { b, label: "c", variant }), RangeError, "3 columns");
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
