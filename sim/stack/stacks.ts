/**
 * The software stacks that ship with the suite: calibrated on published steps, one file a family.
 *
 * @module
 */
import { parseConfig } from "../../kernels/base/config.ts";
import { unknownName } from "../../kernels/base/errors.ts";
import { baseStack } from "./base.ts";
import { stackSchema } from "./schema.ts";
import type { Stack } from "./stack.ts";
import fitted from "./fitted.json" with { type: "json" };

/** Stacks by id; "base" is what is assumed where nothing is known. */
export const stackPresets: Readonly<Record<string, Stack>> = Object.fromEntries(
  [baseStack, ...fitted].map((json) => {
    const stack = parseConfig(stackSchema, json, `sim/stack/fitted.json, ${json.id}`);
    return [stack.id, stack];
  }),
);

/**
 * A stack by its id.
 *
 * @throws {UserError} for an unknown id, with the nearest one.
 *
 * @example
 * ```ts
 * import { stackById } from "@moelab/moelab/sim";
 * import { assert, assertThrows } from "@std/assert";
 *
 * assert(stackById("megatron-bridge-26.04").hostSeconds > 0);
 * assertThrows(() => stackById("megatron-brige-26.04"), TypeError, "did you mean");
 * ```
 */
export function stackById(id: string): Stack {
  if (!Object.hasOwn(stackPresets, id)) {
    throw unknownName("stack", id, Object.keys(stackPresets));
  }
  return stackPresets[id];
}
