import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Scaled } from "../../kernels/gemm/oracle.ts";
import { normBackward } from "../../kernels/norm/backward.ts";
import { type NormKind, normRecipes } from "../../kernels/norm/kinds.ts";
import { layerNorm, norm, rmsNorm } from "../../kernels/norm/norm.ts";
import { normPlan } from "../../kernels/norm/plan.ts";
import { normBackwardOracle, normOracle } from "../../kernels/norm/oracle.ts";
import { createRecorder, type Recorder } from "../../kernels/recorder.ts";
import { createPool, download, type Pool, type Tensor } from "../../kernels/tensor.ts";
import { assertClose, numbers, withDevice } from "./compare.ts";
import { assertSlopes, batch, type Recorded, type StorageCase, storages } from "./slopes.ts";

const kinds = Object.keys(normRecipes) as NormKind[];

Deno.test("the gradients of the norm oracles are the slopes of their forward", () => {
  for (const kind of kinds) {
    const [t, d] = [3, 5];
    const parts = { x: numbers("x", t * d), gamma: numbers("g", d), beta: numbers("b", d) };
    const dy = numbers("dy", t * d);
    const { dx, dgamma, dbeta } = normBackwardOracle(parts.x, { kind, t, d, dy, ...parts });
    const loss = (p: Record<keyof typeof parts, ArrayLike<number>>) =>
      normOracle(p.x, { kind, t, d, ...p }).y.values.reduce((s, v, i) => s + v * dy[i], 0);
    const gradients = { x: dx.values, gamma: dgamma.values, beta: dbeta.values };
    assertSlopes(loss, parts, { gradients, what: kind });
  }
});

interface Case {
  kind: NormKind;
  t: number;
  d: number;
  gamma: boolean;
  beta: boolean;
  extra: boolean;
}

/** Forward and backward of one case in one storage type, against the oracle. */
function normCase(pool: Pool, c: Case, storage: StorageCase) {
  return (recorder: Recorder): Recorded => {
    const { kind, t, d } = c;
    const host = (name: string, n: number) => storage.host(numbers(`${name}${t}x${d}`, n));
    // A mean far from 0 is what LayerNorm has to take off.
    const x = host("x", t * d).map((v) => v + (kind === "layer" ? 3 : 0));
    const [r, dy, plus] = [host("r", t * d), host("dy", t * d), host("plus", t * d)];
    const gamma = c.gamma ? numbers("gamma", d) : undefined;
    const beta = c.beta ? numbers("beta", d) : undefined;
    const up = (name: string, data: Parameters<Pool["upload"]>[2], shape = [t, d]) =>
      pool.upload(name, shape, data);
    const vector = (data?: Parameters<Pool["upload"]>[2]) => data && up("vector", data, [d]);
    const tx = up("x", x);
    const tgamma = vector(gamma);
    const normed = norm(recorder, tx, {
      kind,
      gamma: tgamma,
      beta: vector(beta),
      residual: c.extra ? up("r", r) : undefined,
    });
    const input = normed.sum ?? tx;
    const gradients = normBackward(recorder, up("dy", dy), {
      kind,
      x: input,
      normed,
      gamma: tgamma,
      beta: c.beta,
      add: c.extra ? up("plus", plus) : undefined,
    });
    const total = c.extra ? storage.host(Float32Array.from(x, (v, i) => v + r[i])) : x;
    const options = { kind, t, d, gamma, beta };
    const wanted = normOracle(total, options);
    const back = normBackwardOracle(total, { ...options, dy, add: c.extra ? plus : undefined });
    const what = `${kind} ${t}x${d} gamma ${c.gamma} beta ${c.beta} extra ${c.extra}`;
    const relative = (values: Float64Array): Scaled => ({
      values,
      scale: values.map((v) => Math.abs(v) + (kind === "layer" ? 3 : 0)),
    });
    const { tolerance, gradientTolerance } = storage;
    const checks: [Tensor | undefined, Scaled, number][] = [
      [normed.y, storage.stored(wanted.y), tolerance],
      [normed.inverse, relative(wanted.inverse), 1e-5],
      [normed.mean, relative(wanted.mean), 1e-5],
      [gradients.dx, storage.stored(back.dx), gradientTolerance],
      [gradients.dgamma, back.dgamma, 1e-4],
      [gradients.dbeta, back.dbeta, 1e-4],
    ];
    const present = checks.filter(([tensor]) => tensor !== undefined);
    return {
      tensors: present.map(([tensor]) => tensor!),
      check: (values) =>
        present.forEach(([tensor, scaled, tolerance], i) =>
          assertClose(values[i], scaled, { what: `${what} ${tensor!.label}`, tolerance })
        ),
    };
  };
}

