import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { createRecorder, type Recorder } from "../../kernels/recorder.ts";
import { routerBackward } from "../../kernels/router/backward.ts";
import {
  routerBackwardOracle,
  routerOracle,
  type RouterOracleOptions,
} from "../../kernels/router/oracle.ts";
import { router, type RouterOptions, weighChosen } from "../../kernels/router/router.ts";
import { download, type Pool } from "../../kernels/tensor.ts";
import { assertClose, numbers, withDevice } from "./compare.ts";
import { assertSlopes, batch, type Recorded, type StorageCase, storages } from "./slopes.ts";

/** The gates of published works as the router's options; noise and bias are filled in by the case. */
interface Gate {
  scores: "softmax" | "sigmoid";
  renormalise: boolean;
  scale?: number;
  bias?: boolean;
  noise?: "all" | "choice";
  dscores?: boolean;
  groups?: RouterOptions["groups"];
}
const gates: Record<string, Gate> = {
  switch: { scores: "softmax", renormalise: false, dscores: true },
  mixtral: { scores: "softmax", renormalise: true },
  "noisy top-k": { scores: "softmax", renormalise: true, noise: "all", dscores: true },
  "v-moe": { scores: "softmax", renormalise: false, noise: "all" },
  "noise of the choice": { scores: "softmax", renormalise: false, noise: "choice" },
  "deepseek-v3": { scores: "sigmoid", renormalise: true, scale: 2.5, bias: true, dscores: true },
  "x-moe sigmoid": { scores: "sigmoid", renormalise: false },
  "softmax with a bias": { scores: "softmax", renormalise: true, bias: true, dscores: true },
};

function inputsOf(gate: Gate, [t, e, k]: readonly number[]) {
  const name = `${t}x${e}x${k}`;
  const options: RouterOracleOptions = {
    t,
    e,
    k,
    ...gate,
    bias: gate.bias ? numbers(`bias${name}`, e, 0.1) : undefined,
    noise: gate.noise ? numbers(`noise${name}`, t * e) : undefined,
    cleanWeights: gate.noise === "choice",
  };
  return {
    logits: numbers(`logits${name}`, t * e, 2),
    dweights: numbers(`dweights${name}`, t * k),
    dscores: gate.dscores ? numbers(`dscores${name}`, t * e) : undefined,
    options,
  };
}

Deno.test("the gradient of the router oracle is the slope of its weights and scores", () => {
  for (const [what, gate] of Object.entries(gates)) {
    const { logits, dweights, dscores, options } = inputsOf(gate, [4, 6, 3]);
    const { ids } = routerOracle(logits, options);
    const loss = ({ logits }: { logits: ArrayLike<number> }) => {
      const { weights, scores } = routerOracle(logits, { ...options, ids });
      return weights.reduce((s, w, i) => s + w * dweights[i], 0) +
        scores.reduce((s, v, i) => s + v * (dscores?.[i] ?? 0), 0);
    };
    const { values } = routerBackwardOracle(logits, { ...options, ids, dweights, dscores });
    assertSlopes(loss, { logits }, { gradients: { logits: values }, what });
  }
});

function routerCase(
  pool: Pool,
  [what, gate, shape, storage]: readonly [string, Gate, readonly number[], StorageCase],
) {
  return (recorder: Recorder): Recorded => {
    const [t, e, k] = shape;
    const given = inputsOf(gate, shape);
    const { dweights, dscores, options } = given;
    const logits = storage.host(given.logits);
    const noise = options.noise && storage.host(Float32Array.from(options.noise));
    const { scores, renormalise, scale, groups } = gate;
    const scoring = {
      topK: k,
      scores,
      renormalise,
      scale,
      noise: noise && pool.upload("noise", [t, e], noise),
      cleanWeights: options.cleanWeights,
    };
    const tl = pool.upload("logits", [t, e], logits);
    const chosen = router(recorder, tl, {
      ...scoring,
      groups,
      bias: options.bias && pool.upload("bias", [e], options.bias as Float32Array),
      giveScores: gate.dscores,
    });
    // Gradients are taken at ids of the oracle: a near tie may go either way in f32.
    const wanted = routerOracle(logits, { ...options, noise });
    const ids = pool.upload("ids", [t * k], wanted.ids);
    const weights = weighChosen(recorder, tl, { ...scoring, ids }).weights;
    const dlogits = routerBackward(recorder, tl, {
      ...scoring,
      ids,
      dweights: pool.upload("dweights", [t * k], dweights),
      dscores: dscores && pool.upload("dscores", [t, e], dscores),
    });
    const back = routerBackwardOracle(logits, {
      ...options,
      noise,
      ids: wanted.ids,
      dweights,
      dscores,
    });
    // An exponent's rounding grows with the logit: |z| is at most about 12 here.
    const within = (values: Float64Array) => ({
      values,
      scale: values.map((v) => 12 * Math.abs(v) + 1e-30),
    });
    return {
      tensors: [chosen.ids, weights, dlogits, ...chosen.scores ? [chosen.scores] : []],
      check([gotIds, gotWeights, gotDlogits, gotScores]) {
        const name = `${what} ${t}x${e}x${k}`;
        let compared = 0;
        for (let i = 0; i < t; i++) {
          const row = [...gotIds.subarray(i * k, (i + 1) * k)];
          assert(new Set(row).size === k && row.every((id) => id < e), `${name}: ids ${row}`);
          if (wanted.gap[i] < 1e-5) continue;
          const set = [...wanted.ids.subarray(i * k, (i + 1) * k)];
          assertEquals(row.sort(), set.sort(), `${name} token ${i}`);
          compared++;
        }
        assert(compared >= 0.9 * t, `${name}: too many near ties`);
        assertClose(gotWeights, within(wanted.weights), { what: `${name} weights` });
        const tolerance = storage.gradientTolerance;
        assertClose(gotDlogits, storage.stored(back), { what: `${name} dlogits`, tolerance });
        if (gotScores) assertClose(gotScores, within(wanted.scores), { what: `${name} scores` });
      },
    };
  };
}

