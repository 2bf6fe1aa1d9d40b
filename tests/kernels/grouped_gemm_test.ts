import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { split } from "../../kernels/base/random.ts";
import { variantName } from "../../kernels/gemm/variant.ts";
import {
  groupedGemm,
  groupedGemmGated,
  groupedGemmInputGrad,
  groupedGemmWeightGrad,
} from "../../kernels/grouped_gemm/grouped_gemm.ts";
import {
  groupedGemmOracle,
  groupedGemmSwigluOracle,
  groupedInputGradOracle,
  groupedWeightGradOracle,
} from "../../kernels/grouped_gemm/oracle.ts";
import { groupTensors, groupTokens } from "../../kernels/group_tokens/group_tokens.ts";
import { groupTokensOracle } from "../../kernels/group_tokens/oracle.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { download, type Pool, type Tensor } from "../../kernels/tensor.ts";
import { assertClose, numbers, poisoned, variants, withDevice } from "./compare.ts";

interface Shape {
  t: number;
  k: number;
  e: number;
  d: number;
  f: number;
  /** Which experts are chosen: spread over all, over all but the last, or the first alone. */
  draw: "spread" | "one empty" | "one takes all";
}

const width = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 90 }));

const shapes: Shape[] = [
  { t: 1, k: 1, e: 1, d: 1, f: 1, draw: "spread" },
  { t: 1, k: 3, e: 3, d: 9, f: 5, draw: "spread" },
  { t: 90, k: 2, e: 5, d: 37, f: 70, draw: "one empty" },
  ...fc.sample(
    fc.record({
      t: fc.integer({ min: 1, max: 60 }),
      k: fc.integer({ min: 1, max: 4 }),
      e: fc.integer({ min: 4, max: 9 }),
      d: width,
      f: width,
      draw: fc.constantFrom("spread" as const, "one empty" as const, "one takes all" as const),
    }),
    { seed: 3, numRuns: 30 },
  ),
];

function drawIds({ t, k, e, draw }: Shape): Uint32Array {
  const stream = split(5, "ids");
  const top = draw === "spread" || e === 1 ? e - 1 : draw === "one empty" ? e - 2 : 0;
  return Uint32Array.from({ length: t * k }, () => stream.int(0, top));
}

/** Everything that the products of a shape read, on the host and on the device. */
function inputsOf(pool: Pool, shape: Shape) {
  const { t, k, e, d, f } = shape;
  const host = {
    x: numbers("x", t * d),
    w1: numbers("w1", 2 * e * d * f),
    w2: numbers("w2", e * f * d),
    h: numbers("h", t * k * f),
    dh: numbers("dh", 2 * t * k * f),
    dy: numbers("dy", t * d),
  };
  const device: Record<keyof typeof host, Tensor> = {
    x: poisoned(pool, "x", [t, d], host.x),
    w1: poisoned(pool, "w1", [e, 2, d, f], host.w1),
    w2: poisoned(pool, "w2", [e, f, d], host.w2),
    h: poisoned(pool, "h", [t * k, f], host.h),
    dh: poisoned(pool, "dh", [2, t * k, f], host.dh),
    dy: poisoned(pool, "dy", [t, d], host.dy),
  };
  return { host, device };
}

