/** An index and its shards agree, or are refused in a line. */
import { assert, assertEquals } from "@std/assert";
import { changeJson, changeTensors, madeFolder, refusal, zeros } from "./made_folder.ts";

const index = "model.safetensors.index.json";
const first = "model.embed_tokens.weight";

const indexCases: Readonly<Record<string, [weights: Record<string, unknown>, message: string]>> = {
  "a shard that is missing": [
    { [first]: "model-00009-of-00004.safetensors" },
    `${index} names a shard model-00009-of-00004.safetensors that is missing, nearest is model-0000`,
  ],
  "a path": [
    { [first]: "../../secret.safetensors" },
    `at weight_map, "${first}" found "../../secret.safetensors", wanted the name of a file`,
  ],
  "a number": [{ [first]: 3 }, `at weight_map, "${first}" found 3, wanted the name of a file`],
  "a tensor that is nowhere": [
    { "model.nowhere": "model-00001-of-00004.safetensors" },
    `${index} says that model.nowhere is in model-00001-of-00004.safetensors, found it in no shard`,
  ],
  "a tensor in another shard": [
    { [first]: "model-00002-of-00004.safetensors" },
    `says that ${first} is in model-00002-of-00004.safetensors, found it in model-00001-of-00004`,
  ],
};

for (const [what, [weights, message]] of Object.entries(indexCases)) {
  Deno.test(`refused: an index with ${what}`, async () => {
    const files = await madeFolder({ maxShardBytes: 600 });
    assertEquals([...files.contents.keys()].filter((name) => /of-00004/.test(name)).length, 4);
    changeJson(files, index, (json) => ({
      weight_map: { ...json.weight_map as Record<string, string>, ...weights },
    }));
    const found = await refusal(files);
    assert(found.includes(message), `${found}\n${message}`);
  });
}

Deno.test("refused: an index without a map, a tensor in two shards", async () => {
  const files = await madeFolder({ maxShardBytes: 600 });
  changeJson(files, index, () => ({ weight_map: [] }));
  assert((await refusal(files)).includes("expected weight_map, an object of shards by tensor"));
  const twice = await madeFolder({ maxShardBytes: 600 });
  await changeTensors(
    twice,
    (tensors) => tensors[first] = zeros(10, 6),
    "model-00002-of-00004.safetensors",
  );
  const both = "in model-00001-of-00004.safetensors and in model-00002-of-00004.safetensors";
  assert((await refusal(twice)).includes(`found a tensor ${first} ${both}`));
});
