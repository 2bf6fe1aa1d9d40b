/**
 * Descriptions from JSON, checked by a zod schema, with errors that name the file, the field, the
 * value found and the value wanted.
 *
 * @module
 */
import type { z as Zod } from "zod";
import { UserError } from "./errors.ts";

/** A schema that checks a T: what `z.ZodType<T>` is, without its name in the public types. */
export interface Schema<T> {
  /** Checks a value and never throws. */
  safeParse(
    value: unknown,
    params?: { error?: (issue: never) => unknown },
  ): { success: true; data: T } | {
    success: false;
    error: { issues: { path: PropertyKey[]; message: string }[] };
  };
}

const show = (value: unknown) => value === undefined ? "nothing" : JSON.stringify(value);

/** What a zod issue wanted, in words. */
function wanted(issue: Zod.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected as string;
    case "invalid_value":
      return `one of ${(issue.values as unknown[]).map(show).join(", ")}`;
    case "too_small":
      return `${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
    case "too_big":
      return `${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
    case "unrecognized_keys":
      return `no field ${(issue.keys as string[]).map(show).join(", ")}`;
    default:
      return (issue.message as string | undefined) ?? issue.code ?? "another value";
  }
}

/**
 * Checks a value and gives it typed, or throws a {@linkcode UserError} that names every wrong field.
 *
 * @example
 * ```ts
 * import { parseConfig } from "@moelab/moelab/kernels";
 * import { assertThrows } from "@std/assert";
 * import { z } from "zod";
 *
 * assertThrows(
 *   () => parseConfig(z.object({ experts: z.int() }), { experts: 7.5 }, "m.json"),
 *   TypeError,
 *   "Cannot read m.json: at /experts expected int but found 7.5",
 * );
 * ```
 */
export function parseConfig<T>(schema: Schema<T>, value: unknown, source: string): T {
  const result = schema.safeParse(value, {
    error: (issue: Zod.core.$ZodRawIssue) =>
      issue.code === "custom" || issue.code === "invalid_union"
        ? undefined
        : `expected ${wanted(issue)} but found ${
          issue.code === "unrecognized_keys" ? "it" : show(issue.input)
        }`,
  });
  if (result.success) return result.data;
  const problems = result.error.issues.map((i) =>
    `at /${i.path.map(String).join("/")} ${i.message}`
  );
  throw new UserError(`Cannot read ${source}: ${problems.join("; ")}`);
}
