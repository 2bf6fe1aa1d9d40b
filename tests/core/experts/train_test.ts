/** What works do between the steps of a training. */
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { expertImages } from "../../../core/experts/image.ts";
import { imageBatch } from "../../../core/experts/image_data.ts";
import { impactOf, makeStatic, positionImpact } from "../../../core/experts/impact.ts";
import type { ExpertRecipe } from "../../../core/experts/recipe.ts";
import { expertRecipeById } from "../../../core/experts/recipes.ts";
import { trainExperts } from "../../../core/experts/train.ts";
import { runProgramOnHost } from "../../../core/programs/host_program.ts";
import { runProgram } from "../../../core/programs/train_program.ts";
import { openDevice } from "../../../kernels/device.ts";
import { image, smallCase } from "./programs.ts";

Deno.test("static positions are those of least impact, and stay static", () => {
  const numbers = (min: number) =>
    fc.array(fc.double({ min, max: 9, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(numbers(0), fc.double({ min: 0, max: 1, noNaN: true }), (impact, share) => {
      const before = impact.map((_, i) => i % 3 === 0 ? 0 : 1);
      const after = makeStatic(before, impact, { share });
      const still = before.filter((v) => v === 0).length;
      const wanted = Math.max(still, Math.round(share * impact.length));
      assertEquals(after.filter((v) => v === 0).length, wanted);
      const turned = [...after.keys()].filter((i) => before[i] === 1 && after[i] === 0);
      const kept = [...after.keys()].filter((i) => after[i] === 1);
      for (const i of turned) for (const j of kept) assert(impact[i] <= impact[j]);
      before.forEach((v, i) => assert(v === 1 || after[i] === 0));
    }),
    { seed: 1, numRuns: 200 },
  );
  assertThrows(() => makeStatic([1], [1, 2], { share: 0.5 }), RangeError, "one each");
});

Deno.test("the impact of a position is that of all experts, wherever their matrices lie", () => {
  // Two experts of [2, 1]: side by side for up, below each other for down.
  const shape = [2, 1] as const;
  const beside = Float32Array.of(1, 10, 2, 20);
  assertEquals([...positionImpact(beside, { experts: 2, shape, down: false })], [11, 22]);
  const below = Float32Array.of(1, 2, 10, 20);
  assertEquals([...positionImpact(below, { experts: 2, shape, down: true })], [11, 22]);
});

Deno.test("impact is the change of the loss per share of a weight", async () => {
  const device = await openDevice();
  const { program, batch } = smallCase(expertRecipeById("experts-partial"), 1);
  const name = "blocks.1.experts.up";
  const { values } = await valuesOf(device, program, batch);
  const { gpu } = device;
  const create = gpu.createBuffer.bind(gpu);
  const live = new Set<string>();
  let made = 0;
  gpu.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const label = `${made++} ${buffer.label}`;
    live.add(label);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      live.delete(label);
      destroy();
    };
    return buffer;
  };
  const impact = await impactOf(device, program, { names: [name], values, batch, seed: 1 });
  gpu.createBuffer = create;
  assert(made > 0);
  const own = [...live].filter((label) => !label.endsWith("read-back"));
  assertEquals(own, [], "all is given back but the buffer that the device reads through");
  const at = impact[name].indexOf(Math.max(...impact[name]));
  const lossAt = (factor: number) => {
    const moved = Float64Array.from(values[name]);
    moved[at] *= factor;
    const run = { seed: 1, batch, values: { ...values, [name]: moved }, training: true };
    return runProgramOnHost(program, run).loss.data[0];
  };
  const wanted = Math.abs((lossAt(1 + 1e-4) - lossAt(1 - 1e-4)) / 2e-4);
  assertLess(Math.abs(impact[name][at] - wanted), 1e-3 * wanted);
  device.close();
});

async function valuesOf(
  device: Awaited<ReturnType<typeof openDevice>>,
  program: ReturnType<typeof smallCase>["program"],
  batch: ReturnType<typeof smallCase>["batch"],
) {
  const recipe: ExpertRecipe = { ...expertRecipeById("experts-partial"), training: undefined };
  return await trainExperts(device, recipe, {
    ...{ program: () => program, steps: 1, seed: 1, rate: 1e-3, batch: () => batch },
  });
}

Deno.test("PAD-Net ends with the share of static positions that it is to have", async () => {
  const device = await openDevice();
  const recipe = expertRecipeById("experts-partial");
  const { program, batch } = smallCase(recipe, 1);
  const { values, losses } = await trainExperts(device, {
    ...recipe,
    training: { kind: "partial", every: 3, share: 0.5 },
  }, { program: () => program, steps: 9, seed: 1, rate: 1e-3, batch: () => batch });
  assertEquals(losses.length, 9);
  for (const name of ["up", "gate", "down"]) {
    const mask = values[`blocks.1.experts.${name}_dynamic`];
    assertEquals(mask.filter((v) => v === 0).length, mask.length / 2, name);
  }
  device.close();
});

Deno.test("an attack raises the loss, and router and experts learn by turns", async () => {
  const device = await openDevice();
  const recipe = expertRecipeById("experts-adversarial");
  const task = { ...image, images: 8, seed: 1 };
  const sizes = { ...image, images: 8 };
  const batch = { ...imageBatch(task, "one") };
  const program = (options?: { attacked?: boolean }) => expertImages(recipe, sizes, options);
  const attacked = program({ attacked: true });
  const moved = { moved: new Float32Array(8 * 25) };
  const options = { seed: 1, batch };
  const clean = await runProgram(device, attacked, { ...options, values: moved });
  const adversarial = { kind: "adversarial" as const, turn: 1, strength: 0.05 };
  const told = { program, seed: 1, rate: 1e-2, batch: () => batch };
  const first = await trainExperts(device, { ...recipe, training: adversarial }, {
    ...{ ...told, steps: 1 },
  });
  // The first step's loss is that of attacked images under the first values.
  const balance = runProgramOnHost(program(), { ...options, training: true });
  const extra = balance.loss.data[0] - balance.figures!.ofImages.data[0];
  assertLess(-clean.loss, first.losses[0] - extra);
  const both = await trainExperts(device, { ...recipe, training: adversarial }, {
    ...{ ...told, steps: 2 },
  });
  const same = (name: string) => both.values[name].every((v, i) => v === first.values[name][i]);
  assert(same("experts.up") && same("stem"), "experts rest in the router's turn");
  assert(!same("experts.gate.router"), "the router learns in its turn");
  device.close();
});
