/**
 * The memory of the machine that a model takes while it is made, and what is free: asked before a
 * weight is read.
 *
 * @module
 */
import { layersOf, parameters, type SchemeRecipe } from "../../core/mod.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { formatNumber } from "../../reports/format.ts";
import { usableShare } from "../checkpoints/memory.ts";
import type { Described } from "./source.ts";

/** Bytes of a number on the host. */
const BYTES = 4;

/** Numbers of the model that a scheme makes at most: all sources, or copies of one's networks. */
function mostNumbers(
  recipe: Pick<SchemeRecipe, "from">,
  sources: readonly Pick<Described, "model">[],
  options: { experts: number },
): number {
  const all = sources.reduce((sum, { model }) => sum + parameters(model).total, 0);
  if (recipe.from === "several dense" || recipe.from === "sparse") return all;
  const [{ model }] = sources;
  const { byPart } = parameters(model);
  const router = layersOf(model).length * model.dModel * options.experts;
  return all + (options.experts - 1) * (byPart.ffn ?? 0) + router;
}

/** How often the new model is there: made, read back, made of copies, and twice as it runs. */
const TIMES = 5;

/** Bytes that making and proving takes at most, all numbers as f32: sources, and the new model. */
export function bytesNeeded(
  recipe: Pick<SchemeRecipe, "from">,
  sources: readonly Pick<Described, "model">[],
  options: { experts: number },
): number {
  const read = sources.reduce((sum, { model }) => sum + parameters(model).total, 0);
  return BYTES * (read + TIMES * mostNumbers(recipe, sources, options));
}

/** Free bytes of the machine; undefined where the process may not ask. */
function freeMemory(): number | undefined {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  return state === "granted" ? Deno.systemMemoryInfo().available : undefined;
}

/**
 * Refuses what the machine has no room for.
 *
 * @throws {UserError} with what it takes and what is free.
 */
export function checkHostRoom(id: string, bytes: number, room = freeMemory()): void {
  if (room === undefined || bytes <= usableShare * room) return;
  throw new UserError(
    `Cannot make a model by ${id}: it takes ${
      formatNumber(bytes, "bytes")
    } of memory, the machine ` +
      `has ${
        formatNumber(usableShare * room, "bytes")
      }; fewer or smaller sources, or fewer --experts, fit`,
  );
}
