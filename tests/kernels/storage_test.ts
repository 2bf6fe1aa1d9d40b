/** Products over other storage than f32: halves, and weights in blocks of 8 and 4 bits. */
import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import type { Device } from "../../kernels/device.ts";
import { gemm, gemmGated } from "../../kernels/gemm/gemm.ts";
import { gemmOracle, gemmSwigluOracle } from "../../kernels/gemm/oracle.ts";
import { variantName } from "../../kernels/gemm/variant.ts";
import { groupedGemm } from "../../kernels/grouped_gemm/grouped_gemm.ts";
import { groupedGemmOracle } from "../../kernels/grouped_gemm/oracle.ts";
import { groupTokens } from "../../kernels/group_tokens/group_tokens.ts";
import type { HostArray } from "../../kernels/layout.ts";
import {
  dequantise,
  emptyQuantised,
  quantise,
  uploadQuantised,
  writeQuantised,
} from "../../kernels/quantise/quantise.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { download } from "../../kernels/tensor.ts";
import { assertClose, numbers, variants, withDevice } from "./compare.ts";

const sizes = [{ m: 3, n: 5, k: 7 }, { m: 33, n: 70, k: 75 }, { m: 20, n: 9, k: 64 }];
const forms = [{}, { transposeB: true }, { transposeA: true }];

/** One variant of each family: only f32 is read from mirrors. */
const ofBuffers = (device: Device) => variants(device).filter(({ source }) => source === "buffer");

/** Rounding of a sum that is stored as f16: half of a unit in its last place, generously. */
const HALF = 2 ** -10;

Deno.test(
  "products of halves sum in f32, and round once",
  withDevice(async (pool, device) => {
    if (!device.gpu.features.has("shader-f16")) return;
    for (const { m, n, k } of sizes) {
      const [a, b] = [
        Float16Array.from(numbers("a", m * k)),
        Float16Array.from(numbers("b", k * n)),
      ];
      for (const form of forms) {
        const ta = pool.upload("a", "transposeA" in form ? [k, m] : [m, k], a);
        const tb = pool.upload("b", "transposeB" in form ? [n, k] : [k, n], b);
        for (const variant of ofBuffers(device)) {
          const recorder = createRecorder(pool);
          const c = gemm(recorder, ta, { ...form, b: tb, label: "c", variant });
          recorder.submit();
          const [got] = await download<Float16Array>(device, [c]);
          assert(got instanceof Float16Array);
          const wanted = gemmOracle(a, b, { m, n, k, ...form });
          const scale = wanted.scale.map((s, i) => 1e-5 * s + HALF * Math.abs(wanted.values[i]));
          const what = `${variantName(variant)} ${JSON.stringify(form)}`;
          assertClose(got, { values: wanted.values, scale }, { what, tolerance: 1 });
        }
      }
    }
  }),
);

Deno.test("a quantised weight is off by half a step at most", () => {
  const shape = [2, 70, 9];
  const weights = numbers("w", 2 * 70 * 9);
  for (const bits of [8, 4] as const) {
    const values = quantise(weights, { shape, bits });
    const back = dequantise(values);
    back.forEach((w, i) => {
      const column = i % 9;
      const row = Math.floor(i / 9) % 70;
      const plane = Math.floor(i / (70 * 9));
      const scale = values.scales[(plane * 3 + Math.floor(row / 32)) * 9 + column];
      assertLessOrEqual(Math.abs(w - weights[i]), 0.5001 * scale);
    });
  }
});

Deno.test(
  "products read quantised weights, plain, gated and grouped",
  withDevice(async (pool, device) => {
    for (const { m, n, k } of sizes) {
      const a = numbers("a", m * k);
      const ta = pool.upload("a", [m, k], a);
      const experts = 3;
      const ids = Uint32Array.from({ length: m }, (_, i) => i % experts);
      const order = [...ids.keys()].sort((i, j) => ids[i] - ids[j] || i - j);
      for (const bits of [8, 4] as const) {
        const plain = quantise(numbers("b", k * n), { shape: [k, n], bits });
        const pair = quantise(numbers("w", 2 * k * n), { shape: [2, k, n], bits });
        const bank = quantise(numbers("e", experts * k * n), { shape: [experts, k, n], bits });
        const [tPlain, tPair, tBank] = [plain, pair, bank].map((values) =>
          uploadQuantised(pool, values, { label: "w" })
        );
        for (const variant of ofBuffers(device)) {
          const recorder = createRecorder(pool);
          const c = gemm(recorder, ta, { b: tPlain, label: "c", variant });
          const by = { label: "h", variant };
          const { y } = gemmGated(recorder, ta, { b: tPair, gate: "silu", ...by });
          const groups = groupTokens(recorder, pool.upload("ids", [m], ids), {
            experts,
            tileRows: variant.rows,
          });
          const grouped = groupedGemm(recorder, ta, { w: tBank, groups, gather: true, ...by });
          recorder.submit();
          const got = await download(device, [c, y, grouped]);
          const what = `${bits} bits ${variantName(variant)} ${m}x${n}x${k}`;
          assertClose(got[0], gemmOracle(a, dequantise(plain), { m, n, k }), { what });
          assertClose(got[1], gemmSwigluOracle(a, dequantise(pair), { m, n, k }), { what });
          const rows = { expert: order.map((i) => ids[i]), source: order };
          assertClose(got[2], groupedGemmOracle(a, dequantise(bank), { rows, k, n }), { what });
        }
      }
    }
  }),
);

Deno.test(
  "quantised weights are not multiplied transposed",
  withDevice((pool, device) => {
    const a = pool.upload("a", [8, 8], new Float32Array(64));
    const values = quantise(new Float32Array(64), { shape: [8, 8], bits: 8 });
    const b = uploadQuantised(pool, values, { label: "w" });
    const recorder = createRecorder(pool);
    const options = { b, label: "c", variant: variants(device)[0], transposeB: true };
    assertThrows(() => gemm(recorder, a, options), RangeError, "quantised");
    assertEquals(values.words.length, 16);
    recorder.submit();
    return Promise.resolve();
  }),
);

Deno.test(
  "planes that are written one by one are those of the whole bank",
  withDevice(async (pool, device) => {
    const shape = [3, 2, 37, 9];
    const size = 37 * 9;
    const weights = numbers("bank", 6 * size);
    for (const bits of [8, 4] as const) {
      const whole = quantise(weights, { shape, bits });
      const tensor = emptyQuantised(pool, { shape, bits, label: "bank" });
      const plane = (i: number) =>
        quantise(weights.slice(i * size, (i + 1) * size), { shape: [37, 9], bits });
      for (const i of [5, 0, 3, 1, 4, 2]) {
        writeQuantised(pool, tensor, { values: plane(i), firstPlane: i });
      }
      const [words, scales] = await download<HostArray>(device, [tensor.words, tensor.scales]);
      assertEquals(words, whole.words);
      assertEquals(scales, whole.scales);
      const write = (values: typeof whole, firstPlane: number) => () =>
        writeQuantised(pool, tensor, { values, firstPlane });
      assertThrows(write(plane(0), 6), RangeError, "from plane 6 on into bank [3, 2, 37, 9]");
      assertThrows(write(quantise(weights, { shape: [9, 37 * 6], bits }), 0), RangeError);
      const other = quantise(weights, { shape, bits: bits === 8 ? 4 : 8 });
      assertThrows(write(other, 0), RangeError, `of ${bits} bits`);
    }
  }),
);