/** What takes part: few combinations, since each is compiled. */
const parts: Record<NormKind, Pick<Case, "gamma" | "beta" | "extra">> = {
  rms: { gamma: true, beta: false, extra: false },
  layer: { gamma: true, beta: true, extra: true },
  l2: { gamma: false, beta: false, extra: false },
};

Deno.test(
  "norms and their gradients are those of the oracle over random shapes, with and without each part",
  withDevice(async (pool, device) => {
    const shape = fc.record({
      kind: fc.constantFrom(...kinds),
      t: fc.integer({ min: 1, max: 150 }),
      d: fc.integer({ min: 1, max: 64 }),
    });
    const some = fc.sample(shape, { seed: 1, numRuns: 20 });
    const cases: Case[] = [
      ...some.map((s) => ({ ...s, ...parts[s.kind] })),
      { kind: "rms", t: 1, d: 1, ...parts.rms },
      { kind: "layer", t: 1, d: 1, ...parts.layer },
      { kind: "layer", t: 130, d: 140, ...parts.layer },
    ];
    for (const storage of storages(device)) {
      await batch(pool, cases.map((c) => normCase(pool, c, storage)));
    }
  }),
);

Deno.test(
  "norms without subgroups, and rows too wide for one, are those of the oracle",
  withDevice(async (_, device) => {
    const without = createPool({ ...device, subgroupSize: 0 });
    const asGpu = createPool({
      ...device,
      subgroupSize: 0,
      adapter: { ...device.adapter, software: false },
    });
    const [f32] = storages(device);
    await batch(without, [
      normCase(without, { kind: "layer", t: 70, d: 61, ...parts.layer }, f32),
      normCase(without, { kind: "rms", t: 3, d: 300, ...parts.rms }, f32),
    ]);
    await batch(asGpu, [normCase(asGpu, { kind: "l2", t: 5, d: 2100, ...parts.l2 }, f32)]);
    assertEquals(normPlan(device, { rows: 100, vectors: 4096 }).lanes, 256);
    const gpu = { subgroupSize: 32, adapter: { software: false } };
    const plan = { lanes: 32, steps: 8, subgroup: true, block: 4 };
    assertEquals(normPlan(gpu, { rows: 8192, vectors: 256 }), plan);
    [without, asGpu].forEach((pool) => pool.trim());
  }),
);

Deno.test(
  "a LayerNorm of rows far from 0, with an outlier in the first column, keeps its variance",
  withDevice(async (pool) => {
    const [t, d] = [70, 60];
    const x = numbers("far", t * d).map((v, i) => (i % d === 0 ? 500 : v) + 100);
    const wanted = normOracle(x, { kind: "layer", t, d });
    await batch(pool, [(recorder) => {
      const { y, inverse } = layerNorm(recorder, pool.upload("x", [t, d], x));
      return {
        tensors: [y, inverse],
        check([gotY, gotInverse]) {
          assertClose(gotY, wanted.y, { what: "y" });
          const scale = wanted.inverse;
          assertClose(gotInverse, { values: wanted.inverse, scale }, { what: "inverse" });
        },
      };
    }]);
  }),
);

Deno.test(
  "padding columns are written 0, and the same input gives the same bits",
  withDevice(async (pool, device) => {
    const [t, d] = [65, 3];
    const x = pool.upload("x", [t, d], numbers("x", t * d));
    const beta = pool.upload("beta", [d], new Float32Array(d).fill(2));
    const recorder = createRecorder(pool);
    const runs = [0, 1].map(() => {
      const normed = layerNorm(recorder, x, { beta });
      return [normed.y, normBackward(recorder, normed.y, { kind: "layer", x, normed }).dx];
    });
    recorder.submit();
    const whole = runs.flat().map((tensor) => ({ ...tensor, shape: [t, tensor.pitch] }));
    const [y, dx, yAgain, dxAgain] = await download(device, whole);
    for (const values of [y, dx]) {
      assert(values.every((v, i) => i % 8 < d || v === 0), "padding is not 0");
      assert(values.some((v) => v !== 0));
    }
    assertEquals([y, dx], [yAgain, dxAgain]);
  }),
);

Deno.test(
  "norms refuse vectors and residuals that do not fit, and a LayerNorm's gradient without means",
  withDevice((pool) => {
    const x = pool.upload("x", [2, 3], new Float32Array(6));
    const gamma = pool.upload("gamma", [2], new Float32Array(2));
    const recorder = createRecorder(pool);
    assertThrows(() => rmsNorm(recorder, x, { gamma }), TypeError, "wanted [3]");
    const residual = pool.upload("r", [3, 2], new Float32Array(6));
    assertThrows(() => rmsNorm(recorder, x, { residual }), TypeError, "wanted [2, 3]");
    const normed = rmsNorm(recorder, x);
    assertThrows(
      () => normBackward(recorder, x, { kind: "layer", x, normed }),
      RangeError,
      "no means",
    );
    recorder.submit();
    return Promise.resolve();
  }),
);
