/**
 * A model for tests of the loop: sixteen weights in two layers that AdamW moves on the device by
 * made-up gradients of the batch. Its state is on the device alone, as a real trainer's is.
 */
import { adamw, createPool, createRecorder, type Device, download } from "../../../kernels/mod.ts";
import { split } from "../../../kernels/base/random.ts";
import type { LoopOptions, Trainable } from "../../../core/train/loop_options.ts";
import { syntheticCorpus } from "../../../core/train/data/synthetic.ts";
import { memoryStore } from "./memory_store.ts";

const names = ["layers.0.w", "layers.1.w"];
const width = 8;

/** A toy, and what it was asked. */
export interface Toy extends Trainable {
  /** Gradients are multiplied by it: what makes a step fail. */
  gradientOf(step: number): number;
  /** Steps that were made since it was made. */
  made: number;
  /** Gives its memory back. */
  close(): void;
}

/** Makes a toy. */
export function createToy(device: Device): Toy {
  const pool = createPool(device);
  const vector = (name: string, start: (i: number) => number) =>
    pool.upload(name, [width], Float32Array.from({ length: width }, (_, i) => start(i)));
  const all = Object.fromEntries(names.flatMap((name, layer) => [
    [`parameters.${name}`, vector(name, (i) => Math.cos(i + layer))],
    [`m.${name}`, vector(`m ${name}`, () => 0)],
    [`v.${name}`, vector(`v ${name}`, () => 0)],
  ]));
  all["state.count"] = pool.upload("count", [1], Uint32Array.of(0));
  const gradient = vector("gradient", () => 0);
  const read = (prefix: string) => download(device, names.map((name) => all[`${prefix}.${name}`]));
  const earlier = names.map((name) => vector(`${name} before`, () => 0));
  const keepWeights = () => {
    const encoder = device.gpu.createCommandEncoder();
    names.forEach((name, i) => {
      const { buffer } = all[`parameters.${name}`];
      encoder.copyBufferToBuffer(buffer, 0, earlier[i].buffer, 0, 4 * width);
    });
    device.gpu.queue.submit([encoder.finish()]);
  };
  let norm = 0;
  const toy: Toy = {
    steps: 0,
    made: 0,
    gradientOf: () => 1,
    tensors: () => all,
    step({ ids, targets }, update) {
      let hash = 0;
      ids.forEach((id, i) => hash = (31 * hash + 7 * id + targets[i]) >>> 0);
      const times = toy.gradientOf(toy.steps);
      toy.steps++;
      toy.made++;
      keepWeights();
      norm = 0;
      for (const name of names) {
        const stream = split(hash, name);
        const values = Float32Array.from({ length: width }, () => times * stream.normal());
        norm = Math.hypot(norm, ...values);
        pool.write(gradient, values);
        const [m, v] = [all[`m.${name}`], all[`v.${name}`]];
        const recorder = createRecorder(pool);
        adamw(recorder, all[`parameters.${name}`], { gradient, m, v, ...update, step: toy.steps });
        recorder.submit();
      }
      pool.write(all["state.count"], Uint32Array.of(toy.steps));
    },
    async last() {
      const weights = (await download(device, earlier)).flatMap((w) => [...w]);
      const loss = weights.reduce((sum, w) => sum + w * w, 0);
      return { loss: Math.fround(loss), norm, auxiliary: { balance: weights[0] } };
    },
    async evaluate({ ids }) {
      const layers = await read("parameters");
      const counts = { wanted_E: [3, 1], kept_E: [2, 1], byTag_GE: [2, 0, 1, 1] };
      return {
        losses_T: Float32Array.from(ids, (id) => Math.abs(layers[0][id % width])),
        layers: layers.map((w) => ({
          ...counts,
          entropy: 0.5,
          logSumExp2: Math.fround(w.reduce((sum, x) => sum + x * x, 0)),
        })),
      };
    },
    close() {
      pool.release(gradient, ...earlier, ...Object.values(all));
      pool.trim();
    },
  };
  return toy;
}

/** Options of a short training of a toy, with a memory of its own. */
export const toyOptions = (): LoopOptions & { store: ReturnType<typeof memoryStore> } => ({
  corpus: syntheticCorpus({ domains: 2 }),
  ...{ sequences: 2, length: 8, seed: 1, steps: 24, read: 4 },
  schedule: { peak: 0.01, warmup: 3 },
  optimiser: { decay: 0.1 },
  evaluation: { every: 10, batches: 2 },
  checkpoint: { path: "toy.safetensors", every: 5 },
  store: memoryStore(),
});

/** Facts of a toy's training. */
export const toyFacts = { told: { model: "toy" }, adapter: "toy", kernels: {} };
