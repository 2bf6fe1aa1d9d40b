/**
 * Counts as their publisher printed them, and how far a description's own counts are from them.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Model } from "./model.ts";
import { parameters } from "./params.ts";

/** A printed count as a number, with half a unit of its last digit. */
export interface PrintedCount {
  /** The number. */
  value: number;
  /** How far the true count may be from it if it was rounded. */
  half: number;
}

/** How a count compares with its print. */
export interface CountAgreement {
  /** What was counted. */
  counted: number;
  /** What was printed. */
  published: number;
  /** (counted - published) / published. */
  deviation: number;
  /** Whether the count is within one percent of the print, or rounds to it. */
  agrees: boolean;
}

const units: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, B: 1e9, T: 1e12 };

/**
 * Reads a printed count.
 *
 * @example
 * ```ts
 * import { printedCount } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(printedCount("46.7B"), { value: 46.7e9, half: 0.05e9 });
 * ```
 */
export function printedCount(text: string): PrintedCount {
  const match = /^(\d+)(?:\.(\d+))?([KMBT]?)$/.exec(text);
  if (!match) {
    throw new UserError(
      `Cannot read a printed count: expected one such as 46.7B but found ${text}`,
    );
  }
  const [, , decimals = "", unit] = match;
  const scale = units[unit] ?? 1;
  const digits = Number(match[1] + decimals);
  const last = scale / 10 ** decimals.length;
  return { value: digits * last, half: last / 2 };
}

/** Compares a count with its print. */
export function agreement(counted: number, printed: string): CountAgreement {
  const { value, half } = printedCount(printed);
  const off = counted - value;
  return {
    counted,
    published: value,
    deviation: off / value,
    agrees: Math.abs(off) <= Math.max(half, 0.01 * value),
  };
}

/**
 * Compares the total and active counts of a model with those printed, where they were printed.
 *
 * @example
 * ```ts
 * import { comparePublished, modelPreset } from "@moelab/moelab/core";
 * import { assert } from "@std/assert";
 *
 * assert(comparePublished(modelPreset("deepseek-v3")).total?.agrees);
 * ```
 */
export function comparePublished(
  model: Model,
): { total?: CountAgreement; active?: CountAgreement } {
  const { total, active } = parameters(model);
  const printed = model.published;
  return {
    ...(printed?.total && { total: agreement(total, printed.total) }),
    ...(printed?.active && { active: agreement(active, printed.active) }),
  };
}
