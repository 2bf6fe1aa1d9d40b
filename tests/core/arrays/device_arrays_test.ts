/** Gates on the device: launches of a step, planned memory, who releases what, and flat views. */
import { assert, assertEquals, assertLessOrEqual, assertNotEquals } from "@std/assert";
import type { Arrays, Shape } from "../../../core/arrays/arrays.ts";
import {
  type DeviceArrays,
  deviceArrays,
  flat,
  lossGradient,
  unflat,
} from "../../../core/arrays/device_arrays.ts";
import { createConstants } from "../../../core/arrays/device_constants.ts";
import { createTape, type Variable } from "../../../core/nn/tape.ts";
import { copyTensor } from "../../../kernels/map/recipes.ts";
import { createRecorder, type Recorder } from "../../../kernels/recorder.ts";
import { planStep } from "../../../kernels/step_memory.ts";
import { createPool, download, type Pool } from "../../../kernels/tensor.ts";
import { guessedKernels } from "../../../kernels/tune.ts";
import { numbers, withDevice } from "../../kernels/compare.ts";
import { type ArraysCase, assertSameArrays, onDevice, SEED } from "./device_cases.ts";

const [T, D, E, K] = [16, 7, 6, 2];

/** Two best of a softmax, renormalised, with the balance loss of all choices. */
function gate<A, I>(g: Arrays<A, I>, x_TD: A, w_DE: A): { weights_TK: A; loss: A } {
  const scores_TE = g.softmax(g.product(x_TD, w_DE));
  const ids_TK = g.topK(scores_TE, K);
  const chosen_TK = g.take(scores_TE, ids_TK);
  const weights_TK = g.map("divide", chosen_TK, g.sumRows(chosen_TK));
  const ones_TK = g.constant("ones", [T, K], () => Array(T * K).fill(1));
  const loads_1E = g.sumColumns(g.put(ones_TK, ids_TK, E));
  const loss = g.scale(
    g.total(g.map("multiply", g.detach(loads_1E), g.sumColumns(scores_TE))),
    0.01 * E / (K * T * T),
  );
  return { weights_TK, loss };
}

/** A gate with noise, drops, a look-up and moves: most of what takes memory. */
function busyGate<A, I>(g: Arrays<A, I>, x_TD: A, w_DE: A): A {
  const noisy_TD = g.map("multiply", x_TD, g.noise("jitter", "uniform", [T, D]));
  const logits_TE = g.product(g.unit(noisy_TD), w_DE);
  const ids_TK = g.limit(g.topK(logits_TE, K), {
    ...{
      experts: E,
      capacity: 4,
      order: "priority",
      priority: g.largest(logits_TE),
      name: "drop",
    },
  });
  const z_T1 = g.logSumExp(logits_TE);
  const table_VE = g.transpose(g.columns(w_DE, 0, 4));
  const looked_TE = g.columns(
    g.lookUp(table_VE, g.hash([g.randomIds("r", [T, 1], 9)], { buckets: 4, seed: 1 })),
    0,
    E,
  );
  const mixed_TE = g.map("add", g.softmax(logits_TE), g.softmax(looked_TE, { parts: 2 }));
  const weights_TK = g.map("add", g.take(mixed_TE, ids_TK), z_T1);
  return g.total(g.beside(g.repeatRows(g.segmentMeans(weights_TK, 8), 8), weights_TK));
}

const shapes: Readonly<Record<"x" | "w", Shape>> = { x: [T, D], w: [D, E] };

function variablesOf(pool: Pool): Record<"x" | "w", Variable> {
  const up = (name: "x" | "w") => ({
    value: pool.upload(name, shapes[name], numbers(name, shapes[name][0] * shapes[name][1])),
  });
  return { x: up("x"), w: up("w") };
}

Deno.test(
  "a linear top-2 gate with a balance loss has the host's values and gradients",
  withDevice(async (pool) => {
    const named = (name: string, of: ArraysCase["of"]) => ({ name, inputs: shapes, of });
    await assertSameArrays(pool, [
      named("weights", (g, { x, w }) => gate(g, x, w).weights_TK),
      named("loss", (g, { x, w }) => g.scale(gate(g, x, w).loss, 1e3)),
      named("busy", (g, { x, w }) => busyGate(g, x, w)),
    ]);
  }),
);

