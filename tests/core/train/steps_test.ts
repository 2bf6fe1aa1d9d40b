/** The loop on a toy: what it logs, where it stops, and that a resumed training is the same. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { openCheckpoint } from "../../../core/train/checkpoint.ts";
import type { LoopOptions } from "../../../core/train/loop_options.ts";
import { runTraining } from "../../../core/train/steps.ts";
import { type Device, download } from "../../../kernels/mod.ts";
import { withDevice } from "../../kernels/compare.ts";
import { createToy, type Toy, toyFacts, toyOptions } from "./toy.ts";

/** Trains a toy, from its checkpoint where there is one; gives the log and all tensors. */
async function train(device: Device, options: LoopOptions, prepare?: (toy: Toy) => void) {
  const toy = createToy(device);
  prepare?.(toy);
  const { checkpoint, store } = options;
  const from = checkpoint && await openCheckpoint(checkpoint.path, { store });
  try {
    const { tokensPerSecond: _, ...log } = await runTraining(toy, options, {
      ...{ device, facts: toyFacts, from },
    });
    const values = await download(device, Object.values(toy.tensors()));
    return { log, values, made: toy.made };
  } finally {
    toy.close();
  }
}

Deno.test(
  "losses are read every so many steps, and what is asked for is done after the last",
  withDevice(async (_, device) => {
    const said: (string | undefined)[] = [];
    const progress = {
      start: (total: number, label: string) => said.push(`${total} ${label}`),
      step: (label?: string) => said.push(label),
      stop: () => said.push("stop"),
    };
    const options = { ...toyOptions(), progress };
    const { log } = await train(device, options);
    assertEquals(log.losses.map(({ step }) => step), [4, 8, 12, 16, 20, 24]);
    assertEquals(log.evaluations.map(({ step }) => step), [10, 20, 24]);
    assertEquals(log.evaluations[0].tokens, 2 * 16);
    assertEquals(log.evaluations[0].layers[1].dropped, 0.25);
    assertEquals(said.length, 24 + 2);
    assertEquals([said[0], said[25]], [`24 training on ${options.corpus.id}`, "stop"]);
    assertEquals(said[1], undefined);
    assert(/^loss \d+\.\d{3}, \d+ tokens\/s$/.test(said[8]!), said[8]);
    const kept = (await openCheckpoint("toy.safetensors", options))!;
    assertEquals([kept.steps, kept.log], [24, JSON.parse(JSON.stringify(log))]);
  }),
);

Deno.test(
  "a training that stops at any step and goes on is the unbroken one, bit by bit",
  withDevice(async (_, device) => {
    const whole = await train(device, toyOptions());
    for (const stopAt of [1, 4, 5, 11, 23]) {
      const options = toyOptions();
      const controller = new AbortController();
      let seen = 0;
      const stop = () => controller.abort(new Error("enough"));
      // A signal is obeyed after the next step.
      const progress = {
        start: () => stopAt === 1 && stop(),
        step: () => ++seen === stopAt - 1 && stop(),
        stop: () => {},
      };
      const stopped = { ...options, signal: controller.signal, progress };
      await assertRejects(() => train(device, stopped), Error, "enough");
      const at = (await openCheckpoint("toy.safetensors", options))!.steps;
      assertEquals(at, stopAt);
      const rest = await train(device, options);
      assertEquals(rest.made, 24 - at);
      assertEquals([rest.log, rest.values], [whole.log, whole.values]);
    }
  }),
);

Deno.test(
  "a signal that was given before stops before the first step, and nothing is kept",
  withDevice(async (_, device) => {
    const options = { ...toyOptions(), signal: AbortSignal.abort(new Error("before")) };
    await assertRejects(() => train(device, options), Error, "before");
    assertEquals(options.store.operations, 0);
  }),
);

Deno.test(
  "a finished training is given back without a step",
  withDevice(async (_, device) => {
    const options = toyOptions();
    const whole = await train(device, options);
    const again = await train(device, options);
    assertEquals([again.log, again.values, again.made], [whole.log, whole.values, 0]);
  }),
);

Deno.test(
  "gradients that are not finite end the training at their step; the good checkpoint stays",
  withDevice(async (_, device) => {
    const options = toyOptions();
    const spoil = (toy: Toy) => toy.gradientOf = (step) => step === 13 ? Infinity : 1;
    const ended = await assertRejects(() => train(device, options, spoil), TypeError);
    assertEquals(
      ended.message.replace(/loss of [\d.]+/, "loss of L"),
      "Cannot train on: found a loss of L and gradients of norm Infinity in step 14, in the " +
        "gradients of all 2 weights; toy.safetensors holds step 10; a peak rate below 0.01 may work",
    );
    const { values } = await train(device, options);
    assertEquals(values, (await train(device, toyOptions())).values);
  }),
);

Deno.test(
  "a layer whose router overflows is named, for weights as they were before the step",
  withDevice(async (_, device) => {
    const options = toyOptions();
    const spoil = (toy: Toy) => {
      const { step } = toy;
      toy.step = (batch, update) => {
        step(batch, update);
        if (toy.steps !== 12) return;
        // Such weights are finite, and their squares are not.
        const { buffer } = toy.tensors()["parameters.layers.1.w"];
        device.gpu.queue.writeBuffer(buffer, 0, new Float32Array(8).fill(3e19));
      };
    };
    const ended = await assertRejects(() => train(device, options, spoil), TypeError);
    assertEquals(
      ended.message.replace(/norm [\d.]+/, "norm N"),
      "Cannot train on: found a loss of Infinity and gradients of norm N in step 13, first in the " +
        "router of layer 1 of 2 with experts; toy.safetensors holds step 10; a peak rate below " +
        "0.01 may work",
    );
  }),
);

Deno.test(
  "without a checkpoint the weights that are spoiled are named",
  withDevice(async (_, device) => {
    const options = { ...toyOptions(), checkpoint: undefined };
    const spoil = (toy: Toy) => toy.gradientOf = (step) => step === 2 ? NaN : 1;
    const ended = await assertRejects(() => train(device, options, spoil), TypeError);
    assertEquals(
      ended.message.replace(/norm [\d.]+/, "norm N"),
      "Cannot train on: found a loss of NaN and gradients of norm N in step 4, not finite now: " +
        "layers.0.w and 1 more; no checkpoint was kept; a peak rate below 0.01 may work",
    );
  }),
);

Deno.test(
  "numbers of steps that make no sense are refused",
  withDevice(async (_, device) => {
    const options = { ...toyOptions(), checkpoint: { path: "a", every: 0 } };
    const refused = await assertRejects(() => train(device, options), TypeError);
    assertEquals(
      refused.message,
      "Cannot train: found 0 as checkpoint.every, wanted a whole number from 1 on",
    );
    await assertRejects(() => train(device, { ...toyOptions(), read: 2.5 }), TypeError, "2.5");
  }),
);
