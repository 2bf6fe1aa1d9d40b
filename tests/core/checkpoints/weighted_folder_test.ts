/** Models with their weights as folders: what is written is read back, in the layout that fits. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { openModelFolder } from "../../../core/checkpoints/folder.ts";
import { memoryFiles } from "../../../core/checkpoints/memory_files.ts";
import { gateName } from "../../../core/checkpoints/model_tensors.ts";
import type { RopeScaling, RunSettings } from "../../../core/checkpoints/run_settings.ts";
import { routerOfRecipe, trainedSettings } from "../../../core/checkpoints/trained_settings.ts";
import {
  readWeightedModel,
  writeWeightedModel,
} from "../../../core/checkpoints/weighted_folder.ts";
import { writeModelFolder } from "../../../core/checkpoints/write.ts";
import { gateRecipes, recipeById } from "../../../core/gates/recipes.ts";
import { newWeights } from "../../../core/train/schemes/mod.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { bam, mixedModels } from "../infer/made_up/bam.ts";
import { smallModel, smallMoe } from "../nn/small_models.ts";
import { DiskEnds, memoryStore } from "../train/memory_store.ts";
import { anyConfig, eighths } from "./drawn_configs.ts";

const sameBits = (a: Float32Array, b: Float32Array, what: string) =>
  assertEquals(new Uint32Array(a.slice().buffer), new Uint32Array(b.slice().buffer), what);

/** Which of the made-up models are those of an architecture. */
const architectures: Readonly<Record<string, string>> = {
  "BTX": "mixtral",
  "BTX with its gate": "mixtral",
};

Deno.test("models of every form are read as they were written, in the layout that fits", async () => {
  for (const [name, make] of Object.entries(mixedModels)) {
    const { model, weights, settings, recipe } = make();
    for (const maxShardBytes of [1000, 5e9]) {
      const files = memoryFiles();
      const options = { recipe, maxShardBytes, files };
      const written = await writeWeightedModel("x/some-model", { model, weights }, options);
      assertEquals(written.architecture, architectures[name], name);
      const own = written.architecture === undefined;
      assertEquals(written.layout, own ? "moelab" : "hugging-face");
      assertEquals(written.files.at(-1), own ? "moelab.json" : "config.json");
      assertEquals(written.files.length > 1 + 1, maxShardBytes < 1e9);

      const folder = await openModelFolder("x/some-model", { files });
      assertEquals(folder.settings, settings, name);
      assertEquals(folder.leftOut, []);
      if (own) assertEquals(folder.model, model);
      else assertEquals(folder.model.id, "some-model");
      const read = await readWeightedModel(folder);
      folder.close();
      // A config.json says what a gate does and not its name.
      assertEquals(read.recipe, own ? recipe : undefined);
      const named = own ? weights : Object.fromEntries(
        Object.entries(weights).map(([name, one]) => [name.replace(".gate.", ".moe."), one]),
      );
      assertEquals(Object.keys(read.weights).sort(), Object.keys(named).sort());
      for (const [weight, { shape, data }] of Object.entries(read.weights)) {
        assertEquals(shape, named[weight].shape);
        sameBits(data, named[weight].data, `${name} ${weight}`);
      }
    }
  }
});

Deno.test("a dense model of serial blocks is a Llama, one with biases of queries a Qwen2", async () => {
  const written = async (changes: Record<string, unknown>) => {
    const model = smallModel(changes);
    const files = memoryFiles();
    return (await writeWeightedModel("x", newWeights(model, { seed: 1 }), { files })).architecture;
  };
  const heads = { kind: "mha", heads: 3, headDim: 8 };
  assertEquals(await written({}), "llama");
  assertEquals(await written({ attention: heads }), "llama");
  assertEquals(await written({ attention: { ...heads, qkvBias: true, outBias: true } }), "llama");
  assertEquals(await written({ attention: { ...heads, qkvBias: true } }), "qwen2");
  assertEquals(await written({ attention: { ...heads, outBias: true } }), undefined);
  assertEquals(await written({ block: "parallel" }), undefined);
});

