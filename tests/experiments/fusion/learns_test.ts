/** Every fuser learns from specialists: on new text it is better than the mean of their predictions. */
import { assertEquals, assertLess } from "@std/assert";
import { createProgramTrainer } from "../../../core/programs/program_trainer.ts";
import { fuserProgram } from "../../../core/train/schemes/fuse.ts";
import { fuserWays } from "../../../experiments/fusion/fusers.ts";
import { fuserLosses } from "../../../experiments/fusion/train_fusers.ts";
import { evenLosses } from "../../../experiments/fusion/ways.ts";
import { openDevice } from "../../../kernels/mod.ts";
import { specialists } from "./specialists.ts";

const shape = { sequences: 8, length: 8 };
const mean = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0) / x.length;

Deno.test("fusers beat the mean of specialists' predictions on text that they have not seen", async (t) => {
  const device = await openDevice();
  const unseen = specialists({ ...shape, seed: 99 });
  const even = mean(evenLosses(unseen.said));
  for (const way of fuserWays.filter(({ hidden }) => !hidden)) {
    await t.step(way.id, async () => {
      const program = fuserProgram({
        ...{ experts: 2, vocabulary: 3, tokens: 64, hidden: 16 },
        ...way.sizes(2),
      });
      const trainer = createProgramTrainer(device, program, { seed: 1 });
      const before = mean(await fuserLosses({ way, trainer }, unseen, { seed: 1, step: 0 }));
      for (let step = 0; step < 80; step++) {
        const text = specialists({ ...shape, seed: step });
        trainer.step(way.batch(text, { seed: 1, step }), { rate: 3e-2 });
      }
      const after = await fuserLosses({ way, trainer }, unseen, { seed: 1, step: 0 });
      trainer.close();
      assertEquals(after.length, 64);
      // The expert of the domain has 0.22, one of them alone 0.92, their mean 0.69.
      assertLess(mean(after), 0.7 * even, `${way.id} from ${before}`);
    });
  }
  device.close();
});
