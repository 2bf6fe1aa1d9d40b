import { assertEquals, assertRejects } from "@std/assert";
import { modelPreset } from "../../core/spec/mod.ts";
import { parameters } from "../../core/spec/params.ts";
import { readModelOf } from "../../experiments/read_model.ts";
import { published } from "../core/spec/hugging_face_configs.ts";

const folder = ".moelab/test/Mixtral 8x7B";

Deno.test("the config.json of a folder is a model, named after the folder", async () => {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(published["mixtral-8x7b"]));
  const model = await readModelOf(`${folder}/config.json`);
  assertEquals(model.id, "mixtral-8x7b");
  assertEquals(parameters(model).total, parameters(modelPreset("mixtral-8x7b")).total);
});

Deno.test("a config.json of a kind that nobody knows is refused with the nearest", async () => {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/other.json`, JSON.stringify({ model_type: "mixtrel" }));
  await assertRejects(
    () => readModelOf(`${folder}/other.json`),
    TypeError,
    'did you mean "mixtral"',
  );
});
