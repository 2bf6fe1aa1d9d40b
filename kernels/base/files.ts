/**
 * Files that are whole or absent: written beside their place under a temporary name, then renamed.
 *
 * @module
 */
import { dirname } from "node:path";

/** Writes a text file atomically, making its folder where it is missing. */
export async function writeTextFile(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${Deno.pid}.tmp`;
  try {
    await Deno.writeTextFile(temporary, text);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Reads a text file, or gives `undefined` where there is none. */
export async function readTextFileIfAny(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** JSON with sorted object keys and a final newline: same value, same bytes. */
export function stableJson(value: unknown, indent = 2): string {
  const sorted = (_key: string, v: unknown) =>
    v !== null && typeof v === "object" && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0))
      : v;
  return JSON.stringify(value, sorted, indent) + "\n";
}