Deno.test(
  "the router and its gradient are those of the oracle for published gates over random shapes",
  withDevice(async (pool, device) => {
    const shape = fc.tuple(fc.integer({ min: 1, max: 130 }), fc.integer({ min: 4, max: 67 }));
    const shapes = [
      ...fc.sample(shape, { seed: 1, numRuns: 4 }).map(([t, e]) => [t, e, 4]),
      [1, 4, 4],
      [70, 9, 4],
    ];
    const [f32, f16] = storages(device);
    const cases = Object.entries(gates).flatMap(([name, gate]) =>
      shapes.map((s) => [name, gate, s, f32] as const)
    );
    if (f16) cases.push(["switch", gates.switch, [33, 13, 4], f16]);
    await batch(pool, cases.map((c) => routerCase(pool, c)));
  }),
);

Deno.test(
  "groups, more experts a token than one pass finds, and one expert are chosen as by the oracle",
  withDevice(async (pool, device) => {
    const [f32] = storages(device);
    const limited = (count: number, chosen: number, by: "max" | "top2"): Gate => ({
      ...gates["deepseek-v3"],
      groups: { count, chosen, by },
    });
    const cases = [
      ["v2", { ...gates.switch, groups: { count: 5, chosen: 2 } }, [40, 35, 3], f32],
      ["v3", limited(4, 2, "top2"), [70, 32, 3], f32],
      ["single", limited(7, 3, "top2"), [20, 7, 3], f32],
      ["dense", gates.mixtral, [65, 17, 17], f32],
      ["many", gates.mixtral, [20, 70, 23], f32],
      ["one", gates.switch, [3, 1, 1], f32],
    ] as const;
    await batch(pool, cases.map((c) => routerCase(pool, c)));
  }),
);

Deno.test(
  "ties go to the lower index, also over passes, and NaN comes last: ids stay distinct",
  withDevice(async (pool, device) => {
    const e = 20;
    const rows = [
      Float32Array.from({ length: e }, () => 1),
      Float32Array.from({ length: e }, (_, i) => i === 7 ? NaN : i === 3 ? -Infinity : -i),
      Float32Array.from({ length: e }, () => NaN),
      Float32Array.from({ length: e }, (_, i) => i % 2 === 0 ? -0 : 0),
    ];
    const logits = pool.upload("l", [4, e], Float32Array.from(rows.flatMap((r) => [...r])));
    const recorder = createRecorder(pool);
    const all = router(recorder, logits, { topK: e, renormalise: true });
    const few = router(recorder, logits, { topK: 2, renormalise: true });
    recorder.submit();
    const [a, b] = await download(device, [all.ids, few.ids], Uint32Array);
    const inOrder = Array.from({ length: e }, (_, i) => i);
    const last = inOrder.filter((i) => i !== 7 && i !== 3);
    assertEquals([...a], [...inOrder, ...last, 3, 7, ...inOrder, ...inOrder]);
    assertEquals([...b], [0, 1, 0, 1, 0, 1, 0, 1]);
    assertEquals([all.ids.dtype, all.weights.dtype], ["u32", "f32"]);
  }),
);

Deno.test(
  "equal ones stay in order when a larger one pushes them down",
  withDevice(async (pool, device) => {
    const row = [-1, -1, 0, -0.5, 0.5, -0.5, 1, -0.5, 0];
    const logits = pool.upload("l", [1, row.length], Float32Array.from(row));
    const recorder = createRecorder(pool);
    const { ids } = router(recorder, logits, { topK: 6, renormalise: true });
    recorder.submit();
    const [chosen] = await download(device, [ids], Uint32Array);
    assertEquals([...chosen], [6, 4, 2, 8, 3, 5]);
  }),
);

Deno.test(
  "routers refuse what does not fit",
  withDevice((pool) => {
    const logits = pool.upload("l", [2, 6], new Float32Array(12));
    const recorder = createRecorder(pool);
    const tries: [Partial<RouterOptions>, string][] = [
      [{ topK: 7 }, "wanted 1 to 6"],
      [{ bias: logits }, "wanted [6]"],
      [{ groups: { count: 4, chosen: 1 } }, "equal groups"],
      [{ topK: 4, groups: { count: 2, chosen: 1 } }, "wanted at most 3"],
    ];
    for (const [options, message] of tries) {
      const all = { topK: 1, renormalise: true, ...options };
      assertThrows(() => router(recorder, logits, all), TypeError, message);
    }
    const noise = pool.upload("noise", [6, 2], new Float32Array(12));
    assertThrows(
      () => router(recorder, logits, { topK: 1, renormalise: true, noise }),
      RangeError,
      "wanted [2, 6]",
    );
    recorder.submit();
    return Promise.resolve();
  }),
);
