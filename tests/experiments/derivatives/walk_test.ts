/**
 * A walk over all derivatives on the device: each has the gradient of its surrogate, and each learns.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { derivativeById, derivativeRecipes } from "../../../core/derivatives/table.ts";
import { programGradientError } from "../../../core/programs/program_gradient.ts";
import { trainProgram } from "../../../core/programs/train_program.ts";
import { type Device, openDevice } from "../../../kernels/device.ts";
import { ruleBatch, small } from "../../core/programs/small_decoder.ts";
import { assertFalls, gradientErrorOf, STEPS } from "./walk.ts";

/** The text before goes on by more steps than the new one: there is something to be told. */
const [BEFORE, AFTER] = [[0, 1, 2, 3], [4]];

Deno.test("the gradient of every derivative on the device is that of its surrogate", async (t) => {
  const device = await openDevice();
  for (const { id, program } of derivativeRecipes) {
    await t.step(id, async () => {
      const made = program(small);
      await gradientErrorOf(
        id,
        (seed) => programGradientError(device, made, { seed, batch: ruleBatch(seed) }),
      );
    });
  }
  device.close();
});

/** The losses of a derivative, begun with what it begins with. */
async function lossesOf(device: Device, id: string): Promise<number[]> {
  const recipe = derivativeById(id);
  const { rate = 1 } = recipe;
  const at = (peak: number) => ({ seed: 1, schedule: { peak, warmup: 5 } });
  const before = recipe.before && await trainProgram(device, recipe.before.program(small), {
    ...{ ...at(2e-2), steps: 40 },
    batch: (step) => ruleBatch(2, step, BEFORE),
  });
  const { losses } = await trainProgram(device, recipe.program(small), {
    ...{ ...at(2e-2 * rate), steps: STEPS, frozen: recipe.frozen },
    batch: (step) => ruleBatch(1, step, AFTER),
    values: before && recipe.before!.values(before.values, small),
  });
  return losses;
}

Deno.test("every derivative learns: the last losses of 50 steps lie below the first", async (t) => {
  const device = await openDevice();
  for (const { id } of derivativeRecipes) {
    await t.step(id, async () => {
      const losses = await lossesOf(device, id);
      assertEquals(losses.length, STEPS);
      assertFalls(losses);
    });
  }
  device.close();
});
