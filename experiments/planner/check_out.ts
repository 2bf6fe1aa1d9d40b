/**
 * Whether an answer can be written where it is wanted, before anything is searched.
 *
 * @module
 */
import { dirname } from "node:path";
import { UserError } from "../../kernels/base/errors.ts";

/** What there is at a path; nothing where it is free. */
async function fileInfo(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    // Below a file there is nothing either.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return;
    throw error;
  }
}

/**
 * Looks whether a folder can be written to, or made. Nothing stays behind.
 *
 * @throws {UserError} where a file is in its place or above it, and where nothing may be written.
 */
export async function checkOut(folder: string): Promise<void> {
  const cannot = (why: string) => new UserError(`Cannot write to ${folder}: ${why}`);
  try {
    let there = folder;
    let info = await fileInfo(there);
    while (info === undefined && dirname(there) !== there) {
      there = dirname(there);
      info = await fileInfo(there);
    }
    if (info && !info.isDirectory) throw cannot(`${there} is a file, wanted a folder`);
    await Deno.remove(await Deno.makeTempFile({ dir: there, prefix: ".moelab-" }));
  } catch (error) {
    if (error instanceof UserError || !(error instanceof Error)) throw error;
    throw cannot(`nothing can be made there (${error.name}), wanted a folder of your own`);
  }
}