Deno.test("any folder is read, written in a layout that has all its parts, and read the same", async () => {
  const same = new Set<string>();
  await fc.assert(
    fc.asyncProperty(anyConfig, fc.boolean(), async (config, ours) => {
      const files = memoryFiles();
      await writeModelFolder("first", { config, files, values: eighths, dtype: "F32" });
      const first = await openModelFolder("first", { files });
      const { settings } = first;
      const source = await readWeightedModel(first);
      first.close();
      const layout = ours ? "moelab" : undefined;
      const written = await writeWeightedModel("second", source, { settings, files, layout });
      if (written.architecture === config.model_type) same.add(`${config.model_type}`);
      if (ours) assertEquals(written.layout, "moelab");
      const second = await openModelFolder("second", { files });
      assertEquals(second.settings, settings);
      assertEquals(second.tensors, first.tensors);
      const read = await readWeightedModel(second);
      for (const [name, { data }] of Object.entries(read.weights)) {
        sameBits(data, source.weights[name].data, name);
      }
      second.close();
    }),
    { seed: 1, numRuns: 40 },
  );
  for (const type of ["llama", "mixtral", "olmoe", "qwen3_moe"]) assert(same.has(type), type);
});

Deno.test("what a gate does in use is a router's settings, or is refused by what is more", () => {
  const model = smallMoe({ moe: { experts: 4, topK: 1, width: 12, activation: "swiglu" } });
  const said = (id: string, topK = 1) => {
    const recipe = recipeById(id);
    try {
      const { score, normalised, scale } = routerOfRecipe(
        { ...model, moe: { ...model.moe!, topK } },
        recipe,
      );
      return `${score} ${normalised} ${scale}`;
    } catch (error) {
      assert(error instanceof UserError);
      return /found (.*), wanted one like/.exec(error.message)![1];
    }
  };
  assertEquals(said("bam-ffn"), "softmax false 1");
  assertEquals(said("btx", 2), "softmax true 1");
  assertEquals(said("mixtral", 2), "softmax true 1");
  assertEquals(said("btx-soft", 4), "softmax false 1");
  assertEquals(said("btx"), "2 experts a token where the model has 1 as moe.topK");
  assertEquals(said("btx-soft"), "4 experts a token where the model has 1 as moe.topK");
  assertEquals(said("btx-switch"), "experts without room for all");
  assertEquals(said("btx-sample"), 'a choice "gumbel-best"');
  // Every other gate is one or the other, and never an error of another kind.
  const all = gateRecipes.map(({ id }) => [1, 2, 4, 8].map((topK) => said(id, topK)));
  assert(all.some((texts) => texts.some((text) => text.startsWith("sigmoid"))));

  const { router, ...rest } = trainedSettings(model);
  assertEquals(router, { score: "softmax", normalised: true, scale: 1, groupScore: "best" });
  assertEquals(rest, {
    ...{ normEps: 1e-6, rope: { theta: 10000, dim: 8, pairs: "halves" }, ends: [] },
    attentionScale: 1 / Math.sqrt(8),
  });
  assertEquals("router" in trainedSettings(smallModel()), false);
  assertEquals(gateName("layers.3.moe.router"), "layers.3.gate.router");
});

Deno.test("settings of a source stay, and its router where no gate is given", async () => {
  const model = smallMoe();
  const source = newWeights(model, { seed: 1 });
  const { router, ...base } = trainedSettings(model);
  const theirs = { ...base, normEps: 1e-5, rope: { ...base.rope, theta: 5e5 }, ends: [2] };
  const settingsOf = async (options: Parameters<typeof writeWeightedModel>[2]) => {
    const files = memoryFiles();
    await writeWeightedModel("x", source, { ...options, files });
    const { settings, close } = await openModelFolder("x", { files });
    close();
    return settings;
  };
  assertEquals(await settingsOf({ settings: theirs }), { ...theirs, router });
  const odd = { ...router!, normalised: false, scale: 2 };
  assertEquals(await settingsOf({ settings: { ...theirs, router: odd } }), {
    ...{ ...theirs, router: odd },
  });
});

