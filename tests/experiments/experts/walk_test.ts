/** A walk over all kinds of experts on the device: each learns. */
import { assertEquals, assertLess } from "@std/assert";
import { expertRecipes } from "../../../core/experts/recipes.ts";
import { trainExperts } from "../../../core/experts/train.ts";
import {
  kindParameters,
  kindSizes,
  type KindValues,
  sizedKinds,
} from "../../../experiments/experts/expert_kinds.ts";
import { taskOfKind } from "../../../experiments/experts/kind_runs.ts";
import { openDevice } from "../../../kernels/device.ts";

const EDGE = 10;

const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
const errorOfMean = (x: readonly number[]) =>
  Math.sqrt(x.reduce((s, v) => s + (v - mean(x)) ** 2, 0) / (x.length - 1) / x.length);

const values: KindValues = {
  ...Object.fromEntries(
    Object.entries(kindParameters).map(([name, { quick }]) => [name, quick]),
  ) as KindValues,
  ...{ dModel: 16, experts: 4, width: 16, length: 16, images: 8, imageRows: 5 },
};

Deno.test("every kind learns: the last losses of 50 steps lie below the first", async (t) => {
  const device = await openDevice();
  const sizes = kindSizes(values);
  const known = [...sizedKinds("text", sizes), ...sizedKinds("image", sizes)];
  for (const recipe of expertRecipes) {
    const kind = known.find((one) => one.recipe.id === recipe.id)!;
    await t.step(recipe.id, async () => {
      const training = { steps: 50, heldOut: 0, rate: 2e-2 };
      const task = taskOfKind({ kind, seed: 1, training });
      const { losses } = await trainExperts(device, kind.recipe, task);
      assertEquals(losses.length, 50);
      const [first, last] = [losses.slice(0, EDGE), losses.slice(-EDGE)];
      const error = Math.hypot(errorOfMean(first), errorOfMean(last));
      assertLess(mean(last) + 2 * error, mean(first));
    });
  }
  device.close();
});
