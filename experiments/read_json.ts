/**
 * Files that a user names.
 *
 * @module
 */
import { UserError } from "../kernels/base/errors.ts";

/** Reads a file, or throws a {@linkcode UserError} that says why there is nothing to read. */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UserError(`Cannot read ${path}: there is no such file`);
    }
    if (error instanceof Deno.errors.IsADirectory) {
      throw new UserError(`Cannot read ${path}: it is a folder and a file of JSON is wanted`);
    }
    throw error;
  }
}

/** Reads a JSON file, or throws a {@linkcode UserError} that says what is wrong with it. */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = await readTextFile(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`Cannot read ${path}: it is not JSON, ${(error as Error).message}`);
  }
}
