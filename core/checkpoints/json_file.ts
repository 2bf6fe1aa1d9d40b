/**
 * JSON files of a folder, which may be wrong in any way.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { isObject, type JsonObject } from "../spec/hugging_face/fields.ts";
import { type FileOpener, openFile } from "./shard_reader.ts";

/** Levels of lists and objects that a file may have: what is deeper may end the stack of a reader. */
const deepest = 32;

/** How deep the lists and objects of a JSON text are at most; brackets in texts are no lists. */
function depthOf(json: string): number {
  let depth = 0;
  let most = 0;
  for (const [mark] of json.matchAll(/"(?:[^"\\]|\\[^])*"?|[[{]|[\]}]/g)) {
    if (mark === "[" || mark === "{") most = Math.max(most, ++depth);
    else if (mark === "]" || mark === "}") depth--;
  }
  return most;
}

/**
 * Reads a JSON file that holds an object; undefined where there is no file.
 *
 * @param path Where it is.
 * @param options What opens files, and how long it may be, in bytes.
 * @throws {UserError} where it is longer, no JSON, no object, or too deep.
 */
export async function readJsonFile(
  path: string,
  options: { files: FileOpener; longest: number },
): Promise<JsonObject | undefined> {
  const { files, longest } = options;
  const source = await openFile(path, files);
  if (!source) return undefined;
  const refuse = (what: string) => new UserError(`Cannot read ${path}: ${what}`);
  try {
    if (source.size > longest) {
      throw refuse(`found ${source.size} bytes, wanted at most ${longest}`);
    }
    const value = parse(await source.read(0, source.size), refuse);
    if (!isObject(value)) throw refuse("found no object");
    return value;
  } finally {
    source.close();
  }
}

function parse(bytes: Uint8Array, refuse: (what: string) => UserError): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refuse("found bytes that are no UTF-8");
  }
  const depth = depthOf(text);
  if (depth > deepest) {
    throw refuse(`found lists and objects ${depth} deep, wanted at most ${deepest}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw refuse("found no JSON");
  }
}
