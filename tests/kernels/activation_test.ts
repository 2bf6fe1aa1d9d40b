import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { activation, activationGradient } from "../../kernels/activation/activation.ts";
import { expertBackward } from "../../kernels/activation/expert_backward.ts";
import type { ActivationKind } from "../../kernels/activation/forms.ts";
import {
  activationGradientOracle,
  activationOracle,
  expertBackwardOracle,
} from "../../kernels/activation/oracle.ts";
import { activationOracles, type Scaled } from "../../kernels/gemm/oracle.ts";
import { createRecorder, type Recorder } from "../../kernels/recorder.ts";
import { download, type Pool, type Tensor } from "../../kernels/tensor.ts";
import { assertClose, numbers, withDevice } from "./compare.ts";
import { assertSlopes, batch, type Recorded, type StorageCase, storages } from "./slopes.ts";

const kinds = Object.keys(activationOracles) as ActivationKind[];

Deno.test("the gradients of the activation oracles are the slopes of their forward", () => {
  for (const kind of kinds) {
    for (const gated of [false, true]) {
      const [rows, f] = [4, 5];
      const parts = {
        h: numbers("h", (gated ? 2 : 1) * rows * f, 1.5),
        weights: numbers("s", rows),
      };
      // out = s * (act(h) W): with da = dout W^T, its slopes are those of sum of s * da * act(h).
      const da = numbers("da", rows * f);
      const rowIds = [2, 0, 3, 1];
      const row = { weights: parts.weights, rowIds };
      const { dh, dweights } = expertBackwardOracle(da, { kind, gated, h: parts.h, f, row });
      const loss = (p: Record<keyof typeof parts, ArrayLike<number>>) =>
        activationOracle(p.h, { kind, gated }).values
          .reduce((sum, a, i) => sum + p.weights[rowIds[Math.floor(i / f)]] * da[i] * a, 0);
      const gradients = { h: dh.values, weights: dweights.values };
      assertSlopes(loss, parts, { gradients, what: `${kind} gated ${gated}` });
    }
  }
});

interface Case {
  kind: ActivationKind;
  gated: boolean;
  weighted: boolean;
  rows: number;
  f: number;
}

/** All operators of one case against the oracle; the two ways to dh have to agree. */
function activationCase(pool: Pool, c: Case, storage: StorageCase) {
  return (recorder: Recorder): Recorded => {
    const { kind, gated, weighted, rows, f } = c;
    const h = storage.host(numbers(`h${rows}x${f}`, (gated ? 2 : 1) * rows * f, 2));
    const da = storage.host(numbers(`da${rows}x${f}`, rows * f));
    const weights = numbers("weights", rows);
    const rowIds = Uint32Array.from({ length: rows }, (_, i) => rows - 1 - i);
    const th = pool.upload("h", gated ? [2, rows, f] : [rows, f], h);
    const tda = pool.upload("da", [rows, f], da);
    const a = activation(recorder, th, { kind, gated });
    const plain = activationGradient(recorder, tda, { kind, gated, h: th });
    const row = weighted
      ? {
        weights: pool.upload("weights", [rows], weights),
        rowIds: pool.upload("row_ids", [rows], rowIds),
      }
      : undefined;
    const { dh, dweights } = expertBackward(recorder, tda, { kind, gated, h: th, row });
    const back = expertBackwardOracle(da, {
      kind,
      gated,
      h,
      f,
      row: row && { weights, rowIds },
    });
    const { stored, tolerance, gradientTolerance } = storage;
    const checks: [Tensor | undefined, Scaled, number][] = [
      [a, stored(activationOracle(h, { kind, gated })), tolerance],
      [plain, stored(activationGradientOracle(da, { kind, gated, h })), gradientTolerance],
      [dh, stored(back.dh), gradientTolerance],
      [tda, stored(back.as), tolerance],
      [dweights, back.dweights, 1e-5],
    ];
    const present = checks.filter(([tensor]) => tensor !== undefined);
    return {
      tensors: present.map(([tensor]) => tensor!),
      check: (values) =>
        present.forEach(([tensor, wanted, tolerance], i) =>
          assertClose(values[i], wanted, {
            what: `${tensor!.label} gated ${gated} weighted ${weighted} ${rows}x${f}`,
            tolerance,
          })
        ),
    };
  };
}

