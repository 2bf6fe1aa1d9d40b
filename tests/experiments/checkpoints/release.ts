/** Small releases in a folder of the disk, with a tokenizer of words. @module */
import { type ArchitectureName, madeUp } from "../../core/infer/made_up/architectures.ts";
import { released } from "../../core/infer/made_up/files.ts";
import { wordsJson } from "./tokenizer_files.ts";

/** Writes a small random model of an architecture into a folder. */
export async function writeRelease(
  folder: string,
  name: ArchitectureName,
  { shards = 1, tokenizer = true } = {},
): Promise<void> {
  const { made, files } = released(madeUp(name), { shards });
  await Deno.mkdir(folder, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) {
    await Deno.writeFile(`${folder}/${file}`, bytes);
  }
  if (!tokenizer) return;
  const words = wordsJson(made.model.embedding.vocab);
  await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(words));
}