Deno.test(
  "a linear top-2 gate with a balance loss takes at most 25 launches, forward and backward",
  withDevice(async (pool, device) => {
    const variables = variablesOf(pool);
    const recorder = createRecorder(pool);
    const labels: string[] = [];
    const counting: Recorder = {
      ...recorder,
      launch(launch) {
        labels.push(launch.label);
        recorder.launch(launch);
      },
    };
    const tape = createTape(counting);
    const constants = createConstants(device);
    const g = deviceArrays(tape, { kernels: guessedKernels(device), seed: 1, constants });
    const { weights_TK, loss } = gate(g, variables.x, variables.w);
    const forward = labels.length;
    tape.addGrad(loss, lossGradient(tape));
    tape.backward(weights_TK, pool.upload("dy", [T, K], numbers("dy", T * K)));
    recorder.submit();
    await download(device, [variables.w.grad!]);
    assertEquals(forward, 12);
    assertLessOrEqual(labels.length, 25, labels.join("\n"));
    constants.close();
  }),
);

/** Records a step of the busy gate; gives the gradients, which it leaves alive. */
function step(recorder: Recorder, options: {
  variables: Record<"x" | "w", Variable>;
  at: number;
  arrays: Omit<Parameters<typeof deviceArrays>[1], "step">;
}) {
  const { variables: { x, w }, at, arrays } = options;
  const tape = createTape(recorder);
  const g = deviceArrays(tape, { ...arrays, step: at });
  tape.backward(busyGate(g, x, w), lossGradient(tape));
  const grads = [x.grad!, w.grad!];
  x.grad = w.grad = undefined;
  return grads;
}

Deno.test(
  "a step is planned: it takes the same memory each time, allocates nothing, and noise differs",
  withDevice(async (pool, device) => {
    const constants = createConstants(device);
    const variables = variablesOf(pool);
    const arrays = { kernels: guessedKernels(device), seed: SEED, constants };
    const planned = planStep(device, (recorder) => {
      step(recorder, { variables, at: 0, arrays });
    });
    const run = async (at: number) => {
      planned.restart();
      const recorder = createRecorder(planned);
      const grads = step(recorder, { variables, at, arrays });
      recorder.submit();
      return await download(device, grads);
    };
    const first = await run(1);
    const held = planned.bytes().held;
    const second = await run(2);
    assertEquals(await run(1), first);
    assertNotEquals(second, first);
    assertEquals(planned.bytes().held, held);
    planned.trim();
    constants.close();
  }),
);

Deno.test(
  "all that the language made is released when the tape goes back, or ends without gradients",
  withDevice(async (pool, device) => {
    const constants = createConstants(device);
    const inputs = createPool(device);
    const variables = variablesOf(inputs);
    const arrays = { kernels: guessedKernels(device), seed: SEED, constants };
    const recorder = createRecorder(pool);
    pool.release(...step(recorder, { variables, at: 1, arrays }));
    assertEquals(pool.bytes().live, 0);
    const tape = createTape(recorder);
    const g = deviceArrays(tape, arrays);
    busyGate(g, variables.x, variables.w);
    assert(pool.bytes().live > 0);
    tape.end();
    assertEquals(pool.bytes().live, 0);
    recorder.submit();
    await device.gpu.queue.onSubmittedWorkDone();
    inputs.trim();
    constants.close();
  }),
);

Deno.test(
  "constants are made once for a name and a shape",
  withDevice(async (pool) => {
    let made = 0;
    const two = (g: DeviceArrays, shape: Shape) =>
      g.constant("two", shape, () => {
        made++;
        return Array(shape[0] * shape[1]).fill(2);
      });
    const [a, b] = await onDevice(pool, (g) => {
      const ids = () => g.indices("two", [2, 3], () => [0, 1, 2, 3, 4, 5]);
      assertEquals(g.indexShapeOf(ids()), [2, 3]);
      assert(ids() === ids());
      return [two(g, [2, 2]).value, two(g, [2, 2]).value, two(g, [3, 1]).value];
    });
    assertEquals([[...a], [...b], made], [[2, 2, 2, 2], [2, 2, 2, 2], 2]);
  }),
);

Deno.test(
  "weights go to the experts as a flat list and come back",
  withDevice(async (pool) => {
    const inputs = createPool(pool.device);
    for (const shape of [[1, 1], [13, 2], [40, 3], [5, 8]] as const) {
      const data = numbers("a", shape[0] * shape[1]);
      const dy = numbers("dy", data.length);
      const a: Variable = { value: inputs.upload("a", shape, data) };
      const grad = inputs.upload("dy", shape, dy);
      const values = await onDevice(pool, (_, tape) => {
        const { recorder } = tape;
        const list = flat(tape, a);
        const back = unflat(tape, list, shape);
        const copies = [list, back].map(({ value }) => copyTensor(recorder, value));
        tape.backward(back, copyTensor(recorder, grad));
        assertEquals(copies.map((t) => t.shape), [[data.length], [...shape]]);
        return [...copies, a.grad!];
      });
      assertEquals(values, [data, data, dy]);
    }
    inputs.trim();
  }),
);
