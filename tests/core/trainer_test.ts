/** Whole training steps: what they wait for, what they allocate, and that they repeat and learn. */
import { assert, assertEquals, assertLess, assertLessOrEqual, assertThrows } from "@std/assert";
import { modelPreset } from "../../core/spec/mod.ts";
import { createTrainer } from "../../core/train/trainer.ts";
import { createTape } from "../../core/nn/tape.ts";
import { createParameters } from "../../core/nn/parameters.ts";
import { lossAndGradients } from "../../core/nn/transformer.ts";
import { split } from "../../kernels/base/random.ts";
import { type Device, openDevice } from "../../kernels/device.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { ropeTable } from "../../kernels/rope/table.ts";
import { createPool, download } from "../../kernels/tensor.ts";
import { guessedKernels } from "../../kernels/tune.ts";
import { numbers, withDevice } from "../kernels/compare.ts";

const tiny = modelPreset("tiny");

/** Bytes that repeat with a period: there is something to learn. */
function batchOf(name: string, tokens: number) {
  const stream = split(4, name);
  const word = Array.from({ length: 8 }, () => stream.int(0, 255));
  const text = Uint32Array.from({ length: tokens + 1 }, (_, i) => word[i % word.length]);
  return { ids: text.slice(0, tokens), targets: text.slice(1) };
}

/** Counts what a device is asked to allocate and what the host waits for. */
function counting(device: Device) {
  const counts = { allocations: 0, waits: 0 };
  const gpu = device.gpu as unknown as Record<string, (...args: unknown[]) => unknown>;
  const queue = device.gpu.queue as unknown as typeof gpu;
  const buffers = GPUBuffer.prototype as unknown as typeof gpu;
  const undo: (() => void)[] = [];
  const watch = (on: typeof gpu, name: string, count: keyof typeof counts) => {
    const original = on[name];
    on[name] = function (...args) {
      counts[count]++;
      return original.apply(this, args);
    };
    undo.push(() => on[name] = original);
  };
  watch(gpu, "createBuffer", "allocations");
  watch(gpu, "createTexture", "allocations");
  watch(queue, "onSubmittedWorkDone", "waits");
  watch(buffers, "mapAsync", "waits");
  return { counts, stop: () => undo.forEach((one) => one()) };
}

const options = { sequences: 2, length: 64, seed: 5 };
const tokens = options.sequences * options.length;

Deno.test(
  "a step of the tiny model waits for nothing, and after the first none allocates",
  withDevice(async (_, device) => {
    const trainer = createTrainer(device, tiny, options);
    const batch = batchOf("a", tokens);
    trainer.step(batch, { rate: 1e-3 });
    const first = await trainer.last();
    const { counts, stop } = counting(device);
    try {
      for (let i = 0; i < 5; i++) trainer.step(batch, { rate: 1e-3 });
      assertEquals(counts, { allocations: 0, waits: 0 });
      const last = await trainer.last();
      assertEquals(counts, { allocations: 0, waits: 1 });
      assertLess(last.loss, first.loss);
    } finally {
      stop();
    }
    const { state, step } = trainer.bytes();
    assertLessOrEqual(step.held, 1.1 * step.peak);
    assertLessOrEqual(state.held, 1.1 * state.peak);
    trainer.close();
  }),
);

Deno.test("two trainings from one seed are equal bit by bit, and they learn", async () => {
  const run = async () => {
    const device = await openDevice();
    const trainer = createTrainer(device, tiny, options);
    const losses: number[] = [];
    for (let i = 0; i < 12; i++) {
      trainer.step(batchOf("a", tokens), { rate: 3e-3, decay: 0.1 });
      if (i % 4 === 3) losses.push((await trainer.last()).loss);
    }
    const weights = await download(
      device,
      Object.values(trainer.parameters).map(({ value }) => value),
    );
    trainer.close();
    device.close();
    return { losses, weights };
  };
  const [one, two] = [await run(), await run()];
  assertEquals(one, two);
  assertLess(one.losses.at(-1)!, 0.5 * Math.log(256));
  assert(one.weights.flatMap((w) => [...w.subarray(0, 8)]).every(Number.isFinite));
});

Deno.test(
  "the gradient of the whole model is the slope of its loss",
  withDevice(async (_, device) => {
    const pool = createPool(device);
    const model = { ...tiny, layers: 1 };
    const parameters = createParameters(pool, model, { seed: 1 });
    const kernels = guessedKernels(device);
    const { ids, targets } = batchOf("b", 32);
    const batch = {
      ids: pool.upload("ids", [32], ids),
      targets: pool.upload("targets", [32], targets),
      length: 16,
    };
    const rope = ropeTable(pool, { positions: 16, rotary: 32 });
    const lossOf = async () => {
      const recorder = createRecorder(pool);
      const tape = createTape(recorder);
      const { loss } = lossAndGradients(tape, batch, { model, parameters, kernels, rope });
      recorder.submit();
      const names = Object.keys(parameters);
      const got = await download(device, [loss, ...names.map((n) => parameters[n].grad!)]);
      pool.release(loss, ...names.map((n) => parameters[n].grad!));
      for (const name of names) parameters[name].grad = undefined;
      return { loss: got[0][0], grads: new Map(names.map((n, i) => [n, got[i + 1]])) };
    };
    const { grads } = await lossOf();
    for (const name of Object.keys(parameters).filter((n) => !n.endsWith("router"))) {
      const { value } = parameters[name];
      const grad = grads.get(name)!;
      const [before] = await download(device, [value]);
      const along = numbers(`along ${name}`, before.length);
      const slope = along.reduce((sum, a, i) => sum + a * grad[i], 0);
      const length = (x: Float32Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
      const size = length(grad) * length(along) / Math.sqrt(along.length);
      const h = 2e-3 / Math.max(size, 1e-3);
      const at = async (step: number) => {
        pool.write(value, before.map((w, i) => w + step * along[i]));
        return (await lossOf()).loss;
      };
      const measured = (await at(h) - await at(-h)) / (2 * h);
      pool.write(value, before);
      assertLessOrEqual(Math.abs(measured - slope), 0.03 * size, `${name}: ${measured}, ${slope}`);
    }
  }),
);

Deno.test(
  "a model with a part that the decoder does not run is refused by the field",
  withDevice((pool) => {
    const model = modelPreset("deepseek-v3");
    const refused = assertThrows(() => createParameters(pool, model, { seed: 1 }), TypeError);
    assertEquals(
      refused.message,
      "Cannot train deepseek-v3: found mla as attention.kind, wanted mha, gqa or experts",
    );
    return Promise.resolve();
  }),
);
