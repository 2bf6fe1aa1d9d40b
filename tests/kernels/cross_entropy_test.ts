import { assert, assertEquals, assertThrows } from "@std/assert";
import { split } from "../../kernels/base/random.ts";
import {
  crossEntropy,
  crossEntropyBackward,
  IGNORED,
} from "../../kernels/cross_entropy/cross_entropy.ts";
import {
  crossEntropyBackwardOracle,
  crossEntropyOracle,
} from "../../kernels/cross_entropy/oracle.ts";
import type { Scaled } from "../../kernels/gemm/oracle.ts";
import { createRecorder, type Recorder } from "../../kernels/recorder.ts";
import { download, type Pool } from "../../kernels/tensor.ts";
import { assertClose, numbers, variants, withDevice } from "./compare.ts";
import { assertSlopes, batch, type Recorded, type StorageCase, storages } from "./slopes.ts";

interface Case {
  t: number;
  d: number;
  v: number;
  transposed?: boolean;
  /** Share of the tokens that are ignored. */
  ignored?: number;
  ignore?: number;
  zLoss?: number;
  scale?: number;
  chunk?: number;
  keepLogits?: boolean;
  accumulate?: boolean;
}

function inputsOf({ t, d, v, ignored = 0, ignore = IGNORED }: Case) {
  const stream = split(1, `targets ${t}x${v}`);
  const targets = Uint32Array.from(
    { length: t },
    () => stream.uniform() < ignored ? ignore : stream.int(0, v - 1),
  );
  return { x: numbers(`x${t}x${d}`, t * d), w: numbers(`w${v}x${d}`, v * d, 0.5), targets };
}

Deno.test("the gradients of the cross-entropy oracle are the slopes of its mean loss", () => {
  const cases: Case[] = [
    { t: 3, d: 2, v: 5 },
    { t: 4, d: 3, v: 4, ignored: 0.5, zLoss: 0.1, transposed: true },
  ];
  for (const c of cases) {
    const { x, w, targets } = inputsOf(c);
    const loss = (p: { x: ArrayLike<number>; w: ArrayLike<number> }) =>
      crossEntropyOracle(p.x, { ...c, w: p.w, targets }).mean;
    const { dx, dw } = crossEntropyBackwardOracle(x, { ...c, w, targets });
    const gradients = { x: dx.values, w: dw.values };
    assertSlopes(loss, { x, w }, { gradients, what: `${c.t}x${c.d}x${c.v}` });
  }
});

function lossCase(pool: Pool, c: Case, storage: StorageCase) {
  return (recorder: Recorder): Recorded => {
    const { t, d, v, transposed, zLoss, scale = 1, chunk, ignore, accumulate } = c;
    const inputs = inputsOf(c);
    const { targets } = inputs;
    const [x, w] = [storage.host(inputs.x), storage.host(inputs.w)];
    const held = storage.host(numbers("held", v * d, 1e-3));
    const shape = transposed ? [d, v] : [v, d];
    const tx = pool.upload("x", [t, d], x);
    const options = {
      w: pool.upload("w", shape, w),
      targets: pool.upload("targets", [t], targets),
      variant: variants(pool.device).at(-2)!,
      transposed,
      zLoss,
      chunk,
      ignore,
    };
    const forward = crossEntropy(recorder, tx, { ...options, keepLogits: c.keepLogits });
    assertEquals(forward.logits !== undefined, c.keepLogits === true);
    const { loss, losses, lse } = forward;
    const { dx, dw } = crossEntropyBackward(recorder, tx, {
      ...options,
      forward,
      scale,
      dw: accumulate ? pool.upload("held", shape, held) : undefined,
      accumulate,
    });
    const dims = { ...c, w, targets };
    const wanted = crossEntropyOracle(x, dims);
    const back = crossEntropyBackwardOracle(x, dims);
    const added: Scaled = {
      values: back.dw.values.map((g, i) => g + (accumulate ? held[i] : 0)),
      scale: back.dw.scale.map((s, i) => s + (accumulate ? Math.abs(held[i]) : 0)),
    };
    const { tolerance, gradientTolerance } = storage;
    return {
      tensors: [loss, losses, lse, dx, dw],
      check([gotLoss, gotLosses, gotLse, gotDx, gotDw]) {
        const what = JSON.stringify(c);
        const mean = wanted.losses.scale.reduce((a, b) => Math.max(a, b), 1);
        assert(Math.abs(gotLoss[0] - wanted.mean) <= tolerance * mean, `${what}: ${gotLoss[0]}`);
        assertClose(gotLosses, wanted.losses, { what: `${what} losses`, tolerance });
        assertClose(gotLse, wanted.lse, { what: `${what} lse`, tolerance });
        const gradients = { tolerance: gradientTolerance };
        assertClose(gotDx, storage.stored(back.dx), { what: `${what} dx`, ...gradients });
        assertClose(gotDw, storage.stored(added), { what: `${what} dw`, ...gradients });
      },
    };
  };
}

