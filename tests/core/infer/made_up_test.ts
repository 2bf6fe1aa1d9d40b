import { assert, assertEquals } from "@std/assert";
import { modelTensors } from "../../../core/checkpoints/model_tensors.ts";
import { settingsFromHuggingFace } from "../../../core/checkpoints/settings.ts";
import { parameters } from "../../../core/spec/params.ts";
import { architectureNames, architectures, madeUp } from "./made_up/architectures.ts";
import { forward } from "./oracle/forward.ts";

const ids = [11, 48, 85, 25];

for (const name of architectureNames) {
  Deno.test(`${name}: the weights made up are as many as the description counts`, () => {
    const { model, tensors } = madeUp(name);
    const made = Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0);
    assertEquals(made, parameters(model, { convention: "all" }).total);
    for (const { shape, data } of Object.values(tensors)) {
      assertEquals(shape.reduce((a, b) => a * b, 1), data.length);
      assert(data instanceof Float32Array);
    }
  });

  Deno.test(`${name}: every weight takes part in the logits`, () => {
    const made = madeUp(name);
    const { logits } = forward(ids, made);
    assert(logits.every(Number.isFinite));
    for (const [weight, { shape, data }] of Object.entries(made.tensors)) {
      const tensors = {
        ...made.tensors,
        [weight]: { shape, data: data.map((value) => -value) },
      };
      const moved = forward(ids, { ...made, tensors }).logits;
      assert(moved.some((value, i) => Math.abs(value - logits[i]) > 1e-3), weight);
    }
  });
}

for (const name of architectureNames) {
  Deno.test(`${name}: a config.json is read as the settings and shapes that were worked out`, () => {
    const { config, settings, model, tensors } = madeUp(name);
    assertEquals(settingsFromHuggingFace(config, { id: name }), settings);
    const shapes = (list: { name: string; shape: readonly number[] }[]) =>
      Object.fromEntries(list.map(({ name, shape }) => [name, shape]));
    const made = Object.entries(tensors).map(([name, { shape }]) => ({ name, shape }));
    assertEquals(shapes(modelTensors(model, settings)), shapes(made));
  });
}

Deno.test("the same seed makes the same weights, whatever else a model has", () => {
  const again = (name: "mixtral" | "mixtral_windows", seed: number) =>
    madeUp(name, seed).tensors["layers.1.attention.k"].data;
  assertEquals(again("mixtral", 5), again("mixtral_windows", 5));
  assert(again("mixtral", 5)[0] !== again("mixtral", 6)[0]);
});

Deno.test("there is a small model of every kind of router, attention and stretched positions", () => {
  const all = architectureNames.map((name) => madeUp(name));
  const kinds = (values: (string | undefined)[]) => [...new Set(values)].sort();
  assertEquals(kinds(all.map(({ settings }) => settings.router?.score)), [
    ...["chosen", "sigmoid", "softmax", undefined],
  ]);
  assertEquals(kinds(all.map(({ settings }) => settings.rope.scaling?.kind)), [
    ...["linear", "llama3", "yarn", undefined],
  ]);
  assertEquals(kinds(all.map(({ model }) => model.attention.kind)), ["gqa", "mha", "mla"]);
  assertEquals(Object.keys(architectures).length, all.length);
});
