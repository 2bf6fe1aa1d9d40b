import { assert, assertEquals } from "@std/assert";
import { openModelFolder } from "../../../core/checkpoints/folder.ts";
import { memoryFiles } from "../../../core/checkpoints/memory_files.ts";
import { readTensor } from "../../../core/checkpoints/read.ts";
import { architectureNames, madeUp } from "./made_up/architectures.ts";
import { fileTensors } from "./made_up/file_tensors.ts";
import { released, type StoredAs } from "./made_up/files.ts";

const formats = (name: string): StoredAs[] => [
  ...["F32", "F16", "BF16", name === "gpt_oss" ? "MXFP4" : "F8"] as const,
];

for (const name of architectureNames) {
  Deno.test(`${name}: files in every format are read bit by bit as they were made`, async () => {
    for (const [shards, as] of formats(name).entries()) {
      const { made, files } = released(madeUp(name), { shards: shards + 1, as });
      const memory = memoryFiles();
      for (const [file, bytes] of Object.entries(files)) memory.contents.set(`x/${file}`, bytes);
      const folder = await openModelFolder("x", { files: memory, id: made.model.id });
      assertEquals(folder.settings, made.settings);
      assertEquals(folder.leftOut, []);
      for (const [weight, { data }] of Object.entries(made.tensors)) {
        const read = await readTensor(folder, weight);
        assert(read.length === data.length, `${as} ${weight}`);
        assert(read.every((value, i) => value === data[i]), `${as} ${weight}`);
      }
      folder.close();
    }
  });
}

Deno.test("numbers are where the releases have them", () => {
  const at =
    ({ shape, data }: { shape: readonly number[]; data: ArrayLike<number> }) =>
    (...index: number[]) => data[index.reduce((sum, i, dim) => sum * shape[dim] + i, 0)];
  const mixtral = madeUp("mixtral").tensors;
  const ofMixtral = fileTensors(mixtral, "mixtral");
  const up = at(mixtral["layers.1.moe.up"]);
  const experts = "model.layers.1.block_sparse_moe.experts";
  assertEquals(at(ofMixtral[`${experts}.5.w1.weight`])(7, 40), up(5, 0, 40, 7));
  assertEquals(at(ofMixtral[`${experts}.5.w3.weight`])(7, 40), up(5, 1, 40, 7));
  const gptOss = madeUp("gpt_oss").tensors;
  const both = at(fileTensors(gptOss, "gpt_oss")["model.layers.2.mlp.experts.gate_up_proj"]);
  const ours = at(gptOss["layers.2.moe.up"]);
  assertEquals([both(3, 10, 12), both(3, 10, 13)], [ours(3, 0, 10, 6), ours(3, 1, 10, 6)]);
});
