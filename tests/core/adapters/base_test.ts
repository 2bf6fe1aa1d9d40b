import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { baseSizes, baseTensors, baseValues } from "../../../core/adapters/base.ts";
import { adapterBatch, adapterFrozen, adapterProgram } from "../../../core/adapters/program.ts";
import { createProgramTrainer } from "../../../core/programs/program_trainer.ts";
import { batchOf } from "../../../core/train/data/corpus.ts";
import { syntheticCorpus } from "../../../core/train/data/synthetic.ts";
import { createTrainer } from "../../../core/train/trainer.ts";
import { download } from "../../../kernels/tensor.ts";
import { withDevice } from "../../kernels/compare.ts";
import { smallModel } from "../nn/small_models.ts";
import { apart, bare } from "./small_base.ts";

const [sequences, length] = [2, 16];
const corpus = syntheticCorpus({ domains: 2 });

for (const activation of ["swiglu", "relu"]) {
  Deno.test(
    `a base that was trained gives the trainer's logits in the language, ${activation}`,
    withDevice(async (_, device) => {
      const model = smallModel({
        ...{ embedding: { vocab: 256, tied: activation === "relu" } },
        ffn: { width: 20, activation },
      });
      const trainer = createTrainer(device, model, { sequences, length, seed: 1 });
      for (let step = 0; step < 5; step++) {
        trainer.step(batchOf(corpus, { sequences, length, seed: 1, step }), { rate: 1e-2 });
      }
      const batch = batchOf(corpus, { sequences, length, seed: 1, step: 9 });
      const wanted = await trainer.logits(batch);
      const names = Object.keys(trainer.parameters);
      const found = await download(device, names.map((name) => trainer.parameters[name].value));
      const weights = Object.fromEntries(names.map((name, i) => [name, found[i]]));
      trainer.close();
      const values = baseValues(model, weights);
      assertEquals(Object.keys(values), Object.keys(baseTensors(model)));
      const adapted = { model, recipe: bare, sequences, length, tags: 2 };
      const program = createProgramTrainer(device, adapterProgram(adapted, { logits: true }), {
        ...{ seed: 1, values, frozen: adapterFrozen(adapted, "mixed") },
      });
      const { figures } = await program.run(adapterBatch(batch));
      program.close();
      const largest = apart(wanted, new Float32Array(wanted.length));
      assertLess(apart(figures.logits, wanted) / largest, 1e-5);
    }),
  );
}

Deno.test("a base that the language does not run is refused by its first field", () => {
  const refused = (changes: Record<string, unknown>) => () => baseSizes(smallModel(changes));
  const heads = { kind: "gqa", heads: 4, kvHeads: 2, headDim: 8 };
  assertThrows(
    refused({ attention: { ...heads, qkvBias: true } }),
    TypeError,
    "Cannot adapt small: found one as attention.qkvBias, wanted none",
  );
  assertThrows(refused({ norm: { kind: "layernorm" } }), TypeError, "found layernorm as norm.kind");
  assertThrows(refused({ block: "parallel" }), TypeError, "found parallel as block, wanted serial");
  assertThrows(
    () => baseValues(smallModel(), {}),
    RangeError,
    'Took over a base of small without "embedding"',
  );
});
