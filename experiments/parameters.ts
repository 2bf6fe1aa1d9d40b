/**
 * Parameters from the command line: `--set tokens=512` and `--set tokens=256,512`.
 *
 * @module
 */
import { unknownName, UserError } from "../kernels/base/errors.ts";
import type { Experiment, Value } from "./define.ts";
import { valuesOf } from "./define.ts";

const number = (text: string) => text.trim() === "" ? NaN : Number(text);

/** What a text can be, by the kind of value that it stands in for. */
const readers: Record<string, { wanted: string; read: (text: string) => Value | undefined }> = {
  number: {
    wanted: "a number",
    read: (text) => Number.isFinite(number(text)) ? number(text) : undefined,
  },
  string: { wanted: "a text", read: (text) => text },
  boolean: {
    wanted: "true or false",
    read: (text) => ({ true: true, false: false })[text],
  },
  numbers: {
    wanted: "numbers with commas between",
    read: (text) => {
      const values = text.split(",").map(number);
      return values.every(Number.isFinite) ? values : undefined;
    },
  },
  strings: { wanted: "texts with commas between", read: (text) => text.split(",") },
};

function kindOf(value: Value): string {
  return Array.isArray(value) ? `${typeof value[0]}s` : typeof value;
}

/**
 * The values of a run: the experiment's own, with those that the user set.
 *
 * @example
 * ```ts
 * import { readParameters } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const experiment = {
 *   id: "e",
 *   title: "E",
 *   question: "?",
 *   parameters: { tokens: { quick: [64, 128], full: [4096], note: "tokens in a batch" } },
 *   run: () => Promise.reject(),
 * };
 * assertEquals(readParameters(experiment, { quick: true, set: ["tokens=256,512"] }), {
 *   tokens: [256, 512],
 * });
 * ```
 */
export function readParameters(
  experiment: Experiment,
  options: { quick: boolean; set: readonly string[] },
): Record<string, Value> {
  const values = valuesOf(experiment, options);
  for (const assignment of options.set) {
    const [name, ...rest] = assignment.split("=");
    if (rest.length === 0) {
      throw new UserError(`Cannot set "${assignment}": expected NAME=VALUE`);
    }
    if (!Object.hasOwn(values, name)) {
      throw unknownName(`parameter of ${experiment.id}`, name, Object.keys(values));
    }
    const { wanted, read } = readers[kindOf(values[name])];
    const value = read(rest.join("="));
    if (value === undefined) {
      throw new UserError(
        `Cannot set ${name} of ${experiment.id}: expected ${wanted} but found "${rest.join("=")}"`,
      );
    }
    values[name] = value;
  }
  return values;
}
