/** A model that is trained in pieces: losses, evaluations and weights as if in one, bit by bit. */
import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { syntheticCorpus } from "../../../core/train/data/synthetic.ts";
import { trainModel, type TrainOptions } from "../../../core/train/loop.ts";
import { openCheckpoint } from "../../../core/train/checkpoint.ts";
import {
  openSafetensors,
  readSafetensors,
  safetensorsOf,
  safetensorsPieces,
  valuesOfSafetensors,
} from "../../../core/train/safetensors.ts";
import { writeWhole } from "../../../core/train/files.ts";
import { recipeById } from "../../../core/gates/recipes.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { choiceWords, guessedKernels } from "../../../kernels/tune.ts";
import { withDevice } from "../../kernels/compare.ts";
import { memoryStore } from "./memory_store.ts";
import { smallModel } from "./small_model.ts";

const path = "r.safetensors";
const optionsOf = (): TrainOptions & { store: ReturnType<typeof memoryStore> } => ({
  model: smallModel({ layers: 2, dModel: 32 }),
  corpus: syntheticCorpus({ domains: 2 }),
  ...{ sequences: 2, length: 16, seed: 1, steps: 24, read: 4 },
  schedule: { peak: 1e-2, warmup: 3 },
  evaluation: { every: 16, batches: 2 },
  // Learned noise and a bias that a controller moves: a gate with more to it than its weights.
  recipe: {
    ...recipeById("noisy-top-k"),
    select: { kind: "top-k", k: 2, bias: true },
    balance: [{ kind: "importance", weight: 0.1 }, { kind: "bias", rate: 0.01 }],
  },
  checkpoint: { path, every: 10 },
  store: memoryStore(),
});

/** What a test of little else is spared. */
const short = { evaluation: undefined, recipe: undefined, schedule: { peak: 3e-3 } };

/** Trains until a signal that comes after so many steps. */
function stopAfter(steps: number, options: TrainOptions): TrainOptions {
  const controller = new AbortController();
  const step = () => --steps === 0 && controller.abort(new Error("stop"));
  const progress = { start: () => {}, step, stop: () => {} };
  return { ...options, signal: controller.signal, progress };
}

Deno.test(
  "a resumed training is the unbroken one, and it learned",
  withDevice(async (_, device) => {
    const options = optionsOf();
    const whole = await trainModel(device, options);
    const pieces = optionsOf();
    for (const steps of [6, 9]) {
      await assertRejects(() => trainModel(device, stopAfter(steps, pieces)), Error, "stop");
    }
    const rest = await trainModel(device, pieces);
    assertEquals([whole.resumedFrom, rest.resumedFrom], [0, 17]);
    assertEquals([rest.losses, rest.evaluations], [whole.losses, whole.evaluations]);
    assertEquals(pieces.store.files.get(path), options.store.files.get(path));
    assertGreater(Object.keys(whole.losses[0].auxiliary).length, 0);
    const [before, after] = [whole.losses[0], whole.evaluations.at(-1)!];
    assertLess(after.loss, before.loss - 0.5);
    assertLess(after.floor!.told, after.loss);
    assertEquals(after.layers.length, 2);
    assertEquals(after.tokens, 2 * 2 * 16);
  }),
);

Deno.test(
  "the kernels of a checkpoint are replayed where its adapter is",
  withDevice(async (_, device) => {
    const options = { ...optionsOf(), ...short, steps: 4 };
    const kernels = guessedKernels(device);
    // Another variant of the same family: it changes times and never values.
    const other = { ...kernels, gemm: { ...kernels.gemm, rows: kernels.gemm.rows / 2 } };
    await assertRejects(
      () => trainModel(device, stopAfter(1, { ...options, kernels: other })),
      Error,
      "stop",
    );
    await trainModel(device, { ...options, kernels });
    const kept = (await openCheckpoint(path, options))!;
    assertEquals([kept.steps, kept.kernels], [4, choiceWords(other)]);
    const plain = { ...options, store: memoryStore(), kernels };
    await trainModel(device, plain);
    assertEquals((await openCheckpoint(path, plain))!.log, kept.log);
  }),
);

Deno.test(
  "a checkpoint of another seed or model is refused, and stays",
  withDevice(async (_, device) => {
    const options = { ...optionsOf(), ...short, steps: 2 };
    await trainModel(device, options);
    const bytes = options.store.files.get(path);
    const refused = async (other: Partial<TrainOptions>) =>
      (await assertRejects(() => trainModel(device, { ...options, ...other }), UserError)).message;
    assertEquals(
      await refused({ weightSeed: 2 }),
      "Cannot resume from r.safetensors: found 1 as weightSeed, wanted 2; another path begins a " +
        "training anew",
    );
    const wider = { ...options.model, layers: 3 };
    assert((await refused({ model: wider })).includes("found 2 as model.layers, wanted 3"));
    assertEquals(options.store.files.get(path), bytes);
  }),
);

Deno.test(
  "masked tokens are learned by a model that sees both sides, and they alone count",
  withDevice(async (_, device) => {
    const options = { ...optionsOf(), ...short, checkpoint: undefined };
    const { evaluations, losses } = await trainModel(device, {
      ...options,
      ...{ objective: "masked", steps: 12, read: 1, evaluation: { batches: 2 } },
    });
    assertLess(losses[11].loss, losses[0].loss);
    assertEquals(evaluations.map(({ step, tokens }) => [step, tokens]), [[12, 2 * 2 * 2]]);
  }),
);

Deno.test(
  "a vocabulary that does not hold the corpus is refused",
  withDevice(async (_, device) => {
    const { model, ...options } = optionsOf();
    const narrow = { ...model, embedding: { ...model.embedding, vocab: 128 } };
    const refused = await assertRejects(
      () => trainModel(device, { ...options, model: narrow }),
      UserError,
    );
    assertEquals(
      refused.message,
      `Cannot train tiny on ${options.corpus.id}: found a vocabulary of 128, wanted 256 or more`,
    );
  }),
);

Deno.test(
  "weights that overflow are blamed on their layer",
  withDevice(async (_, device) => {
    const options = { ...optionsOf(), ...short, steps: 16 };
    await assertRejects(() => trainModel(device, stopAfter(10, options)), Error, "stop");
    const file = (await options.store.open(path))!;
    const header = await openSafetensors(file, { source: path });
    const tensors = Object.fromEntries(
      await Promise.all(
        [...header.tensors].map(async ([name, entry]) =>
          [name, await readSafetensors(file, entry)] as const
        ),
      ),
    );
    const name = "parameters.layers.1.moe.router";
    const weights = valuesOfSafetensors(tensors[name]) as Float32Array;
    // Such weights are finite, and their sums are not.
    tensors[name] = safetensorsOf(weights.map((w) => 3e38 * Math.sign(w)), tensors[name].shape);
    await writeWhole(path, safetensorsPieces(tensors, header.metadata), options);
    const ended = await assertRejects(() => trainModel(device, options), UserError);
    assert(
      ended.message.includes("in step 12, first in the router of layer 1 of 2"),
      ended.message,
    );
    assert(ended.message.includes("r.safetensors holds step 11"), ended.message);
  }),
);
