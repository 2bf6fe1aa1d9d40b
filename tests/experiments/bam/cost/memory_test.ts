/** The memory of a training of parallel blocks and attention experts, against what pools count. */
import { assert, assertEquals } from "@std/assert";
import { createTrainer } from "../../../../core/mod.ts";
import { variantModel, variants } from "../../../../experiments/bam/cost/variants.ts";
import { guessedKernels } from "../../../../kernels/mod.ts";
import { trainingMemory } from "../../../../sim/mod.ts";
import { withDevice } from "../../../kernels/compare.ts";

const cases = [
  { sizes: { layers: 2, dModel: 64, heads: 4, width: 136, vocab: 300 }, sequences: 2, length: 50 },
  { sizes: { layers: 1, dModel: 96, heads: 3, width: 200, vocab: 257 }, sequences: 1, length: 200 },
];

Deno.test(
  "the memory of every variant is predicted from its description",
  withDevice(async (_, device) => {
    const mirrors = Object.values(guessedKernels(device)).some((v) => v.source === "texture");
    for (const { sizes, sequences, length } of cases) {
      for (const variant of variants) {
        const model = variantModel(variant, sizes);
        const trainer = createTrainer(device, model, { sequences, length, seed: 1 });
        const ids = new Uint32Array(sequences * length).map((_, i) => i % 250);
        trainer.step({ ids, targets: ids }, { rate: 0 });
        await trainer.last();
        const { state, step } = trainer.bytes();
        trainer.close();
        const predicted = trainingMemory(model, { sequences, length, mirrors });
        const says = `${variant.id}: ${predicted.stepBytes} of ${step.held}`;
        assertEquals(predicted.stateBytes, state.held, variant.id);
        assert(Math.abs(predicted.stepBytes / step.held - 1) <= 0.02, says);
        assert(predicted.liveBytes <= predicted.stepBytes, says);
      }
    }
  }),
);
