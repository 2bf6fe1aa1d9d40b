import fc from "fast-check";
import { assert } from "@std/assert";
import type { Recorder } from "../../kernels/recorder.ts";
import {
  logSumExpBackwardOracle,
  softmaxBackwardOracle,
  softmaxOracle,
} from "../../kernels/softmax/oracle.ts";
import {
  logSumExp,
  logSumExpBackward,
  softmax,
  softmaxBackward,
} from "../../kernels/softmax/softmax.ts";
import type { Pool } from "../../kernels/tensor.ts";
import { assertClose, numbers, withDevice } from "./compare.ts";
import { assertSlopes, batch, type Recorded, type StorageCase, storages } from "./slopes.ts";

Deno.test("the gradients of the softmax oracles are the slopes of their forward", () => {
  const [t, n] = [3, 5];
  const x = numbers("x", t * n, 2);
  const [dy, dlse] = [numbers("dy", t * n), numbers("dlse", t)];
  const along = (v: Float64Array, d: Float32Array) => v.reduce((s, e, i) => s + e * d[i], 0);
  const y = softmaxOracle(x, { t, n }).y.values;
  assertSlopes((p) => along(softmaxOracle(p.x, { t, n }).y.values, dy), { x }, {
    gradients: { x: softmaxBackwardOracle(dy, { t, n, y }).values },
    what: "softmax",
  });
  assertSlopes((p) => along(softmaxOracle(p.x, { t, n }).lse.values, dlse), { x }, {
    gradients: { x: logSumExpBackwardOracle(dlse, { t, n, x }).values },
    what: "log-sum-exp",
  });
});

function softmaxCase(pool: Pool, [t, n, size]: readonly number[], storage: StorageCase) {
  return (recorder: Recorder): Recorded => {
    const x = storage.host(numbers(`x${t}x${n}`, t * n, size));
    const dy = storage.host(numbers(`dy${t}x${n}`, t * n));
    const dlse = numbers("dlse", t);
    // y is also an input of the gradient: both sides take the same.
    const given = storage.host(Float32Array.from(softmaxOracle(x, { t, n }).y.values));
    const tx = pool.upload("x", [t, n], x);
    const { y, lse } = softmax(recorder, tx);
    const alone = logSumExp(recorder, tx);
    const dx = softmaxBackward(recorder, pool.upload("dy", [t, n], dy), {
      y: pool.upload("y", [t, n], given),
    });
    const back = logSumExpBackward(recorder, pool.upload("dlse", [t], dlse), { x: tx, lse });
    const wanted = softmaxOracle(x, { t, n });
    const { stored, tolerance, gradientTolerance } = storage;
    const checks = [
      [stored(wanted.y), tolerance],
      [wanted.lse, 1e-5],
      [wanted.lse, 1e-5],
      [stored(softmaxBackwardOracle(dy, { t, n, y: given })), gradientTolerance],
      [stored(logSumExpBackwardOracle(dlse, { t, n, x })), gradientTolerance],
    ] as const;
    return {
      tensors: [y, lse, alone, dx, back],
      check: (values) =>
        checks.forEach(([scaled, tolerance], i) =>
          assertClose(values[i], scaled, { what: `softmax ${t}x${n} part ${i}`, tolerance })
        ),
    };
  };
}

Deno.test(
  "softmax, log-sum-exp and their gradients are those of the oracle over random shapes",
  withDevice(async (pool, device) => {
    const shape = fc.tuple(
      fc.integer({ min: 1, max: 150 }),
      fc.integer({ min: 1, max: 70 }),
      fc.constantFrom(0.1, 3, 30),
    );
    const cases = [
      ...fc.sample(shape, { seed: 1, numRuns: 20 }),
      [1, 1, 1],
      [64, 1, 30],
      [3, 2000, 5],
      [100, 1001, 5],
    ];
    for (const storage of storages(device)) {
      await batch(pool, cases.map((c) => softmaxCase(pool, c, storage)));
    }
  }),
);

Deno.test(
  "rows of a softmax add up to 1 for huge numbers, also where all but one are very low",
  withDevice(async (pool) => {
    const [t, n] = [70, 13];
    const x = numbers("huge", t * n, 1e4).map((v, i) => i < n && i > 0 ? -3e38 : v);
    await batch(pool, [(recorder) => ({
      tensors: [softmax(recorder, pool.upload("x", [t, n], x)).y],
      check([y]) {
        for (let i = 0; i < t; i++) {
          const total = y.subarray(i * n, (i + 1) * n).reduce((a, b) => a + b, 0);
          assert(Math.abs(total - 1) < 1e-5, `row ${i} adds up to ${total}`);
        }
        assert(y[0] === 1);
      },
    })]);
  }),
);
