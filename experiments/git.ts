/**
 * The commit of a checkout, read from git's own files, so that no program has to be run.
 *
 * @module
 */
import { isAbsolute, join } from "node:path";
import { readTextFileIfAny } from "../kernels/base/files.ts";

/** Text of a file in git's folder, or nothing where it is absent or its parent is a plain file. */
async function read(...parts: string[]): Promise<string | undefined> {
  try {
    return (await readTextFileIfAny(join(...parts)))?.trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.IsADirectory) {
      return undefined;
    }
    throw error;
  }
}

const under = (folder: string, path: string) => isAbsolute(path) ? path : join(folder, path);

/** Git's folder of a checkout: `.git` itself, or where the `.git` file of a worktree points. */
async function gitFolder(checkout: string): Promise<string> {
  const pointer = (await read(checkout, ".git"))?.match(/^gitdir: (.+)$/m)?.[1];
  return pointer === undefined ? join(checkout, ".git") : under(checkout, pointer);
}

/** The commit that a name such as "refs/heads/main" stands for. */
async function resolve(folder: string, name: string): Promise<string | undefined> {
  const common = under(folder, await read(folder, "commondir") ?? ".");
  const loose = await read(folder, name) ?? await read(common, name);
  if (loose !== undefined) return loose;
  const packed = (await read(common, "packed-refs"))?.split("\n") ?? [];
  return packed.find((line) => line.endsWith(` ${name}`))?.split(" ")[0];
}

/** Commit that is checked out in a folder, or "unknown" where that cannot be told. */
export async function readCommit(checkout: string): Promise<string> {
  const folder = await gitFolder(checkout);
  let value = await read(folder, "HEAD");
  for (let hop = 0; hop < 5 && value?.startsWith("ref: "); hop++) {
    value = await resolve(folder, value.slice("ref: ".length));
  }
  return value !== undefined && /^[0-9a-f]{40,64}$/.test(value) ? value : "unknown";
}