/** Which forms take part: each is compiled. */
const forms: Pick<Case, "kind" | "gated" | "weighted">[] = [
  { kind: "silu", gated: true, weighted: true },
  { kind: "gelu", gated: false, weighted: true },
  { kind: "gelu_tanh", gated: true, weighted: false },
  { kind: "relu", gated: false, weighted: false },
];

Deno.test(
  "activations and their gradients are those of the oracle over random shapes",
  withDevice(async (pool, device) => {
    const shape = fc.record({
      form: fc.constantFrom(...forms),
      rows: fc.integer({ min: 1, max: 70 }),
      f: fc.integer({ min: 1, max: 90 }),
    });
    const some = fc.sample(shape, { seed: 1, numRuns: 16 });
    const cases: Case[] = [
      ...some.map(({ form, rows, f }) => ({ ...form, rows, f })),
      ...forms.map((form) => ({ ...form, rows: 1, f: 1 })),
      { ...forms[0], rows: 70, f: 300 },
    ];
    for (const storage of storages(device)) {
      await batch(pool, cases.map((c) => activationCase(pool, c, storage)));
    }
  }),
);

Deno.test(
  "every activation is within 1e-6 of the magnitude of x, its slope within 1e-5, far out too",
  withDevice(async (pool, device) => {
    const x = Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) / 100);
    x.set([-3e38, -1e10, -300, -90, 90, 300, 1e10, 3e38], 0);
    const recorder = createRecorder(pool);
    const tx = pool.upload("x", [x.length], x);
    const ones = pool.upload("ones", [x.length], new Float32Array(x.length).fill(1));
    const tensors = kinds.flatMap((kind) => [
      activation(recorder, tx, { kind }),
      activationGradient(recorder, ones, { kind, h: tx }),
    ]);
    recorder.submit();
    const got = await download(device, tensors);
    kinds.forEach((kind, k) => {
      const slopes = activationGradientOracle(got[0].map(() => 1), {
        kind,
        h: x.map((v) => Math.max(-50, Math.min(50, v))),
      }).values;
      x.forEach((v, i) => {
        const error = Math.abs(got[2 * k][i] - activationOracles[kind](v));
        assert(error <= 1e-6 * Math.abs(v), `${kind}(${v}) is ${got[2 * k][i]}, off by ${error}`);
        const slope = got[2 * k + 1][i];
        assert(Math.abs(slope - slopes[i]) <= 1e-5, `${kind}'(${v}) is ${slope}, not ${slopes[i]}`);
      });
    });
  }),
);

Deno.test(
  "the same input gives the same bits, and misfits are refused",
  withDevice(async (pool, device) => {
    const [rows, f] = [37, 530];
    const weights = pool.upload("weights", [rows], numbers("w", rows));
    const rowIds = pool.upload("row_ids", [rows], Uint32Array.from({ length: rows }, (_, i) => i));
    const h = pool.upload("h", [2, rows, f], numbers("h", 2 * rows * f));
    const recorder = createRecorder(pool);
    const options = { kind: "silu", gated: true, h, row: { weights, rowIds } } as const;
    const tensors = [1, 2].map(() => {
      const da = pool.upload("da", [rows, f], numbers("da", rows * f));
      return expertBackward(recorder, da, options).dweights!;
    });
    const da = pool.upload("da", [rows, f + 1], numbers("da", rows * (f + 1)));
    assertThrows(
      () => expertBackward(recorder, da, options),
      RangeError,
      "h is f32 [2, 37, 530], wanted f32 [2, 37, 531]",
    );
    const few = pool.upload("da", [rows - 1, f], numbers("da", (rows - 1) * f));
    assertThrows(
      () =>
        expertBackward(recorder, few, {
          ...options,
          h: pool.upload("h", [2, rows - 1, f], numbers("h", 2 * (rows - 1) * f)),
        }),
      RangeError,
      "found 37 row ids for 36 rows",
    );
    recorder.submit();
    const [first, second] = await download(device, tensors);
    assertEquals(first, second);
    assert(first.every(Number.isFinite));
  }),
);
