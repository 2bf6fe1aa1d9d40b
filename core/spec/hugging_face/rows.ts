/**
 * How a value of a description is found in a config.json: a row says the value and its source.
 *
 * @module
 */
import type { Fields } from "./fields.ts";

/** A value and where it comes from. */
export interface Found {
  /** Value; undefined leaves the field of the description out. */
  value: unknown;
  /** Field of the config.json, or what its architecture fixes. */
  cite: string;
}

/** Finds a value. */
export type Row = (fields: Fields) => Found;

/** Rows by path of a description: "attention.kvHeads". */
export type Rows = Readonly<Record<string, Row>>;

/** A whole number that has to be in a config.json. */
export function wholeOf(fields: Fields, path: string, least = 1): number {
  const value = fields.get(path);
  if (value === undefined) throw fields.missing(path);
  if (Number.isSafeInteger(value) && Number(value) >= least) return Number(value);
  throw fields.wrong(path, `a whole number of at least ${least}`);
}

/** A flag; `otherwise` where the config.json leaves it out, which is its class's default. */
export function flagOf(fields: Fields, path: string, otherwise: boolean): boolean {
  const value = fields.get(path) ?? otherwise;
  if (typeof value === "boolean") return value;
  throw fields.wrong(path, "true or false");
}

/** A whole number; with `otherwise`, that or another field's row where it is left out. */
export function whole(path: string, options: { least?: number; otherwise?: Row } = {}): Row {
  const { least, otherwise } = options;
  return (fields) =>
    otherwise && fields.get(path) === undefined
      ? otherwise(fields)
      : { value: wholeOf(fields, path, least), cite: path };
}

/** A flag. */
export function flag(path: string, otherwise: boolean): Row {
  return (fields) => ({
    value: flagOf(fields, path, otherwise),
    cite: fields.get(path) === undefined
      ? `${path} is left out: ${otherwise} in the class of ${fields.type}`
      : path,
  });
}

/** What an architecture fixes, whatever a config.json says. */
export function fixed(value: unknown, why: string): Row {
  return (fields) => ({ value, cite: `model code of ${fields.type}: ${why}` });
}

/** A word that stands for one of ours. */
export function word(
  path: string,
  options: { means: Readonly<Record<string, string>>; otherwise?: string },
): Row {
  const { means, otherwise } = options;
  return (fields) => {
    const value = fields.get(path) ?? otherwise;
    if (value === undefined) throw fields.missing(path);
    if (typeof value === "string" && Object.hasOwn(means, value)) {
      return { value: means[value], cite: path };
    }
    throw fields.wrong(path, `one of ${Object.keys(means).join(", ")}`);
  };
}

/** One of two numbers over the other, which it has to divide: the width of a head. */
export function share(whole: string, by: string): Row {
  return (fields) => {
    const value = wholeOf(fields, whole) / wholeOf(fields, by);
    if (Number.isInteger(value)) return { value, cite: `${whole} over ${by}` };
    throw fields.wrong(whole, `a multiple of ${by} ${fields.get(by)}, or head_dim`);
  };
}

/** Refuses a value that no description can say. */
export function only(path: string, accepted: unknown, why: string): Row {
  return (fields) => {
    if ((fields.get(path) ?? accepted) === accepted) return { value: undefined, cite: path };
    throw fields.wrong(path, `${JSON.stringify(accepted)}, since no description has ${why}`);
  };
}
