/**
 * Nested JSON as values by path, and back.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";

type Tree = { [key: string]: unknown };

const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Values of nested objects by path: "zero_optimization.stage". */
export function flatten(value: unknown, before = ""): Record<string, unknown> {
  if (!isTree(value)) return { [before]: value };
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, inner]) =>
      flatten(inner, before ? `${before}.${key}` : key)
    ),
  );
}

/** Nested objects from values by path. */
export function nest(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const tree: Tree = {};
  for (const [path, value] of Object.entries(values)) {
    const names = path.split(".");
    const last = names.pop()!;
    let into = tree;
    for (const name of names) into = (into[name] ??= {}) as Tree;
    into[last] = value;
  }
  return tree;
}

/**
 * The JSON object in a text.
 *
 * @throws {UserError} for a text that is none.
 */
export function parseObject(text: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`Cannot read ${what}: ${(error as Error).message}`);
  }
  if (isTree(value)) return value;
  throw new UserError(`Cannot read ${what}: expected an object but found ${text.slice(0, 40)}`);
}
