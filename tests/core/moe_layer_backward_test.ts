/** The gradient of the layer: against differences in f64, and on the device against f64. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { moeLayer, randomWeights, uploadWeights } from "../../core/nn/moe_layer.ts";
import { moeLayerBackward } from "../../core/nn/moe_layer_backward.ts";
import {
  type MoeFixed,
  moeLoss,
  moeLossGradients,
  type MoeValues,
} from "../../core/nn/moe_layer_gradient_oracle.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { download } from "../../kernels/tensor.ts";
import { split } from "../../kernels/base/random.ts";
import { uniformChoice } from "../../kernels/tune.ts";
import { numbers, poisoned, variants, withDevice } from "../kernels/compare.ts";

const cases = fc.record({
  t: fc.integer({ min: 1, max: 40 }),
  dModel: fc.integer({ min: 1, max: 40 }),
  dExpert: fc.integer({ min: 1, max: 40 }),
  experts: fc.integer({ min: 1, max: 6 }),
  k: fc.integer({ min: 1, max: 6 }),
  sharedWidth: fc.constantFrom(0, 0, 9),
  renormalise: fc.boolean(),
}).map(({ k, ...rest }) => ({ ...rest, topK: Math.min(k, rest.experts) }));

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const shapes: Case[] = [
  { t: 1, dModel: 1, dExpert: 1, experts: 1, topK: 1, sharedWidth: 0, renormalise: true },
  { t: 20, dModel: 17, dExpert: 12, experts: 4, topK: 4, sharedWidth: 9, renormalise: false },
  ...fc.sample(cases, { seed: 11, numRuns: 60 }),
];

function problem(c: Case) {
  const { t, ...rest } = c;
  const shape = { ...rest, sharedExperts: c.sharedWidth > 0 ? 1 : 0 };
  const weights = randomWeights(shape, 3);
  // Scores that differ clearly: the choice is not the matter here.
  weights.router_DE.forEach((w, i, all) => all[i] = 3 * w);
  const x = numbers("x", t * c.dModel);
  const dy = numbers("dy", t * c.dModel);
  return { shape, weights, x, dy };
}

const f64 = (p: ReturnType<typeof problem>): MoeValues => ({
  x: Float64Array.from(p.x),
  router_DE: Float64Array.from(p.weights.router_DE),
  up_E2DF: Float64Array.from(p.weights.up_E2DF),
  down_EFD: Float64Array.from(p.weights.down_EFD),
  sharedUp_2DS: Float64Array.from(p.weights.sharedUp_2DS),
  sharedDown_SD: Float64Array.from(p.weights.sharedDown_SD),
});

Deno.test("the oracle's gradient is that of differences, in f64", () => {
  for (const c of shapes.slice(0, 12)) {
    const p = problem(c);
    const values = f64(p);
    const stream = split(2, "differences");
    const ids = Uint32Array.from(
      { length: c.t * c.topK },
      (_, i) => (Math.floor(i / c.topK) + i % c.topK) % c.experts,
    );
    const fixed: MoeFixed = { shape: p.shape, ids, renormalise: c.renormalise, dy: p.dy };
    const grads = moeLossGradients(values, fixed);
    for (const name of Object.keys(values) as (keyof MoeValues)[]) {
      const largest = Math.max(...grads[name].map(Math.abs), 1e-3);
      for (let probe = 0; probe < 6 && values[name].length > 0; probe++) {
        const i = stream.int(0, values[name].length - 1);
        const at = values[name][i];
        const h = 1e-5;
        values[name][i] = at + h;
        const above = moeLoss(values, fixed);
        values[name][i] = at - h;
        const below = moeLoss(values, fixed);
        values[name][i] = at;
        assertLessOrEqual(
          Math.abs((above - below) / (2 * h) - grads[name][i]),
          1e-3 * largest,
          `${name} ${i} of ${JSON.stringify(c)}`,
        );
      }
    }
  }
});

Deno.test(
  "the layer's gradient on the device is the oracle's within 1e-4, and nothing is left over",
  withDevice(async (pool, device) => {
    const list = variants(device);
    for (const [i, c] of shapes.entries()) {
      const p = problem(c);
      const variant = list[i % list.length];
      const kernels = uniformChoice(variant);
      const w = uploadWeights(pool, p.shape, p.weights);
      const x = poisoned(pool, "x", [c.t, c.dModel], p.x);
      const dy = poisoned(pool, "dy", [c.t, c.dModel], p.dy);
      const recorder = createRecorder(pool);
      const gate = { topK: c.topK, softmax: c.renormalise ? "after" : "before" } as const;
      const options = { shape: p.shape, gate, w, kernels };
      const forward = moeLayer(recorder, x, { ...options, keep: true });
      const { dx_TD, w: dw } = moeLayerBackward(recorder, dy, { ...options, forward });
      recorder.submit();
      const made = Object.entries({ x: dx_TD, ...dw }).filter(([, grad]) => grad !== null);
      const got = await download(device, made.map(([, grad]) => grad!));
      const [ids] = await download(device, [forward.routing.ids], Uint32Array);
      const wanted = moeLossGradients(f64(p), {
        ...{ shape: p.shape, ids, renormalise: c.renormalise, dy: p.dy },
      });
      made.forEach(([name], j) => {
        const expected = wanted[name as keyof MoeValues];
        const largest = Math.max(...expected.map(Math.abs), 1e-3);
        assertEquals(got[j].length, expected.length);
        got[j].forEach((v, at) =>
          assert(
            Math.abs(v - expected[at]) <= 1e-4 * largest,
            `${name} ${at} is ${v}, wanted ${expected[at]}: ${JSON.stringify(c)}`,
          )
        );
      });
      pool.release(...forward.tensors, ...made.map(([, grad]) => grad!));
      pool.release(x, dy, ...Object.values(w).filter((t) => t !== null));
      assertEquals(pool.bytes().live, 0, "what is released was all there was");
    }
  }),
);
