/** A walk over all kinds of experts on the device: each learns, and all of it. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { expertRecipes } from "../../../core/experts/recipes.ts";
import { trainExperts } from "../../../core/experts/train.ts";
import { firstValues } from "../../../core/nn/parameters.ts";
import { kindSizes, sizedKinds } from "../../../experiments/experts/expert_kinds.ts";
import { kindParameters, type KindValues } from "../../../experiments/experts/kind_parameters.ts";
import { taskOfKind } from "../../../experiments/experts/kind_runs.ts";
import { openDevice } from "../../../kernels/device.ts";

/** Losses at either end that are compared: as often as each batch comes. */
const EDGE = 4;

/** Steps, and what is left of the loss on batches that come again: half of it in text, less of images. */
const walks = { text: { steps: 16, left: 0.5 }, image: { steps: 24, left: 0.9 } } as const;

const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;

const values: KindValues = {
  ...Object.fromEntries(
    Object.entries(kindParameters).map(([name, { quick }]) => [name, quick]),
  ) as KindValues,
  ...{ dModel: 16, experts: 4, width: 16, length: 16, images: 8, imageRows: 5 },
};

Deno.test("every kind learns two batches, with all of its parameters", async (t) => {
  const device = await openDevice();
  const sizes = kindSizes(values);
  const known = [...sizedKinds("text", sizes), ...sizedKinds("image", sizes)];
  for (const recipe of expertRecipes) {
    const kind = known.find((one) => one.recipe.id === recipe.id)!;
    const { steps, left } = walks[recipe.where === "image" ? "image" : "text"];
    await t.step(recipe.id, async () => {
      const training = { steps, heldOut: 0, rate: 2e-2 };
      const task = taskOfKind({ kind, seed: 1, training });
      const batches = [0, 1].map(task.batch);
      const batch = (step: number) => batches[step % 2];
      const { losses, values } = await trainExperts(device, kind.recipe, { ...task, batch });
      assertEquals(losses.length, steps);
      assertLess(mean(losses.slice(-EDGE)), left * mean(losses.slice(0, EDGE)));
      // What no gradient comes to is not updated.
      for (const [name, one] of Object.entries(task.program().parameters)) {
        const was = firstValues(one, { seed: 1, name });
        assert(was.some((v, i) => v !== values[name][i]), `${name} was not trained`);
      }
    });
  }
  device.close();
});
