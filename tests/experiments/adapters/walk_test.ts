/**
 * A walk over all mixtures of adapters on the device: each has the gradient that it declares, each
 * learns, and none moves the base.
 *
 * @module
 */
import { assert, assertEquals, assertLess } from "@std/assert";
import { baseTensors } from "../../../core/adapters/base.ts";
import type { AdaptedModel } from "../../../core/adapters/places.ts";
import {
  adapterBatch,
  adapterFrozen,
  adapterProgram,
  adapterStages,
} from "../../../core/adapters/program.ts";
import { adapterControls, adapterRecipes } from "../../../core/adapters/recipes.ts";
import { sizedAdapters } from "../../../core/adapters/sizes.ts";
import type { Arrays } from "../../../core/arrays/arrays.ts";
import { createProgramTrainer } from "../../../core/programs/program_trainer.ts";
import { programGradientError } from "../../../core/programs/program_gradient.ts";
import type {
  ModelProgram,
  ProgramBatch,
  ProgramRun,
  ProgramValues,
} from "../../../core/programs/program.ts";
import { valuesOfTensor } from "../../../core/programs/program_memory.ts";
import { batchOf } from "../../../core/train/data/corpus.ts";
import { syntheticCorpus } from "../../../core/train/data/synthetic.ts";
import { denseProbe } from "../../../experiments/training/probe_model.ts";
import { split } from "../../../kernels/base/random.ts";
import { type Device, openDevice } from "../../../kernels/device.ts";

const all = [...adapterControls, ...adapterRecipes];

/** Of a gradient's length: what 32 bits leave through a whole model, and no more. */
const tolerance = 2e-4;

/** Seeds to look for a batch without ties; device and host then choose the same experts. */
const seeds = [1, 2, 3, 4];

/** The program with its base as constants: only what is trained is differentiated. */
function overConstants(program: ModelProgram, base: ProgramValues): ModelProgram {
  const parameters = Object.entries(program.parameters).filter(([name]) => !(name in base));
  return {
    ...program,
    parameters: Object.fromEntries(parameters),
    loss<A, I>(g: Arrays<A, I>, run: ProgramRun<A, I>) {
      const w = { ...run.w };
      for (const [name, values] of Object.entries(base)) {
        w[name] = g.constant(name, program.parameters[name].shape, () => values);
      }
      return program.loss(g, { ...run, w });
    },
  };
}

function smallBatch(seed: number, { sequences, length, model }: AdaptedModel): ProgramBatch {
  const stream = split(seed, "walk");
  const tokens = sequences * length;
  const ids = Uint32Array.from(
    { length: tokens + 1 },
    () => stream.int(0, model.embedding.vocab - 1),
  );
  const tags = Uint32Array.from({ length: tokens }, (_, t) => Math.floor(t / length) % 2);
  return {
    ...{ tokens: ids.slice(0, tokens), targets: ids.slice(1), tags },
    before: ids.slice(0, tokens).map((id, t) => t % length ? ids[t - 1] : id),
    clusters: tags.map((tag) => 1 - tag),
  };
}

Deno.test("the gradient of every mixture on the device is that of its surrogate", async (t) => {
  const device = await openDevice();
  const model = denseProbe({ layers: 1, dModel: 16, headDim: 8, vocab: 12 }, 12);
  for (const recipe of all.map((one) => sizedAdapters(one, 2))) {
    await t.step(recipe.id, async () => {
      const adapted = { model, recipe, sequences: 2, length: 8, tags: 2 };
      for (const seed of seeds) {
        const base = Object.fromEntries(
          Object.entries(baseTensors(model))
            .map(([name, one]) => [name, valuesOfTensor(name, one, { seed })]),
        );
        const found = await programGradientError(
          device,
          overConstants(adapterProgram(adapted), base),
          { seed, batch: smallBatch(seed, adapted) },
        );
        if (found === undefined) continue;
        const worst = found.derivatives.find(({ error }) => error === found.error);
        assertLess(found.error, tolerance, `seed ${seed}: ${JSON.stringify(worst)}`);
        assert(found.derivatives.filter((one) => one.wanted !== 0).length > 1, recipe.id);
        return;
      }
      throw new Error(`device and host chose other experts under seeds ${seeds.join(", ")}`);
    });
  }
  device.close();
});

/** One batch again and again: its loss falls in few steps, and says so at both ends. */
const [STEPS, EDGE] = [16, 4];

/** All losses of a training through its stages, and the base before and after. */
async function walk(device: Device, adapted: AdaptedModel) {
  const { model, recipe, sequences, length } = adapted;
  const corpus = syntheticCorpus({ domains: 2, seed: 2 });
  const batch = adapterBatch(batchOf(corpus, { sequences, length, seed: 1, step: 0 }));
  const base: ProgramValues = Object.fromEntries(
    Object.entries(baseTensors(model))
      .map(([name, one]) => [name, valuesOfTensor(name, one, { seed: 1 })]),
  );
  let values = base;
  const losses: number[] = [];
  const stages = adapterStages(recipe);
  for (const stage of stages) {
    const trainer = createProgramTrainer(device, adapterProgram(adapted, { stage }), {
      ...{ seed: 1, values, frozen: adapterFrozen(adapted, stage) },
    });
    for (let step = 0; step < STEPS / stages.length; step++) trainer.step(batch, { rate: 1e-2 });
    losses.push(...await trainer.losses());
    values = await trainer.values();
    trainer.close();
  }
  return { losses, base, values };
}

const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
const errorOfMean = (x: readonly number[]) =>
  Math.sqrt(x.reduce((s, v) => s + (v - mean(x)) ** 2, 0) / (x.length - 1) / x.length);

Deno.test("every mixture learns, and its base stays what it was, to the bit", async (t) => {
  const device = await openDevice();
  const model = denseProbe({ layers: 1, dModel: 16, headDim: 8, vocab: 256 }, 16);
  for (const recipe of all) {
    await t.step(recipe.id, async () => {
      const adapted = { model, recipe, sequences: 2, length: 16, tags: 2, steps: STEPS };
      const { losses, base, values } = await walk(device, adapted);
      const [first, last] = [losses.slice(0, EDGE), losses.slice(-EDGE)];
      assertEquals(losses.length, STEPS);
      const error = Math.hypot(errorOfMean(first), errorOfMean(last));
      assertLess(mean(last) + 2 * error, mean(first));
      for (const [name, was] of Object.entries(base)) {
        assert(Array.from(was).every((v, i) => v === values[name][i]), `${name} moved`);
      }
      const begun = adapterProgram(adapted).parameters;
      for (const [name, one] of Object.entries(begun)) {
        if (name in base || recipe.id === "adamix" || name.includes(".gate.")) continue;
        const was = valuesOfTensor(name, one, { seed: 1 });
        assert(was.some((v, i) => v !== values[name][i]), `${name} was not trained`);
      }
    });
  }
  device.close();
});
