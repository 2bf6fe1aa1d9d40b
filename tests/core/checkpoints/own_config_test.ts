/** A `moelab.json` that is wrong in any place: refused in a line, or opened to what it says. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { openModelFolder } from "../../../core/checkpoints/folder.ts";
import { memoryFiles } from "../../../core/checkpoints/memory_files.ts";
import { gateName } from "../../../core/checkpoints/model_tensors.ts";
import {
  readWeightedModel,
  writeWeightedModel,
} from "../../../core/checkpoints/weighted_folder.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { bam } from "../infer/made_up/bam.ts";

Deno.test("a moelab.json that is wrong is told by its field", async () => {
  const { model, weights, recipe } = bam({ kv: "expert", gate: "bam-ffn" });
  const files = memoryFiles();
  await writeWeightedModel("x", { model, weights }, { recipe, files });
  const json = JSON.parse(new TextDecoder().decode(files.contents.get("x/moelab.json")));
  const told = async (change: (copy: typeof json) => void) => {
    const copy = structuredClone(json);
    change(copy);
    files.contents.set("x/moelab.json", new TextEncoder().encode(JSON.stringify(copy)));
    const error = await assertRejects(() => openModelFolder("x", { files }), UserError);
    return error.message;
  };
  assertEquals(
    await told((copy) => copy.format = 2),
    "Cannot read x/moelab.json: at /format expected 1 but found 2",
  );
  assertEquals(
    await told((copy) => copy.settings.normEps = 0),
    "Cannot read the settings of x/moelab.json: at /normEps expected more than 0 but found 0",
  );
  assert((await told((copy) => copy.extra = 1)).includes('no field "extra"'));
  assert((await told((copy) => copy.model.dModel = "many")).includes("at /dModel expected"));
  assert((await told((copy) => copy.model.layers = 1e9)).includes("at /model/layers found"));
  assert((await told((copy) => copy.model.attention.experts = 4)).includes("attention.router of"));
  const typo = JSON.stringify({ ...json, recipe: "bam-fnn" });
  files.contents.set("x/moelab.json", new TextEncoder().encode(typo));
  const folder = await openModelFolder("x", { files });
  await assertRejects(() => readWeightedModel(folder), UserError, 'did you mean "bam-ffn"?');
  folder.close();
});

/** Paths of all values inside a JSON value. */
const pathsOf = (value: unknown): string[][] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => [
      [key],
      ...pathsOf(inner).map((path) => [key, ...path]),
    ])
    : [];

Deno.test("a moelab.json with any value changed is opened to what it says, or refused in a line", async () => {
  const { model, weights, recipe } = bam({ kv: "expert", gate: "bam-ffn" });
  const files = memoryFiles();
  await writeWeightedModel("x", { model, weights }, { recipe, files });
  const json = JSON.parse(new TextDecoder().decode(files.contents.get("x/moelab.json")));
  const { sources: _, ...rest } = json.model;
  const told = { ...json, model: rest };
  const odd = [
    ...[0, -1, 1, 2, 3, 0.5, 2 ** 31, 2 ** 53, 1e300, null, true, false, "", "experts", "mha"],
    ...["layernorm", "parallel", "serial", "sigmoid", [], {}, [1], { kind: "rope" }, undefined],
  ];
  let [opened, refused] = [0, 0];
  for (const path of pathsOf(told)) {
    for (const value of odd) {
      const copy = structuredClone(told);
      const last = path.slice(0, -1).reduce((at, key) => at[key], copy);
      last[path.at(-1)!] = value;
      files.contents.set("x/moelab.json", new TextEncoder().encode(JSON.stringify(copy)));
      try {
        const folder = await openModelFolder("x", { files });
        assertEquals(folder.leftOut, []);
        for (const { name, shape } of folder.tensors) {
          assertEquals(
            shape,
            weights[name]?.shape ??
              weights[gateName(name)].shape,
          );
        }
        folder.close();
        opened++;
      } catch (error) {
        assert(
          error instanceof UserError,
          `${path.join(".")} = ${JSON.stringify(value)}: ${error}`,
        );
        assert(!error.message.includes("\n"), error.message);
        refused++;
      }
    }
  }
  assert(opened > 50 && refused > 500, `${opened} opened, ${refused} refused`);
});
