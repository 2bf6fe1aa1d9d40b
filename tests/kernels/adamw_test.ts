import fc from "fast-check";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { adamw } from "../../kernels/adamw/adamw.ts";
import { adamwOracle } from "../../kernels/adamw/oracle.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { download } from "../../kernels/tensor.ts";
import { assertClose, numbers, withDevice } from "./compare.ts";
import { batch } from "./slopes.ts";

Deno.test("the oracle agrees with a step that is worked out by hand", () => {
  // Two steps with the gradients 1 and -3 from zero moments, beta1 1/2, beta2 3/4, rate 1, decay 1/8.
  const numbers = { beta1: 0.5, beta2: 0.75, epsilon: 1e-12, rate: 1, decay: 0.125 };
  const first = adamwOracle([2], { ...numbers, gradient: [1], m: [0], v: [0], step: 1 });
  assertAlmostEquals(first.p.values[0], 2 * 7 / 8 - 1, 1e-9);
  const moments = { m: first.m.values, v: first.v.values };
  const second = adamwOracle(first.p.values, { ...numbers, ...moments, gradient: [-3], step: 2 });
  // m = 1/4 - 3/2, over 3/4; v = 3/16 + 9/4, over 7/16.
  const stride = (-1.25 / 0.75) / Math.sqrt((39 / 16) / (7 / 16));
  assertAlmostEquals(second.p.values[0], 0.75 * 7 / 8 - stride, 1e-9);
});

Deno.test(
  "three steps are those of the oracle over random shapes, scaled by a number on the device",
  withDevice(async (pool, device) => {
    const half = device.gpu.features.has("shader-f16");
    const shapes = [
      ...fc.sample(
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 3 }),
        { seed: 1, numRuns: 8 },
      ),
      [1],
      [2, 5, 3],
      [130, 70],
    ];
    const factor = pool.upload("factor", [1], Float32Array.of(0.25));
    await batch(
      pool,
      shapes.map((shape, which) => (recorder) => {
        const n = shape.reduce((a, b) => a * b, 1);
        const scaled = which % 2 === 0;
        const numbersOf = { rate: 0.01, beta2: 0.98, epsilon: 1e-6, decay: 0.1 };
        const host = { p: numbers("p", n), m: new Float32Array(n), v: new Float32Array(n) };
        const up = (name: string, data: Float32Array<ArrayBuffer>) =>
          pool.upload(name, shape, data);
        const t = { p: up("p", host.p), m: up("m", host.m), v: up("v", host.v) };
        const copy = scaled
          ? pool.tensor("copy", shape, { dtype: half ? "f16" : "f32" })
          : undefined;
        let state: { p: ArrayLike<number>; m: ArrayLike<number>; v: ArrayLike<number> } = host;
        let last: ReturnType<typeof adamwOracle> | undefined;
        for (let step = 1; step <= 3; step++) {
          const gradient = numbers(`g${step}`, n);
          adamw(recorder, t.p, {
            ...numbersOf,
            gradient: up("g", gradient),
            m: t.m,
            v: t.v,
            step,
            factor: scaled ? factor : undefined,
            copy,
          });
          last = adamwOracle(state.p, {
            ...numbersOf,
            ...state,
            gradient,
            step,
            factor: scaled ? 0.25 : 1,
          });
          state = { p: last.p.values, m: last.m.values, v: last.v.values };
        }
        const { p, m, v } = last!;
        return {
          tensors: [t.p, t.m, t.v, ...(copy ? [copy] : [])],
          check([gotP, gotM, gotV, gotCopy]) {
            const what = `[${shape}]`;
            assertClose(gotP, p, { what: `p ${what}` });
            assertClose(gotM, m, { what: `m ${what}` });
            assertClose(gotV, v, { what: `v ${what}` });
            if (!copy) return;
            const round = half ? Math.f16round : Math.fround;
            assert(gotCopy.every((c, i) => c === round(gotP[i])), `copy ${what}`);
          },
        };
      }),
    );
  }),
);

Deno.test(
  "an update keeps padding columns 0, and bad numbers are refused",
  withDevice(async (pool, device) => {
    const tensors = ["p", "g", "m", "v"].map((name) =>
      pool.upload(
        name,
        [8, 5],
        name === "p" || name === "g" ? numbers(name, 40) : new Float32Array(40),
      )
    );
    const [p, gradient, m, v] = tensors;
    const recorder = createRecorder(pool);
    adamw(recorder, p, { gradient, m, v, step: 1, rate: 0.1, decay: 0.1 });
    recorder.submit();
    const all = await download(device, tensors.map((t) => ({ ...t, shape: [8, 8] })));
    for (const values of all) {
      assert(values.every((x, i) => i % 8 < 5 ? x !== 0 : x === 0), "columns 5 to 7 are 0");
    }
    const numbersOf = { gradient, m, v, rate: 0.1 };
    const next = createRecorder(pool);
    assertThrows(() => adamw(next, p, { ...numbersOf, step: 0 }), RangeError, "found step 0");
    assertThrows(
      () => adamw(next, p, { ...numbersOf, step: 1, epsilon: 0 }),
      RangeError,
      "epsilon above 0",
    );
    const small = pool.upload("small", [5, 5], new Float32Array(25));
    assertThrows(
      () => adamw(next, p, { ...numbersOf, gradient: small, step: 1 }),
      RangeError,
      "small is [5, 5], p [8, 5]",
    );
    assertEquals(p.slot.mirrored, false);
  }),
);
