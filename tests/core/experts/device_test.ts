/** Every kind of experts on the device: values and gradients are those of the host. */
import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { expertRecipeById, expertRecipes } from "../../../core/experts/recipes.ts";
import { runProgramOnHost } from "../../../core/programs/host_program.ts";
import type { ProgramValues } from "../../../core/programs/program.ts";
import { programGradientError } from "../../../core/programs/program_gradient.ts";
import { runProgram } from "../../../core/programs/train_program.ts";
import { split } from "../../../kernels/base/random.ts";
import { openDevice } from "../../../kernels/device.ts";
import { smallCase } from "./programs.ts";

/** Of a gradient's length, for a direction of ones: what 32 bits leave, and no more. */
const tolerance = 2e-4;

/** Seeds to look for a batch without ties. */
const seeds = [1, 2, 3, 4];

/** Half of the positions static, so that both kinds of weights are in use. */
function halfStatic(states: Record<string, { shape: readonly [number, number] }>): ProgramValues {
  return Object.fromEntries(
    Object.entries(states).filter(([name]) => name.endsWith("_dynamic")).map(([name, one]) => {
      const stream = split(1, name);
      return [name, Array.from({ length: one.shape[0] * one.shape[1] }, () => stream.int(0, 1))];
    }),
  );
}

Deno.test("the gradient of every kind of experts is that of central differences", async (t) => {
  const device = await openDevice();
  for (const recipe of expertRecipes) {
    await t.step(recipe.id, async () => {
      for (const seed of seeds) {
        const { program, batch } = smallCase(recipe, seed);
        const values = halfStatic(program.states ?? {});
        const found = await programGradientError(device, program, { seed, batch, values });
        if (found === undefined) continue;
        assertLess(found.error, tolerance, JSON.stringify(found.derivatives));
        const still = found.derivatives.filter(({ wanted }) => wanted === 0).map((d) => d.name);
        assertEquals(still, [], "parameters without an effect");
        return;
      }
      throw new Error(`device and host chose other experts under seeds ${seeds.join(", ")}`);
    });
  }
  device.close();
});

Deno.test("what experts give on the device is what they give on the host", async () => {
  const device = await openDevice();
  for (const id of ["experts-peer", "experts-heads", "experts-hyper", "experts-channels"]) {
    const { program, batch } = smallCase(expertRecipeById(id), 1);
    const options = { seed: 1, batch };
    const found = await runProgram(device, program, options);
    const { data: wanted } = runProgramOnHost(program, options).figures!.each;
    assertEquals(found.figures.each.length, wanted.length, id);
    found.figures.each.forEach((v, i) => assertLess(Math.abs(v - wanted[i]), 2e-5, id));
  }
  device.close();
});

Deno.test("rows of the table: ids are unique, and each says where it is from", () => {
  assertEquals(new Set(expertRecipes.map(({ id }) => id)).size, expertRecipes.length);
  for (const { id, arxiv, section, idea } of expertRecipes) {
    assertMatch(id, /^[a-z0-9-]+$/);
    assertMatch(section, /^(\d(\.\d){0,2}|later)$/, id);
    assertMatch(arxiv ?? "2407.06204", /^\d{4}\.\d{4,5}$/, id);
    assertMatch(idea, /\.$/, id);
  }
});
