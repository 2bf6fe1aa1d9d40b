/** The weights of every preset, one by one, are all its parameters. */
import { assert, assertEquals } from "@std/assert";
import { modelPreset, modelPresets, modelWeights, parameters } from "../../../core/spec/mod.ts";

const elements = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

Deno.test("the weights of every preset hold all its parameters, each under a name of its own", () => {
  for (const model of modelPresets()) {
    const weights = modelWeights(model);
    const total = weights.reduce((sum, { shape }) => sum + elements(shape), 0);
    assertEquals(total, parameters(model).total, model.id);
    assertEquals(new Set(weights.map(({ name }) => name)).size, weights.length, model.id);
  }
});

Deno.test("what is known by shape is told by shape, the rest as one", () => {
  const of = (id: string, name: string) =>
    modelWeights(modelPreset(id)).find((weight) => weight.name === name)?.shape;
  assertEquals(of("qwen3-30b-a3b", "layers.3.attention.k"), [2048, 512]);
  assertEquals(of("olmoe", "head"), [50304, 2048]);
  assertEquals(of("arctic", "layers.0.ffn.up")?.slice(0, 2), [2, 7168]);
  assertEquals(of("tiny", "head"), undefined, "the token table is the output layer");
  assert(of("deepseek-v3", "layers.0.attention")?.length === 1, "latent attention is one");
});
