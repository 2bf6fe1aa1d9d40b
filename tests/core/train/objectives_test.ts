/** What recipes do in training beside the loss: each on the device, with what it changes. */
import {
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
} from "@std/assert";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { recipeById } from "../../../core/gates/recipes.ts";
import type { Device } from "../../../kernels/device.ts";
import { createPool, download } from "../../../kernels/tensor.ts";
import {
  batch,
  kept,
  largest,
  mean,
  onOneDevice,
  type Run,
  steps,
  tokens,
  vocabulary,
  withTrainer,
} from "./objectives_run.ts";

/** A recipe whose router has no gradient but that of its training. */
const alone = (id: string): GateRecipe => ({
  ...{ ...recipeById(id), balance: [], weigh: { kind: "equal" } },
});

const cases: Record<string, (device: Device) => Promise<void>> = {
  async "THOR: a step has two passes through other experts, which come to agree"(device) {
    const recipe = recipeById("thor");
    await withTrainer(device, { recipe }, async (trainer) => {
      await steps(trainer, 1, 0);
      const first = await trainer.last();
      // At a rate of 0 an evaluation sees the same two passes: one plain, and the mean of both.
      const { losses_T, decoded_T } = await trainer.evaluate(batch);
      const other_T = losses_T.map((loss, t) =>
        -Math.log(2 * Math.exp(-decoded_T![t]) - Math.exp(-loss))
      );
      assertNotEquals(losses_T, other_T);
      assertAlmostEquals(first.loss, (mean(losses_T) + mean(other_T)) / 2, 1e-4);
      assertGreater(first.auxiliary.consistency, 1e-3);
      await steps(trainer, 20);
      assertLess((await trainer.last()).auxiliary.consistency, first.auxiliary.consistency / 2);
    });
    const after = (weight: number) =>
      withTrainer(
        device,
        { recipe: { ...recipe, training: { kind: "consistency", weight } } },
        async (trainer) => {
          await steps(trainer, 10);
          return (await trainer.last()).auxiliary.consistency / weight;
        },
      );
    assertLess(await after(100), await after(1e-6) / 2, "the term is trained");
  },

  async "THOR: gradients are the slope of the loss of both passes with its term"(device) {
    const training = { kind: "consistency", weight: 3 } as const;
    const run = { recipe: { ...recipeById("thor"), training }, maxNorm: 1e6 };
    await withTrainer(device, run, async (trainer) => {
      const name = "layers.0.attention.norm";
      const { value } = trainer.parameters[name];
      const pool = createPool(device);
      const [start] = await download(device, [value]);
      const loss = async (shift: number) => {
        pool.write(value, start.map((v, i) => v + (i % 2 === 0 ? shift : -shift)));
        trainer.steps = 0;
        await steps(trainer, 1, 0);
        const { loss, auxiliary } = await trainer.last();
        return loss + auxiliary.consistency;
      };
      const [h, wide] = [1e-2, 2e-2];
      const slope = async (h: number) => (await loss(h) - await loss(-h)) / (2 * h);
      // Richardson's extrapolation takes out what the third derivative adds.
      const wanted = (4 * await slope(h) - await slope(wide)) / 3;
      const tensors = trainer.tensors();
      pool.write(tensors[`m.${name}`], new Float32Array(start.length));
      await loss(0);
      const { [`m.${name}`]: m } = await kept(device, trainer, `m.${name}`);
      const found = 10 * m.reduce((all, v, i) => all + (i % 2 === 0 ? v : -v), 0);
      assertGreater(Math.abs(wanted), 1e-2);
      assertAlmostEquals(found, wanted, 5e-3 * Math.abs(wanted));
    });
  },

  async "RL-R: the loss of each token reaches the router, and the baseline follows"(device) {
    const recipe = alone("rl-r");
    const routers = (run: Run) =>
      withTrainer(device, run, async (trainer) => {
        await steps(trainer, 1);
        const { loss } = await trainer.last();
        const found = trainer.tensors()["state.reinforce.baseline"];
        const baseline = found && (await download(device, [found]))[0][0];
        return { m: await kept(device, trainer, "m.layers.0.gate"), loss, baseline };
      });
    const trained = await routers({ recipe });
    assertGreater(largest(trained.m["m.layers.0.gate.router"]), 1e-5);
    assertAlmostEquals(trained.baseline!, 0.9 * Math.log(vocabulary) + 0.1 * trained.loss, 1e-5);
    const not = await routers({ recipe: { ...recipe, training: undefined } });
    assertEquals(largest(not.m["m.layers.0.gate.router"]), 0);
  },

  async "FLEXTRON: the model of the loss learns, then it is frozen and the router learns"(device) {
    const run = { recipe: alone("flextron"), stepsTotal: 80 };
    await withTrainer(device, run, async (trainer) => {
      const routers = () => kept(device, trainer, "parameters.layers.0.gate.");
      const beginning = await routers();
      await steps(trainer, 10);
      const early = (await trainer.last()).auxiliary["surrogate error"];
      await steps(trainer, 30);
      const late = await trainer.last();
      assertLess(late.auxiliary["surrogate error"], early / 2);
      assertEquals(await routers(), beginning);
      const learned = await kept(device, trainer, "surrogate.");
      await steps(trainer, 3);
      const tuned = await trainer.last();
      assertEquals(Object.keys(tuned.auxiliary), ["expected loss"]);
      assertEquals(await kept(device, trainer, "surrogate."), learned);
      assertNotEquals(await routers(), beginning);
    });
  },

  async "DYNMoE: an expert nobody wants is switched off, one is switched on where none is found"(
    device,
  ) {
    const recipe: GateRecipe = {
      ...{ ...recipeById("dynmoe"), training: { kind: "grow", every: 3, share: 1 } },
    };
    await withTrainer(device, { recipe }, async (trainer) => {
      const pool = createPool(device);
      const at = "layers.0.";
      const thresholds = trainer.parameters[`${at}gate.thresholds`].value;
      const state = async (name: string) => {
        const [values] = await download(device, [trainer.states[`${at}state.${name}`]]);
        return [...values];
      };
      // Expert 2 is above its threshold for nobody, the others for everybody.
      pool.write(thresholds, Float32Array.of(-30, -30, 30, -30));
      await steps(trainer, 2);
      assertEquals(await state("wanted"), [2 * tokens, 2 * tokens, 0, 2 * tokens]);
      await steps(trainer, 1);
      assertEquals(await state("alive"), [1, 1, 0, 1]);
      assertEquals([await state("wanted"), await state("without")], [[0, 0, 0, 0], [0]]);
      // Now nobody finds any. The first of the unwanted stays, the next place gets a new expert.
      pool.write(thresholds, Float32Array.of(30, 30, 30, 30));
      await steps(trainer, 2, 0);
      const missed = await state("missed");
      assertEquals(await state("without"), [2 * tokens]);
      const before = await kept(device, trainer, "layers.0.");
      await steps(trainer, 1, 0);
      assertEquals(await state("alive"), [1, 1, 0, 0]);
      const after = await kept(device, trainer, "layers.0.");
      const d = 24;
      const length = Math.hypot(...missed);
      after[`parameters.${at}gate.experts`].subarray(d, 2 * d)
        .forEach((v, i) => assertAlmostEquals(v, missed[i] / length, 1e-4));
      assertEquals([...after[`parameters.${at}gate.thresholds`]], [30, 0, 30, 30]);
      for (const name of ["moe.up", "moe.down"]) {
        const [old, now] = [before, after].map((all) => all[`parameters.${at}${name}`]);
        const each = now.length / 4;
        for (const e of [0, 1, 2, 3]) {
          const [was, is] = [old, now].map((all) => all.subarray(e * each, (e + 1) * each));
          if (e !== 1) assertEquals(is, was, `${name} of expert ${e}`);
          else assertNotEquals(is, was, name);
          const moment = after[`m.${at}${name}`].subarray(e * each, (e + 1) * each);
          if (e === 1) assertEquals(largest(moment), 0);
        }
      }
      await steps(trainer, 2, 0);
      const [, found] = await state("wanted");
      assertGreater(found, tokens, "the new expert is found");
      const { layers } = await trainer.evaluate(batch);
      assertEquals([layers[0].wanted_E[2], layers[0].wanted_E[3]], [0, 0]);
    });
  },

  async "StableMoE freezes its light router in stage 2; EvoMoE's experts become fewer"(device) {
    const run = { recipe: recipeById("stable-moe"), stepsTotal: 40 };
    await withTrainer(device, run, async (trainer) => {
      const light = () => kept(device, trainer, "gate.light_");
      const beginning = await light();
      await steps(trainer, 4);
      const taught = await light();
      assertNotEquals(taught, beginning);
      const router = await kept(device, trainer, "parameters.layers.0.gate.router");
      await steps(trainer, 6);
      assertEquals(await light(), taught);
      assertNotEquals(await kept(device, trainer, "parameters.layers.0.gate.router"), router);
    });
    await withTrainer(device, { recipe: recipeById("evomoe"), stepsTotal: 8 }, async (trainer) => {
      const chosen = async () => mean((await trainer.evaluate(batch)).layers[0].wanted_E) / tokens;
      const dense = await chosen();
      await steps(trainer, 4, 0);
      const half = await chosen();
      await steps(trainer, 4, 0);
      assertGreater(dense, 0.95);
      assertLess(half, dense);
      assertLess(await chosen(), half);
    });
  },
};

onOneDevice("what recipes do in training", cases);
