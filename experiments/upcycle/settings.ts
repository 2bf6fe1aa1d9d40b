/**
 * Constants of the forward pass that models have to share to become one.
 *
 * @module
 */
import { trainedSettings } from "../../core/mod.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { stableJson } from "../../kernels/base/files.ts";
import type { Described, Source } from "./source.ts";

type Settled = Pick<Described, "model" | "settings">;

/** Constants by name: the trainer's own where none are told. */
function constantsOf({ model, settings }: Settled): Readonly<Record<string, unknown>> {
  const { moe: _, ...dense } = model;
  const { router: __, ends: ___, ...rest } = settings ?? trainedSettings(dense);
  return rest;
}

/** The first constant in which two models differ, with both values as text; undefined where none does. */
export function constantsApart(
  one: Settled,
  other: Settled,
): [at: string, one: string, other: string] | undefined {
  const [a, b] = [constantsOf(one), constantsOf(other)];
  const text = (value: unknown) => stableJson(value ?? "none", 0).trim();
  const at = Object.keys({ ...a, ...b }).find((key) => text(a[key]) !== text(b[key]));
  return at === undefined ? undefined : [at, text(a[at]), text(b[at])];
}

/**
 * Refuses sources whose forward passes differ in a constant, such as the base of rotary positions.
 *
 * @throws {UserError} that names the first that differs, with both values.
 */
export function checkSettings(sources: readonly (Settled & Pick<Source, "name">)[]): void {
  const [first, ...rest] = sources;
  for (const source of rest) {
    const differs = constantsApart(first, source);
    if (!differs) continue;
    const [at, wanted, found] = differs;
    throw new UserError(
      `Cannot make one model of ${first.name} and ${source.name}: found ${found} as ${at}, wanted ` +
        `${wanted} as ${first.name} has`,
    );
  }
}
