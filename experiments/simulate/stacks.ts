/**
 * Which software stack a word or a row stands for.
 *
 * @module
 */
import { parseConfig } from "../../kernels/base/config.ts";
import { baseStack } from "../../sim/stack/base.ts";
import { stackSchema } from "../../sim/stack/schema.ts";
import type { Stack } from "../../sim/stack/stack.ts";
import { stackById, stackPresets } from "../../sim/stack/stacks.ts";
import { readJsonFile } from "../read_json.ts";

/** The stack of an id or of a file, which ends in ".json". */
export async function readStackOf(word: string): Promise<Stack> {
  if (word.endsWith(".json")) return parseConfig(stackSchema, await readJsonFile(word), word);
  return stackById(word);
}

/** An id without its version, where it ends in one: "megatron-bridge" of "megatron-bridge-26.04". */
function nameOf(id: string): string | undefined {
  return /^(.+)-\d[\d.]*$/.exec(id)?.[1];
}

/**
 * The stack of an id: itself; else of the same name the newest version that is not newer, or the
 * oldest; else the one that knows nothing.
 */
export function nearestStack(
  id: string,
  known: Readonly<Record<string, Stack>> = stackPresets,
): Stack {
  if (Object.hasOwn(known, id)) return known[id];
  const name = nameOf(id);
  if (name === undefined) return baseStack;
  const versions = Object.keys(known).filter((other) => nameOf(other) === name).sort();
  const older = versions.filter((other) => other < id);
  const nearest = older.at(-1) ?? versions[0];
  return nearest === undefined ? baseStack : known[nearest];
}
