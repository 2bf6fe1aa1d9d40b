/**
 * A walk over all models of applications on the device: each has the gradient of its surrogate, and
 * each learns.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { applicationRecipes, taskOf } from "../../../core/applications/table.ts";
import { programGradientError } from "../../../core/programs/program_gradient.ts";
import { trainProgram } from "../../../core/programs/train_program.ts";
import { openDevice } from "../../../kernels/device.ts";
import { assertFalls, gradientErrorOf, STEPS } from "../derivatives/walk.ts";

const small = { dModel: 8, heads: 2, hidden: 4, experts: 4, samples: 4 };

Deno.test("the gradient of every application on the device is that of its surrogate", async (t) => {
  const device = await openDevice();
  for (const recipe of applicationRecipes) {
    await t.step(recipe.id, async () => {
      const made = recipe.program(small);
      await gradientErrorOf(recipe.id, (seed) => {
        const batch = taskOf(recipe).batch(small, { seed, step: 0, part: "training" });
        return programGradientError(device, made, { seed, batch });
      });
    });
  }
  device.close();
});

Deno.test("every application learns: the last losses of 50 steps lie below the first", async (t) => {
  const device = await openDevice();
  for (const recipe of applicationRecipes) {
    await t.step(recipe.id, async () => {
      const task = taskOf(recipe);
      const sizes = { ...small, dModel: 16, hidden: 16, samples: 8 * task.scale.samples };
      const { losses } = await trainProgram(device, recipe.program(sizes), {
        ...{ seed: 1, steps: STEPS, schedule: { peak: 1e-2 * task.scale.rate, warmup: 5 } },
        batch: (step) => task.batch(sizes, { seed: 1, step, part: "training" }),
      });
      assertEquals(losses.length, STEPS);
      assertFalls(losses);
    });
  }
  device.close();
});
