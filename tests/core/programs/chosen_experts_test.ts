/** Decoders whose chosen experts compute alone: the gradient that they declare, and the same training. */
import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { recipeById } from "../../../core/gates/recipes.ts";
import type { ExpertCompute } from "../../../core/programs/chosen_experts.ts";
import { decoderProgram } from "../../../core/programs/decoder_program.ts";
import { programGradientError } from "../../../core/programs/program_gradient.ts";
import { trainProgram } from "../../../core/programs/train_program.ts";
import { withDevice } from "../../kernels/compare.ts";
import { ruleBatch, small } from "./small_decoder.ts";

const decoder = (id: string, compute: ExpertCompute) =>
  decoderProgram({ ...small, layers: 1 }, {
    experts: { recipe: recipeById(id), count: small.experts, compute },
    steps: small.steps,
  });

Deno.test(
  "the gradient of chosen experts is that of central differences, where some are dropped too",
  withDevice(async (_, device) => {
    for (const id of ["mixtral", "switch", "loss-free"]) {
      const program = decoder(id, "chosen");
      // A tie falls otherwise in 32 bits: then another seed is taken.
      let found: Awaited<ReturnType<typeof programGradientError>>;
      for (let seed = 1; seed <= 4 && found === undefined; seed++) {
        found = await programGradientError(device, program, { seed, batch: ruleBatch(seed) });
      }
      assertLess(found?.error ?? Infinity, 2e-4, `${id}: ${JSON.stringify(found?.derivatives)}`);
    }
  }),
);

Deno.test(
  "a training is the same whichever experts compute, but for the last bits",
  withDevice(async (_, device) => {
    const run = (compute: ExpertCompute) =>
      trainProgram(device, decoder("mixtral", compute), {
        ...{ seed: 3, steps: 40, batch: (step) => ruleBatch(1, step) },
      });
    const [all, chosen, again] = [await run("all"), await run("chosen"), await run("chosen")];
    assertEquals(chosen.losses, again.losses, "bit by bit under its seed");
    chosen.losses.slice(0, 10).forEach((loss, i) => assertAlmostEquals(loss, all.losses[i], 1e-4));
    assertLess(chosen.losses[39], 0.8 * chosen.losses[0]);
  }),
);
