/** Every scheme on the device: what its model gives before it is trained, and that it trains. */
import { assert, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import {
  branchAttendMix,
  hiddenUnits,
  networkAt,
  readWeights,
  schemeById,
  type SchemeModel,
  type SchemeRecipe,
  schemeRecipes,
  upcycle,
  type WeightedModel,
  writeWeights,
} from "../../../../core/train/schemes/mod.ts";
import { recipeById } from "../../../../core/gates/recipes.ts";
import { createTrainer, type Trainer } from "../../../../core/train/trainer.ts";
import type { Device } from "../../../../kernels/device.ts";
import { normals, split } from "../../../../kernels/base/random.ts";
import { withDevice } from "../../../kernels/compare.ts";
import { smallBatch } from "../../nn/small_models.ts";
import { smallDense } from "./small_dense.ts";

const sizes = { sequences: 2, length: 12, seed: 3 };
const batch = smallBatch(2, 12);
const dense = smallDense();

/** Makes a trainer that begins with weights, gives it to `use`, and closes it. */
async function begun<T>(
  device: Device,
  made: SchemeModel & { frozen?: (name: string) => boolean },
  use: (trainer: Trainer) => Promise<T>,
): Promise<T> {
  const { model, recipe, frozen } = made;
  const trainer = createTrainer(device, model, { ...sizes, recipe, frozen });
  try {
    writeWeights(device, trainer, made);
    return await use(trainer);
  } finally {
    trainer.close();
  }
}

const logitsOf = (device: Device, made: SchemeModel) =>
  begun(device, made, (trainer) => trainer.logits(batch));

const apartOf = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

/** What a scheme begins with where all of it is alike. */
const sourcesOf: Record<SchemeRecipe["from"], () => WeightedModel[]> = {
  "dense": () => [dense],
  "several dense": () => [dense, dense, dense],
  "sparse": () => [upcycle(dense, { experts: 4, topK: 2, seed: 1 })],
  "sizes": () => [dense],
};

/** Activations of a layer's units for inputs at random. */
const activations = (layer: number) =>
  hiddenUnits(networkAt(dense, layer), {
    ...{ x: normals(split(1, "inputs"), 40 * 24), activation: "swiglu" },
  });

const counts = [[3, 9, 1, 4], [2, 2, 8, 1]];
const options = { seed: 5, counts, activations, similarities: [0.2, 0.9] };

const madeBy = (row: SchemeRecipe) => row.apply(sourcesOf[row.from](), options);

Deno.test(
  "models that are alike give their logits under each scheme that says so, and under no other",
  withDevice(async (_, device) => {
    const wanted = await logitsOf(device, dense);
    assertLess(1, apartOf(wanted, new Float32Array(wanted.length)), "there is something to keep");
    for (const row of schemeRecipes) {
      const apart = apartOf(await logitsOf(device, madeBy(row)), wanted);
      if (row.sameAtStart) assertLess(apart, 1e-4, row.id);
      else assertLess(1e-2, apart, `${row.id}: ${row.whyNot}`);
      assertEquals(row.whyNot === undefined, row.sameAtStart, row.id);
    }
  }),
);

Deno.test(
  "BAM's three routings and two kinds of keys: same logits where weights sum to 1 alone",
  withDevice(async (_, device) => {
    const wanted = await logitsOf(device, dense);
    for (const kv of ["expert", "shared"] as const) {
      for (const topK of [undefined, 2, 1]) {
        for (const over of ["chosen", "all"] as const) {
          for (const gate of [undefined, "bam-ffn"]) {
            const routing = topK === undefined ? undefined : { topK, over };
            const recipe = gate === undefined ? undefined : recipeById(gate);
            const made = branchAttendMix([dense, dense, dense], { kv, routing, seed: 2, recipe });
            const apart = apartOf(await logitsOf(device, { ...made, recipe }), wanted);
            const same = gate === undefined && (topK === undefined || over === "chosen");
            const what = JSON.stringify({ kv, routing, gate });
            if (same) assertLess(apart, 1e-4, what);
            else assertLess(1e-2, apart, what);
          }
        }
      }
    }
  }),
);

Deno.test(
  "what a scheme freezes stays to the bit, and the rest learns",
  withDevice(async (_, device) => {
    for (const row of schemeRecipes.filter(({ frozen }) => frozen)) {
      const made = madeBy(row);
      await begun(device, { ...made, frozen: row.frozen }, async (trainer) => {
        for (let step = 0; step < 2; step++) trainer.step(batch, { rate: 1e-3, decay: 0.1 });
        const { loss } = await trainer.last();
        assert(Number.isFinite(loss), row.id);
        const { weights } = await readWeights(device, trainer, { model: made.model });
        for (const [name, { data }] of Object.entries(made.weights)) {
          if (row.frozen!(name)) assertEquals(weights[name].data, data, `${row.id}: ${name}`);
          else assertNotEquals(weights[name].data, data, `${row.id}: ${name}`);
        }
        assert(Object.keys(weights).some(row.frozen!), row.id);
      });
    }
  }),
);

Deno.test(
  "a model that is trained densely and used sparsely has one gate: with all experts it is the same",
  withDevice(async (_, device) => {
    const row = schemeById("ds-moe");
    const made = madeBy(row);
    const trained = await logitsOf(device, made);
    const used = recipeById(row.use!);
    const few = await logitsOf(device, { ...made, recipe: used });
    assertLess(1e-2, apartOf(few, trained));
    const all = { ...used, select: { kind: "top-k", k: 4 } } as const;
    assertLess(apartOf(await logitsOf(device, { ...made, recipe: all }), trained), 1e-4);
  }),
);
