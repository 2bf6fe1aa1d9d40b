/**
 * The tokens of a model's folder: those of its `tokenizer.json`, or bytes where it has no tokenizer.
 *
 * @module
 */
import { Tokenizer } from "@huggingface/tokenizers";
import { join } from "node:path";
import { UserError } from "../../kernels/base/errors.ts";
import { readTextFileIfAny } from "../../kernels/base/files.ts";
import { byteTokens, type TextStream, type TextTokens } from "./tokens.ts";

/** Files of tokenizers that are not read: to take bytes beside them would give nonsense. */
const others = ["tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "tiktoken.model"];

const reasonOf = (error: unknown) => error instanceof Error ? error.message : String(error);

async function readJson(path: string): Promise<unknown> {
  const text = await readTextFileIfAny(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`Cannot read ${path}: ${reasonOf(error)}`);
  }
}

/**
 * Text of ids as they come. A tokenizer may begin a letter in one token and end it in another, and
 * may write a token by what stands before it: ids since the last whole text are decoded together.
 */
function streamOf(decode: (ids: number[]) => string): TextStream {
  let ids: number[] = [];
  let shown = 0;
  const take = (whole: boolean): string => {
    const text = decode(ids);
    const begun = text.endsWith("\uFFFD") && !whole;
    const fresh = begun ? "" : text.slice(shown);
    if (!begun) shown = text.length;
    return fresh;
  };
  return {
    push(id) {
      ids.push(id);
      const fresh = take(false);
      // The last id stays, as what the next one is written by.
      if (fresh.length > 0 && ids.length > 8) {
        ids = ids.slice(-1);
        shown = decode(ids).length;
      }
      return fresh;
    },
    end: () => ids.length > 0 ? take(true) : "",
  };
}

/**
 * The tokens of a `tokenizer.json`.
 *
 * @param json Its content.
 * @param options `config` of `tokenizer_config.json`, the size of the model's vocabulary, and where
 * the file is, for messages.
 * @throws {UserError} for what is no tokenizer, or gives ids that the model has not.
 */
export function jsonTokens(
  json: unknown,
  options: { config?: unknown; vocabulary: number; source: string },
): TextTokens {
  const { config = {}, vocabulary, source } = options;
  const asked = <T>(what: string, ask: () => T): T => {
    try {
      return ask();
    } catch (error) {
      throw new UserError(`Cannot ${what} with ${source}: ${reasonOf(error)}`);
    }
  };
  const tokenizer = asked(
    "read text",
    () =>
      new Tokenizer(json as object, {
        clean_up_tokenization_spaces: false,
        ...config as Record<string, unknown>,
      }),
  );
  const decode = (ids: number[]) =>
    asked("write text", () => tokenizer.decode(ids, { skip_special_tokens: true }));
  return {
    name: "tokenizer.json",
    encode(text, { marks = false } = {}) {
      if (text === "") return new Uint32Array();
      const { ids } = asked(
        "read text",
        () => tokenizer.encode(text, { add_special_tokens: marks }),
      );
      const strange = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabulary));
      if (strange === undefined) return Uint32Array.from(ids);
      throw new UserError(
        `Cannot read text with ${source}: found a token ${strange}, wanted less than ` +
          `${vocabulary}, the vocabulary of the model`,
      );
    },
    decode: (ids) => ids.length === 0 ? "" : decode(Array.from(ids)),
    stream: () => streamOf(decode),
  };
}

/**
 * The tokens of a model's folder.
 *
 * @throws {UserError} for a tokenizer that is not read.
 */
export async function readTokens(
  folder: string,
  { vocabulary }: { vocabulary: number },
): Promise<TextTokens> {
  const source = join(folder, "tokenizer.json");
  const json = await readJson(source);
  if (json !== undefined) {
    const config = await readJson(join(folder, "tokenizer_config.json"));
    return jsonTokens(json, { config: config ?? {}, vocabulary, source });
  }
  for (const name of others) {
    if (await Deno.stat(join(folder, name)).catch(() => undefined) === undefined) continue;
    throw new UserError(
      `Cannot read text with ${folder}: found ${name}, wanted tokenizer.json; ` +
        "a fast tokenizer's save_pretrained writes it",
    );
  }
  return byteTokens({ vocabulary });
}
