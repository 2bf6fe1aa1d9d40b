/**
 * A walk over all recipes on the device: each has the gradient that it declares, and each learns.
 *
 * @module
 */
import { assert, assertEquals, assertLess } from "@std/assert";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { gateRecipes } from "../../../core/gates/recipes.ts";
import { batchOf } from "../../../core/train/data/corpus.ts";
import { createTrainer } from "../../../core/train/trainer.ts";
import { arenaOf, sizeParameters } from "../../../experiments/training/arena.ts";
import { readText } from "../../../experiments/training/arena_text.ts";
import { sizedRuns } from "../../../experiments/training/sized_runs.ts";
import { type Device, openDevice } from "../../../kernels/device.ts";
import { createPool } from "../../../kernels/tensor.ts";
import { gateDerivatives } from "./gate_gradient.ts";

/** Of a gradient's length, for a direction of ones: what 32 bits leave, and no more. */
const tolerance = 2e-4;

/** Seeds to look for a batch without ties; device and host then choose the same experts. */
const seeds = [1, 2, 3, 4];

Deno.test("the gradient of every gate on the device is that of its surrogate", async (t) => {
  const device = await openDevice();
  const pool = createPool(device);
  for (const recipe of gateRecipes) {
    await t.step(recipe.id, async () => {
      for (const seed of seeds) {
        const found = await gateDerivatives(pool, recipe, seed);
        if (found === undefined) continue;
        for (const { name, device, wanted, length } of found) {
          const scale = Math.max(length, Math.abs(wanted), 1e-2);
          assertLess(
            Math.abs(device - wanted) / scale,
            tolerance,
            `by ${name}, seed ${seed}: ${device} on the device, ${wanted} by differences`,
          );
        }
        return;
      }
      throw new Error(`device and host chose other experts under seeds ${seeds.join(", ")}`);
    });
  }
  pool.trim();
  device.close();
});

const arena = arenaOf(
  {
    ...Object.fromEntries(
      Object.entries(sizeParameters).map(([name, { quick }]) => [name, quick]),
    ),
    ...{ layers: 1, dModel: 32, width: 32, experts: 8, sequences: 2, length: 64, steps: 50 },
  } as Parameters<typeof arenaOf>[0],
);

const EDGE = 10;

/** The losses of the first and of the last ten of 50 steps. */
async function edges(device: Device, recipe: GateRecipe): Promise<[number[], number[]]> {
  const objective = recipe.causal ? "next" : "masked";
  const [run] = sizedRuns(arena, recipe, { equal: "flops", objective, seeds: [1] });
  assert(!("outcome" in run), JSON.stringify(run));
  const { sequences, length, steps, domains } = arena.training;
  const corpus = await readText(arena.training);
  const trainer = createTrainer(device, run.model, {
    ...{ sequences, length, seed: 1, recipe: run.recipe, tags: domains, stepsTotal: steps },
    causal: recipe.causal,
  });
  const [first, last]: [number[], number[]] = [[], []];
  try {
    for (let step = 0; step < steps; step++) {
      trainer.step(batchOf(corpus, { sequences, length, seed: 1, step, objective }), {
        rate: 3e-3,
      });
      const side = step < EDGE ? first : step >= steps - EDGE ? last : undefined;
      side?.push((await trainer.last()).loss);
    }
  } finally {
    trainer.close();
  }
  return [first, last];
}

const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
const errorOfMean = (x: readonly number[]) =>
  Math.sqrt(x.reduce((s, v) => s + (v - mean(x)) ** 2, 0) / (x.length - 1) / x.length);

Deno.test("every gate learns: the last losses of 50 steps lie below the first", async (t) => {
  const device = await openDevice();
  for (const recipe of gateRecipes) {
    await t.step(recipe.id, async () => {
      const [first, last] = await edges(device, recipe);
      assertEquals([first.length, last.length], [EDGE, EDGE]);
      const error = Math.hypot(errorOfMean(first), errorOfMean(last));
      assertLess(mean(last) + 2 * error, mean(first));
    });
  }
  device.close();
});
