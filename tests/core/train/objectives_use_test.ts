/** What recipes do in use, on the device; and that trainings repeat, recorded twice or resumed. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { domainPosterior, uniformPrior } from "../../../core/gates/decoding/posterior.ts";
import { recipeById } from "../../../core/gates/recipes.ts";
import { batchOf } from "../../../core/train/data/corpus.ts";
import { syntheticCorpus } from "../../../core/train/data/synthetic.ts";
import { createTrainer } from "../../../core/train/trainer.ts";
import type { Trainer } from "../../../core/train/trainer.ts";
import type { Device } from "../../../kernels/device.ts";
import { createPool } from "../../../kernels/tensor.ts";
import { smallMoe } from "../nn/small_models.ts";
import { batch, kept, largest, onOneDevice, sizes, steps, withTrainer } from "./objectives_run.ts";

/** The recipe of self-contrast with another rank. */
const ranked = (rank: number): GateRecipe => ({
  ...recipeById("scmoe-self-contrast"),
  decoding: { kind: "contrast", alpha: 0.1, beta: 0.5, rank },
});

const cases: Record<string, (device: Device) => Promise<void>> = {
  async "DEMix: the text so far tells its domain, and the mixture foretells like its expert"(
    device,
  ) {
    const corpus = syntheticCorpus({ domains: 2, seed: 3 });
    const text = { sequences: 4, length: 64, seed: 1 };
    const trainer = createTrainer(
      device,
      smallMoe({ embedding: { vocab: corpus.vocabulary, tied: true } }),
      { ...text, tags: 2, recipe: recipeById("demix") },
    );
    for (let step = 0; step < 60; step++) {
      trainer.step(batchOf(corpus, { ...text, step }), { rate: 1e-2 });
    }
    const held = batchOf(corpus, { ...text, step: 0, part: "held-out" });
    const { losses_T, decoded_T } = await trainer.evaluate(held);

    const byTag: Float32Array[] = [];
    for (const tag of [0, 1]) {
      const { losses_T } = await trainer.evaluate({ ...held, tags: held.tags.map(() => tag) });
      byTag.push(losses_T);
    }
    trainer.close();
    for (let at = 0; at < held.tags.length; at += text.length) {
      const sum = (x: ArrayLike<number>) =>
        Array.from(x).slice(at, at + text.length).reduce((all, v) => all + v, 0);
      const posterior = domainPosterior(byTag.map((losses) => -sum(losses)), uniformPrior(2));
      assertGreater(posterior[held.tags[at]], 0.9);
      // To find the domain costs what naming it would, at most.
      assertLess(sum(decoded_T!), sum(losses_T) + Math.log(2) + 1e-3);
      assertLess(sum(decoded_T!), sum(byTag[1 - held.tags[at]]));
    }
    assertNotEquals(Array.from(decoded_T!), Array.from(losses_T));
  },

  async "SCMoE: a contrast of 0 is the plain prediction, another is not"(device) {
    const recipe = recipeById("scmoe-self-contrast");
    const decoded = (beta: number) =>
      withTrainer(
        device,
        { recipe: { ...recipe, decoding: { kind: "contrast", alpha: 0.1, beta, rank: 3 } } },
        async (trainer) => {
          await steps(trainer, 5);
          const { losses_T, decoded_T } = await trainer.evaluate(batch);
          return largest(losses_T.map((loss, t) => decoded_T![t] - loss));
        },
      );
    assertLess(await decoded(0), 1e-4);
    assertGreater(await decoded(0.5), 1e-2);
    assertThrows(
      () => createTrainer(device, smallMoe(), { ...sizes, recipe: ranked(9) }),
      TypeError,
      "after the best 8",
    );
    const other: GateRecipe = { ...ranked(2), select: { kind: "sample", k: 1 } };
    assertThrows(
      () => createTrainer(device, smallMoe(), { ...sizes, recipe: other }),
      TypeError,
      '"top-k" can be',
    );
  },

  async "recorded twice, or resumed in any phase, each training gives the same bits"(device) {
    const training = { kind: "grow", every: 2, share: 1 } as const;
    const recipes = [
      recipeById("thor"),
      recipeById("rl-r"),
      recipeById("flextron"),
      { ...recipeById("dynmoe"), training },
      recipeById("stable-moe"),
    ];
    const total = 4;
    for (const recipe of recipes) {
      const run = { recipe, stepsTotal: total };
      const all = async (trainer: Trainer) => ({
        last: await trainer.last(),
        values: await kept(device, trainer, "."),
      });
      const whole = await withTrainer(device, run, async (trainer) => {
        await steps(trainer, total);
        return await all(trainer);
      });
      const again = await withTrainer(device, { ...run, recompute: true }, async (trainer) => {
        await steps(trainer, total);
        return await all(trainer);
      });
      assertEquals(again, whole, recipe.id);
      const half = await withTrainer(device, run, async (trainer) => {
        await steps(trainer, 3);
        return await kept(device, trainer, ".");
      });
      const rest = await withTrainer(device, run, async (trainer) => {
        const pool = createPool(device);
        const tensors = trainer.tensors();
        for (const [name, values] of Object.entries(half)) pool.write(tensors[name], values);
        trainer.steps = 3;
        await steps(trainer, 1);
        return await all(trainer);
      });
      assertEquals(rest, whole, recipe.id);
      assert(Number.isFinite(whole.last.loss));
    }
  },
};

onOneDevice("what recipes do in use", cases);
