import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { main } from "../../../experiments/cli.ts";
import {
  openCheckpointFolder,
  runCheckpoint,
} from "../../../experiments/checkpoints/open_checkpoint.ts";
import { checkRoom, modelBytes } from "../../../experiments/checkpoints/memory.ts";
import { holdingOf } from "../../../experiments/checkpoints/memory.ts";
import { inFolder, makeWorld } from "../world.ts";
import { withDevice } from "../../kernels/compare.ts";
import { writeRelease } from "./release.ts";

/** Runs `generate` over a folder. */
async function generate(folder: string, ...words: string[]) {
  const world = makeWorld();
  const args = ["generate", "--model", folder, ...words];
  const code = await main(args, world.io);
  return { code, text: world.printed.join(""), said: world.said.join("\n") };
}

const prompt = ["--prompt", "w5 w17 w3"];

Deno.test("a model goes on with a text: the likeliest tokens, or drawn ones by their seed", () =>
  inFolder(async (folder) => {
    await writeRelease(folder, "mixtral", { shards: 2 });
    const plain = await generate(folder, ...prompt, "--max", "6");
    assertEquals(plain.code, 0, plain.said);
    assertMatch(plain.text, /^(w\d+){1,6}$/);
    assertMatch(plain.said, /tokenizer\.json\n.*tokens after 3 \(.*on the device$/);
    const again = await generate(folder, ...prompt, "--max", "6");
    assertEquals(again.text, plain.text);
    const drawn = (seed: string) =>
      generate(folder, ...prompt, "--max", "12", "--temperature", "9", "--seed", seed);
    const [one, same, other] = [await drawn("1"), await drawn("1"), await drawn("2")];
    assertEquals(same.text, one.text);
    assertNotEquals(other.text, one.text);
  }));

Deno.test("every storage runs, and takes the memory that was foretold", () =>
  inFolder(async (folder) => {
    await writeRelease(folder, "olmoe");
    await withDevice(async (_, device) => {
      const checkpoint = await openCheckpointFolder(folder);
      for (const storage of ["f32", "f16", "int8", "int4"] as const) {
        const { folder: { model, settings } } = checkpoint;
        const inference = await runCheckpoint(device, checkpoint, { storage, maxTokens: 32 });
        await inference.prefill([1, 2, 3]);
        const { held } = inference.bytes().state;
        const { weights, cache } = modelBytes({ model, settings }, {
          ...{ storage, maxTokens: 32, ...holdingOf(device) },
        });
        inference.close();
        // Beside weights and cache: angles of positions, and the token of a step.
        assert(Math.abs(held - weights - cache) <= 3 * 16384, `${storage}: ${held}`);
      }
      checkpoint.folder.close();
    })();
  }));

Deno.test("what cannot be used is said in a line, with exit code 2, before memory is taken", () =>
  inFolder(async (folder) => {
    const good = `${folder}/good`;
    await writeRelease(good, "qwen3_moe");
    const refused = async (path: string, wanted: RegExp, ...words: string[]) => {
      const { code, text, said } = await generate(path, ...prompt, "--max", "8", ...words);
      assertEquals([code, text], [2, ""], said);
      const line = said.split("\n").at(-1)!;
      assertMatch(line, /^error: [^\n]+$/);
      assertMatch(line, wanted);
    };
    await refused(`${folder}/nowhere`, /found nothing there, wanted the folder of a model/);
    await refused(`${good}/config.json`, /found a file, wanted the folder of a model/);
    await Deno.mkdir(`${folder}/empty`);
    await refused(`${folder}/empty`, /found no config\.json in it/);
    await refused(good, /takes .*, the device has room for .*KiB/, "--memory", "0.0001");
    await refused(
      good,
      /room for .*; .* do as (f16|int8|int4)$/,
      "--memory",
      "0.0009",
      "--storage",
      "f32",
    );
    await refused(
      good,
      /Unknown storage of weights "int5": did you mean "int8"/,
      "--storage",
      "int5",
    );
    await refused(good, /found 1\.5 as topP/, "--top-p", "1.5");
    await refused(good, /Expected a number/, "--temperature", "warm");

    const write = (name: string, text: string) => Deno.writeTextFile(`${good}/${name}`, text);
    const config = JSON.parse(await Deno.readTextFile(`${good}/config.json`));
    await refused(good, /over 73 tokens: found 64 as max_position_embeddings/, "--max", "70");
    await write("config.json", JSON.stringify({ ...config, model_type: "qwen4_moe" }));
    await refused(good, /qwen4_moe.*did you mean "qwen/);
    await write("config.json", JSON.stringify(config));
    const bytes = await Deno.readFile(`${good}/model.safetensors`);
    await Deno.writeFile(`${good}/model.safetensors`, bytes.subarray(0, bytes.length - 100));
    await refused(good, /model\.safetensors/);
  }));

Deno.test(
  "a model that has room is not refused, nor one whose device tells no memory",
  withDevice((_, device) =>
    inFolder(async (folder) => {
      await writeRelease(folder, "mixtral");
      const { folder: open } = await openCheckpointFolder(folder);
      const words = { storage: "f32", maxTokens: 8 } as const;
      checkRoom(device, open, { ...words, room: 1e9 });
      checkRoom({ ...device, adapter: { ...device.adapter, software: false } }, open, words);
      open.close();
    })
  ),
);