const cases: Case[] = [
  { t: 1, d: 1, v: 1 },
  { t: 5, d: 7, v: 3, scale: 3 },
  { t: 70, d: 13, v: 200, chunk: 64, ignored: 0.3, zLoss: 0.01 },
  { t: 66, d: 20, v: 130, chunk: 128, transposed: true, ignored: 0.1, ignore: 0 },
  { t: 9, d: 5, v: 129, chunk: 64, accumulate: true, zLoss: 0.1 },
  { t: 9, d: 5, v: 129, chunk: 64, accumulate: true, transposed: true },
  { t: 33, d: 9, v: 100, keepLogits: true, ignored: 0.2 },
  { t: 6, d: 4, v: 11, ignored: 1 },
];

Deno.test(
  "cross-entropy and its gradients are those of the oracle, over chunks, layouts and options",
  withDevice(async (pool, device) => {
    const [f32, f16] = storages(device);
    await batch(pool, cases.map((c) => lossCase(pool, c, f32)));
    // Logits of f16 are off by 5e-4 of themselves, and gradients with them.
    const rounded = f16 && { ...f16, tolerance: 2e-3, gradientTolerance: 4e-3 };
    if (rounded) await batch(pool, cases.slice(1, 4).map((c) => lossCase(pool, c, rounded)));
  }),
);

Deno.test(
  "the loss does not depend on the chunks but for its rounding, and has the same bits each time",
  withDevice(async (pool, device) => {
    const [t, d, v] = [65, 16, 300];
    const { x, w, targets } = inputsOf({ t, d, v });
    const tx = pool.upload("x", [t, d], x);
    const options = {
      w: pool.upload("w", [v, d], w),
      targets: pool.upload("targets", [t], targets),
      variant: variants(device)[0],
    };
    const recorder = createRecorder(pool);
    const runs = [64, 64, 320].map((chunk) => {
      const forward = crossEntropy(recorder, tx, { ...options, chunk });
      const { dx } = crossEntropyBackward(recorder, tx, { ...options, chunk, forward });
      return [forward.losses, dx];
    });
    recorder.submit();
    const [losses, dx, lossesAgain, dxAgain, whole] = await download(device, runs.flat());
    assertEquals([losses, dx], [lossesAgain, dxAgain]);
    losses.forEach((l, i) => assert(Math.abs(l - whole[i]) < 1e-5 * (1 + l), `token ${i}`));
  }),
);

Deno.test(
  "a head refuses weights and chunks that do not fit",
  withDevice((pool, device) => {
    const x = pool.upload("x", [2, 3], new Float32Array(6));
    const w = pool.upload("w", [4, 2], new Float32Array(8));
    const targets = pool.upload("targets", [2], new Uint32Array(2));
    const recorder = createRecorder(pool);
    const options = { w, targets, variant: variants(device)[0] };
    assertThrows(() => crossEntropy(recorder, x, options), RangeError, "wanted 3 columns");
    const fitting = { ...options, w: x };
    const chunked = { ...fitting, chunk: 100 };
    assertThrows(() => crossEntropy(recorder, x, chunked), RangeError, "multiple of 64");
    const forward = crossEntropy(recorder, x, fitting);
    assertThrows(
      () => crossEntropyBackward(recorder, x, { ...fitting, forward, accumulate: true }),
      RangeError,
      'wanted "dw"',
    );
    recorder.submit();
    return Promise.resolve();
  }),
);