Deno.test("what cannot be a folder is refused in a line before anything is written", async () => {
  const mixed = bam({ kv: "expert", gate: "bam-ffn" });
  const { model, weights, recipe } = mixed;
  const refused = async (
    source: Partial<typeof mixed>,
    options: Parameters<typeof writeWeightedModel>[2],
    message: string,
  ) => {
    const files = memoryFiles();
    const told = { recipe, ...options, files };
    const write = () => writeWeightedModel("x", { model, weights, ...source }, told);
    await assertRejects(write, UserError, message);
    assertEquals(files.contents.size, 0);
  };
  const { "layers.1.attention.q": q, ...without } = weights;
  await refused({ weights: without }, {}, "found no layers.1.attention.q, wanted [24, 96]");
  await refused(
    { weights: { ...weights, "layers.1.attention.q": { ...q, shape: [96, 24] } } },
    {},
    "found layers.1.attention.q as 2304 numbers of [96, 24], wanted [24, 96]",
  );
  await refused(
    { weights: { ...weights, "layers.0.gate.noise": q } },
    {},
    "which its forward pass",
  );
  await refused({}, { layout: "hugging-face" }, "found no architecture with all its parts");
  await refused({}, { recipe: recipeById("btx") }, "2 experts a token where the model has 1");
  const learned = { ...model.embedding, positions: { kind: "learned", length: 8 } } as const;
  await refused({ model: { ...model, embedding: learned } }, {}, "at embedding.positions found");
});

Deno.test("a folder that has a model is left as it is, and one that was cut is none", async () => {
  const { model, weights, recipe } = bam({ kv: "shared", gate: "bam-ffn" });
  const write = (files: ReturnType<typeof memoryStore>) =>
    writeWeightedModel("x", { model, weights }, { recipe, files, maxShardBytes: 20_000 });
  const whole = memoryStore();
  await write(whole);
  const needed = whole.operations;
  await assertRejects(() => write(whole), UserError, "found a moelab.json, wanted none there");
  for (let at = 0; at < needed; at += 9) {
    const files = memoryStore();
    files.endsAt = at;
    await assertRejects(() => write(files), DiskEnds);
    await assertRejects(() => openModelFolder("x", { files }), UserError, "found no config.json");
    files.endsAt = undefined;
    await write(files);
    (await openModelFolder("x", { files })).close();
  }
});

Deno.test("what a stopped writing left as one file does not stand beside shards", async () => {
  const { model, weights, recipe } = bam({ kv: "shared", gate: "bam-ffn" });
  const files = memoryFiles();
  await writeWeightedModel("x", { model, weights }, { recipe, files });
  await files.remove("x/moelab.json");
  await writeWeightedModel("x", { model, weights }, { recipe, files, maxShardBytes: 20_000 });
  assertEquals(files.contents.has("x/model.safetensors"), false);
  (await openModelFolder("x", { files })).close();
});

Deno.test("how long texts may be is said in either layout, or follows from stretched positions", async () => {
  const model = smallModel();
  const source = newWeights(model, { seed: 1 });
  const theirs = trainedSettings(model);
  const scaling: RopeScaling = {
    ...{ kind: "yarn", factor: 4, length: 1024, fast: 32, slow: 1 },
    ...{ rounded: true, magnitude: 1 },
  };
  const yarn: RunSettings = { ...theirs, rope: { ...theirs.rope, scaling } };
  const read = async (options: Parameters<typeof writeWeightedModel>[2]) => {
    const files = memoryFiles();
    await writeWeightedModel("x", source, { ...options, files });
    const { config, positions, settings, close } = await openModelFolder("x", { files });
    close();
    assertEquals(settings, options?.settings ?? theirs);
    return [config.max_position_embeddings, positions];
  };
  assertEquals(await read({}), [undefined, undefined]);
  assertEquals(await read({ positions: 512 }), [512, 512]);
  assertEquals(await read({ positions: 512, layout: "moelab" }), [undefined, 512]);
  assertEquals(await read({ settings: yarn }), [4096, 4096]);
  assertEquals(await read({ settings: yarn, positions: 2048 }), [2048, 2048]);
});
