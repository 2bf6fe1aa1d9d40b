/** BTX with more experts: networks of further models, and nothing else of them. */
import { assertEquals, assertThrows } from "@std/assert";
import { branchTrainMix } from "../../../../core/train/schemes/mod.ts";
import { expertAt } from "../../../../core/train/schemes/networks.ts";
import { smallDense } from "./small_dense.ts";

const [seed, ...branches] = [1, 2, 3].map((one) => smallDense(one));
const sources = [seed, ...branches];

Deno.test("further networks are experts, and means are of the sources alone", () => {
  const options = { topK: 1, seed: 1 };
  const plain = branchTrainMix(sources, options);
  const more = branchTrainMix(sources, { ...options, extra: [seed, branches[1]] });
  assertEquals([plain.model.moe!.experts, more.model.moe!.experts], [3, 5]);
  for (const layer of [0, 1]) {
    const at = (expert: number) => expertAt(more, { layer, expert });
    assertEquals([at(3), at(4)], [at(0), at(2)]);
    assertEquals(at(1), expertAt(plain, { layer, expert: 1 }));
  }
  const means = Object.keys(plain.weights).filter((name) => !name.includes(".moe."));
  for (const name of means) assertEquals(more.weights[name], plain.weights[name], name);
});

Deno.test("further networks are of the same sizes", () => {
  const wider = smallDense(4, { ffn: { width: 32, activation: "swiglu" } });
  assertThrows(
    () => branchTrainMix(sources, { topK: 1, seed: 1, extra: [wider] }),
    TypeError,
    "ffn.width",
  );
});
