/**
 * Folders that are made before it is known whether anything will lie in them.
 *
 * @module
 */
import { dirname } from "node:path";

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Makes a folder with those above it, and gives back what takes away those that were made, as long as
 * nothing lies in them.
 */
export async function makeFolder(path: string): Promise<() => Promise<void>> {
  const made: string[] = [];
  for (let at = path; !await isThere(at); at = dirname(at)) made.push(at);
  await Deno.mkdir(path, { recursive: true });
  return async () => {
    for (const folder of made) {
      // Whoever has written something keeps it, and the folders above.
      if ((await Array.fromAsync(Deno.readDir(folder))).length > 0) return;
      await Deno.remove(folder);
    }
  };
}
