/**
 * The tokenizer of the sources, which is that of the model made of them: one and the same, or none.
 *
 * @module
 */
import { join } from "node:path";
import { UserError } from "../../kernels/base/errors.ts";
import type { Source } from "./source.ts";

/** Files that say what a token is: sources have all of them alike. */
const words = ["tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "merges.txt"];

/** Files beside them, which are taken along where they are alike. */
const beside = [
  ...["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"],
  ...["generation_config.json", "chat_template.jinja"],
];

/** A file to take along. */
export interface TakenFile {
  /** Its name. */
  name: string;
  /** Its bytes. */
  bytes: Uint8Array<ArrayBuffer>;
}

async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const alike = (a: Uint8Array | undefined, b: Uint8Array | undefined) =>
  a === b || (a?.length === b?.length && a!.every((byte, i) => byte === b![i]));

/**
 * The files of the tokenizer that all sources share.
 *
 * @throws {UserError} where two sources read text by different ones.
 */
export async function sharedTokenizer(
  sources: readonly Pick<Source, "name" | "folder">[],
): Promise<TakenFile[]> {
  const taken: TakenFile[] = [];
  for (const name of [...words, ...beside]) {
    const [first, ...rest] = await Promise.all(
      sources.map(({ folder }) => bytesOf(join(folder, name))),
    );
    const other = rest.findIndex((bytes) => !alike(first, bytes));
    if (other < 0) {
      if (first) taken.push({ name, bytes: first });
      continue;
    }
    if (!words.includes(name)) continue;
    const [one, two] = [sources[0].name, sources[other + 1].name];
    const found = !first
      ? `a ${name} in ${two} and none in ${one}`
      : rest[other]
      ? `another ${name} in ${two} than in ${one}`
      : `a ${name} in ${one} and none in ${two}`;
    throw new UserError(
      `Cannot make one model of ${one} and ${two}: found ${found}, wanted the same tokens in all`,
    );
  }
  return taken;
}