Deno.test(
  "grouped products and their gradients use each row's expert, and agree bit by bit across variants",
  withDevice(async (pool, device) => {
    const list = variants(device);
    for (const shape of shapes) {
      const { t, k, e, d, f } = shape;
      const { host, device: on } = inputsOf(pool, shape);
      const ids = drawIds(shape);
      const tIds = pool.upload("ids", [t * k], ids);
      let first: Float32Array[] | undefined;
      for (const variant of list) {
        const recorder = createRecorder(pool);
        const groups = groupTokens(recorder, tIds, { experts: e, tileRows: variant.rows, topK: k });
        const by = { groups, variant };
        const up = groupedGemmGated(recorder, on.x, {
          ...{ ...by, w: on.w1, label: "up", gate: "silu", keep: true },
        });
        const results = {
          up: up.y,
          kept: up.kept!,
          down: groupedGemm(recorder, on.h, { ...by, w: on.w2, label: "down" }),
          da: groupedGemmInputGrad(recorder, on.dy, { ...by, w: on.w2, gather: true, label: "da" }),
          dx: groupedGemmInputGrad(recorder, on.dh, { ...by, w: on.w1, label: "dx" }),
          dw2: groupedGemmWeightGrad(recorder, on.h, {
            ...{ ...by, dc: on.dy, gather: "b", label: "dw2" },
          }),
          dw1: groupedGemmWeightGrad(recorder, on.x, {
            ...{ ...by, dc: on.dh, gather: "a", label: "dw1" },
          }),
        };
        recorder.submit();
        const got = await download(device, Object.values(results));
        const what = `${variantName(variant)} ${JSON.stringify(shape)}`;
        if (!first) {
          const sorted = groupTokensOracle(ids, { experts: e, tileRows: 1 });
          const expert = sorted.rowIds.map((choice) => ids[choice]);
          const token = sorted.rowIds.map((choice) => Math.floor(choice / k));
          const row = expert.map((_, i) => i);
          const ofToken = { expert, source: token };
          const ofRow = { expert, source: row };
          const up = groupedGemmSwigluOracle(host.x, host.w1, { rows: ofToken, k: d, n: f });
          const down = groupedGemmOracle(host.h, host.w2, { rows: ofRow, k: f, n: d });
          const da = groupedInputGradOracle(host.dy, host.w2, {
            ...{ rows: ofToken, k: f, n: d, planes: 1 },
          });
          const dx = groupedInputGradOracle(host.dh, host.w1, {
            ...{ rows: ofRow, k: d, n: f, planes: 2 },
          });
          const dw2 = groupedWeightGradOracle(host.h, host.dy, {
            ...{ expert, sourceA: row, sourceC: token, experts: e, k: f, n: d, planes: 1 },
          });
          const dw1 = groupedWeightGradOracle(host.x, host.dh, {
            ...{ expert, sourceA: token, sourceC: row, experts: e, k: d, n: f, planes: 2 },
          });
          [up, undefined, down, da, dx, dw2, dw1].forEach((wanted, i) => {
            if (wanted) assertClose(got[i], wanted, { what: `${Object.keys(results)[i]} ${what}` });
          });
          first = got;
        }
        assertEquals(got, first, `${what} differs from the first variant`);
        pool.release(...Object.values(results), ...groupTensors(groups));
      }
      pool.release(tIds, ...Object.values(on));
    }
  }),
);

Deno.test(
  "a bank of experts larger than one binding is bound in slices",
  withDevice(async (pool, device) => {
    const most = device.gpu.limits.maxStorageBufferBindingSize;
    const width = 1024;
    const experts = Math.floor(most / (4 * width * width)) + 3;
    const bytes = experts * width * width * 4;
    if (bytes > device.gpu.limits.maxBufferSize || most > 2 ** 28) return;
    const w = pool.tensor("w", [experts, width, width]);
    // The first and the last expert have weights of their own; all others are never chosen.
    const own = [0, experts - 1].map((e) => {
      const values = numbers(`expert ${e}`, width * width);
      device.gpu.queue.writeBuffer(w.buffer, e * width * width * 4, values);
      return values;
    });
    const ids = Uint32Array.of(experts - 1, 0, experts - 1);
    const x = numbers("x", ids.length * width);
    const variant = variants(device)[0];
    const recorder = createRecorder(pool);
    const groups = groupTokens(recorder, pool.upload("ids", [ids.length], ids), {
      experts,
      tileRows: variant.rows,
    });
    const tx = pool.upload("x", [ids.length, width], x);
    const by = { groups, variant };
    const y = groupedGemm(recorder, tx, { ...by, w, gather: true, label: "y" });
    const dw = groupedGemmWeightGrad(recorder, tx, { ...by, dc: y, gather: "a", label: "dw" });
    recorder.submit();
    const gradOf = (e: number) => ({ ...dw, shape: [width, width], offset: e * dw.plane });
    const [got, first, last, empty] = await download(device, [
      y,
      ...[0, experts - 1, 1].map(gradOf),
    ]);
    const sorted = [1, 0, 2];
    const bank = Float32Array.from([...own[0], ...own[1]]);
    const rows = { expert: [0, 1, 1], source: sorted };
    assertClose(got, groupedGemmOracle(x, bank, { rows, k: width, n: width }), { what: "y" });
    const wanted = groupedWeightGradOracle(x, got, {
      ...{ expert: rows.expert, sourceA: sorted, sourceC: [0, 1, 2] },
      ...{ experts: 2, k: width, n: width, planes: 1 },
    });
    const half = width * width;
    const part = (a: Float64Array, i: number) => a.subarray(i * half, (i + 1) * half);
    [first, last].forEach((grad, i) => {
      const scaled = { values: part(wanted.values, i), scale: part(wanted.scale, i) };
      assertClose(grad, scaled, { what: `dw of expert ${i}` });
    });
    assertEquals(empty, new Float32Array(half), "an expert without rows has a gradient of zeros");
  }),
);
