/** Which models a scheme takes, and names that released models have beside a trainer's. */
import { assertEquals, assertThrows } from "@std/assert";
import {
  branchTrainMix,
  checkSources,
  newWeights,
  schemeById,
  schemeRecipes,
  upcycle,
} from "../../../../core/train/schemes/mod.ts";
import { smallMoe } from "../../nn/small_models.ts";
import { smallDense, smallSerial } from "./small_dense.ts";

const dense = { name: "a", model: smallDense().model };
const { attention } = dense.model;
const sparse = { name: "s", model: smallMoe() };

Deno.test("every scheme takes its kind of sources and refuses the others", () => {
  const right = { "dense": [dense], "several dense": [dense, dense], "sparse": [sparse] };
  const all = { ...right, sizes: [dense] };
  for (const row of schemeRecipes) {
    checkSources(row, all[row.from]);
    for (const [from, sources] of Object.entries(right)) {
      if (from === row.from || (row.from === "sizes" && from === "dense")) continue;
      assertThrows(() => checkSources(row, sources), TypeError, `model by ${row.id}: found`);
    }
    assertThrows(() => checkSources(row, []), TypeError, "found 0 sources");
  }
});

Deno.test("sources that differ are named with both values; serial blocks are no BAM's", () => {
  const other = {
    name: "b",
    model: smallDense(1, { attention: { ...attention, headDim: 16 } }).model,
  };
  assertThrows(
    () => checkSources(schemeById("btx"), [dense, other]),
    TypeError,
    "found 16 as attention.headDim of b, wanted 8 as a has",
  );
  const serial = { name: "c", model: smallSerial().model };
  assertThrows(() => checkSources(schemeById("bam"), [serial, serial]), TypeError, "serial blocks");
  checkSources(schemeById("btx"), [serial, serial]);
  const latent = { ...dense.model, attention: { ...attention, kind: "mla" } };
  assertThrows(
    () => checkSources(schemeById("sparse-upcycling"), [{ name: "d", model: latent as never }]),
    TypeError,
    'found attention "mla" in d',
  );
});

Deno.test("norms of queries and keys are copied or averaged, as other norms are", () => {
  const { model } = smallSerial(1, { attention: { ...attention, qkNorm: "head" } });
  const [a, b] = [1, 2].map((seed) => {
    const made = newWeights(model, { seed });
    const name = "layers.1.attention.qNorm";
    const data = made.weights[name].data.map(() => seed);
    return { model, weights: { ...made.weights, [name]: { ...made.weights[name], data } } };
  });
  const mixed = branchTrainMix([a, b], { topK: 1, seed: 1 });
  assertEquals([...mixed.weights["layers.1.attention.qNorm"].data], new Array(8).fill(1.5));
  const copied = upcycle(b, { experts: 2, topK: 1, seed: 1 });
  assertEquals([...copied.weights["layers.1.attention.qNorm"].data], new Array(8).fill(2));
  assertEquals(copied.model.ffn, undefined, "no layer has a dense network any more");
});
