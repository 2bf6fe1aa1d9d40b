import { assertEquals, assertLess } from "@std/assert";
import { groupedAdapters } from "../../../core/adapters/grouped.ts";
import { NONE } from "../../../core/arrays/arrays.ts";
import { deviceArrays } from "../../../core/arrays/device_arrays.ts";
import { createConstants } from "../../../core/arrays/device_constants.ts";
import { createTape, type Variable } from "../../../core/nn/tape.ts";
import { raceAdapters } from "../../../experiments/adapters/speed.ts";
import { copyTensor } from "../../../kernels/mod.ts";
import { split } from "../../../kernels/base/random.ts";
import { createRecorder } from "../../../kernels/recorder.ts";
import { download } from "../../../kernels/tensor.ts";
import { guessedKernels } from "../../../kernels/tune.ts";
import { numbers, withDevice } from "../../kernels/compare.ts";
import { apart } from "./small_base.ts";

const [T, D, N, R, E, K, SCALE] = [37, 20, 12, 3, 5, 2, 0.5];
const sizes = { x: [T, D], a: [E, D, R], b: [E, R, N], weights: [T * K, 1], residual: [T, N] };
type Name = keyof typeof sizes;
const names = Object.keys(sizes) as Name[];
const stream = split(3, "choices");
/** One choice in six is none; expert 4 is nobody's. */
const ids = Uint32Array.from({ length: T * K }, () => {
  const found = stream.int(0, 5);
  return found === 5 ? NONE : Math.min(found, 3);
});
const data = Object.fromEntries(
  names.map((name) => [name, numbers(name, sizes[name].reduce((a, b) => a * b))]),
) as Record<Name, Float32Array>;
const dy = numbers("dy", T * N);

/** y and all gradients in 64 bits, choice by choice. */
function byHand() {
  const { x, a, b, weights, residual } = data;
  const y = Float64Array.from(residual);
  const grads = Object.fromEntries(
    names.map((name) => [name, new Float64Array(data[name].length)]),
  ) as Record<Name, Float64Array>;
  grads.residual.set(dy);
  ids.forEach((e, choice) => {
    if (e === NONE) return;
    const t = Math.floor(choice / K);
    const w = SCALE * weights[choice];
    for (let r = 0; r < R; r++) {
      let h = 0;
      for (let d = 0; d < D; d++) h += x[t * D + d] * a[(e * D + d) * R + r];
      let dh = 0;
      for (let n = 0; n < N; n++) {
        const at = (e * R + r) * N + n;
        y[t * N + n] += w * h * b[at];
        dh += dy[t * N + n] * b[at];
        grads.b[at] += w * h * dy[t * N + n];
      }
      grads.weights[choice] += SCALE * h * dh;
      for (let d = 0; d < D; d++) {
        grads.a[(e * D + d) * R + r] += w * dh * x[t * D + d];
        grads.x[t * D + d] += w * dh * a[(e * D + d) * R + r];
      }
    }
  });
  return { y, ...grads };
}

Deno.test(
  "grouped adapters and their gradients are those of each choice by hand",
  withDevice(async (pool, device) => {
    const kernels = guessedKernels(device);
    const constants = createConstants(device);
    const recorder = createRecorder(pool);
    const tape = createTape(recorder);
    const g = deviceArrays(tape, { kernels, seed: 1, constants });
    const v = Object.fromEntries(
      names.map((name) => [name, { value: pool.upload(name, sizes[name], data[name]) }]),
    ) as Record<Name, Variable>;
    const { x, ...banks } = v;
    const y = groupedAdapters(tape, x, {
      ...{ ...banks, g, kernels, topK: K, scale: SCALE, ids: pool.upload("ids", [T * K], ids) },
    });
    const kept = copyTensor(recorder, y.value, { label: "y" });
    tape.backward(y, pool.upload("dy", [T, N], dy));
    recorder.submit();
    const [found, ...grads] = await download(device, [kept, ...names.map((n) => v[n].grad!)]);
    constants.close();
    const wanted = byHand();
    assertLess(apart(found, wanted.y), 1e-4);
    names.forEach((name, i) => {
      const largest = apart(wanted[name], new Float64Array(wanted[name].length));
      assertLess(apart(grads[i], wanted[name]) / largest, 1e-5, name);
    });
    // Nobody chose the last expert.
    assertEquals([...grads[names.indexOf("b")].slice(4 * R * N)], new Array(R * N).fill(0));
  }),
);

Deno.test(
  "grouped products give the bits of a loop over adapters",
  withDevice(async (_, device) => {
    const race = { adapters: 4, tokens: 64, width: 24, rank: 4 };
    const { apart, ratio } = await raceAdapters(device, race);
    assertEquals(apart, 0);
    assertEquals(Number.isFinite(ratio.value) && ratio.value > 0, true);
  }),
);
