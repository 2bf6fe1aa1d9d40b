/**
 * Trainings that are killed again and again, between steps and in the middle of writing a
 * checkpoint, and go on from what the disk then holds: nothing else outlives a kill, and a disk that
 * ended does no more, not even to clean up.
 */
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { syntheticCorpus } from "../../../core/train/data/synthetic.ts";
import { trainModel } from "../../../core/train/loop.ts";
import { openSafetensors, readSafetensors } from "../../../core/train/safetensors.ts";
import { split } from "../../../kernels/base/random.ts";
import { type Device, openDevice } from "../../../kernels/mod.ts";
import { DiskEnds, type MemoryStore, memoryStore } from "./memory_store.ts";
import { smallModel } from "./small_model.ts";

const path = "k.safetensors";
const kills = 20;

/** What the process dies of. */
class Killed extends Error {}

const options = {
  model: smallModel({ layers: 1, dModel: 32 }),
  corpus: syntheticCorpus({ domains: 2 }),
  ...{ sequences: 2, length: 16, seed: 1, steps: 54, read: 2 },
  schedule: { peak: 3e-3, warmup: 5 },
  optimiser: { decay: 0.1 },
  evaluation: { every: 20, batches: 1 },
  checkpoint: { path, every: 3 },
};

/** Trains on a disk; the process dies after so many steps where that is said. */
function train(device: Device, store: MemoryStore, steps = Infinity) {
  const step = () => {
    if (--steps < 0) throw new Killed("killed");
  };
  return trainModel(device, {
    ...options,
    store,
    progress: { start: () => {}, step, stop: () => {} },
  });
}

/** Everything the last checkpoint holds. */
async function kept(store: MemoryStore) {
  const file = (await store.open(path))!;
  const { tensors, metadata } = await openSafetensors(file, { source: path });
  const values: Record<string, Uint8Array> = {};
  for (const [name, entry] of tensors) values[name] = (await readSafetensors(file, entry)).bytes;
  return { metadata, values };
}

Deno.test(`a training that is killed ${kills} times ends as the one that is not, bit by bit`, async () => {
  const device = await openDevice();
  const unbroken = memoryStore();
  const whole = await train(device, unbroken);
  const writes = unbroken.operations / 18;
  const stream = split(3, "kills");
  let store = memoryStore();
  const died = { between: 0, writing: 0 };
  for (let kill = 0; kill < kills; kill++) {
    const between = stream.uniform() < 0.5;
    if (!between) store.endsAt = stream.int(0, Math.round(1.5 * writes));
    const run = () => train(device, store, between ? stream.int(0, 4) : Infinity);
    await assertRejects(run, between ? Killed : DiskEnds);
    died[between ? "between" : "writing"]++;
    // A new process sees the files and nothing else.
    const { files } = store;
    store = memoryStore();
    files.forEach((bytes, name) => store.files.set(name, bytes));
  }
  const last = await train(device, store);
  assert(died.between > 4 && died.writing > 4, JSON.stringify(died));
  assertGreater(last.resumedFrom, 0);
  assertEquals([last.losses, last.evaluations], [whole.losses, whole.evaluations]);
  assertEquals(await kept(store), await kept(unbroken));
  device.close();
});
