/**
 * The fields of a config.json, and which of them have been understood.
 *
 * @module
 */
import { nearest, UserError } from "../../../kernels/base/errors.ts";

/** A config.json that remembers what was read of it. */
export interface Fields {
  /** `model_type`. */
  type: string;
  /** A field, "ffn_config.moe_top_k" for one in an object; undefined where it is null or not there. */
  get(path: string): unknown;
  /** Fields that were asked for, there or not. */
  read(): string[];
  /** Fields that nobody asked for and that are not null. */
  unread(): string[];
  /** The error for a field whose value cannot be used. */
  wrong(path: string, wanted: string): UserError;
  /** The error for a field that is not there. */
  missing(path: string): UserError;
}

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Takes hold of a config.json; `id` names the model in messages. */
export function fieldsOf(config: JsonObject, options: { id: string; type: string }): Fields {
  const { id, type } = options;
  const read = new Set<string>(["model_type"]);
  const at = (path: string): unknown => {
    const [name, inner] = path.split(".");
    const value = config[name];
    return inner === undefined ? value : isObject(value) ? value[inner] : undefined;
  };
  const unread = () =>
    Object.entries(config).flatMap(([name, value]) => {
      const inside = isObject(value) && [...read].some((path) => path.startsWith(`${name}.`));
      return inside ? Object.keys(value).map((inner) => `${name}.${inner}`) : [name];
    }).filter((path) => !read.has(path) && (at(path) ?? null) !== null);
  const before = `Cannot read the config.json of ${id}:`;
  return {
    type,
    get(path) {
      read.add(path);
      return at(path) ?? undefined;
    },
    read: () => [...read],
    unread,
    wrong: (path, wanted) =>
      new UserError(
        `${before} at ${path} expected ${wanted} but found ${JSON.stringify(at(path))}`,
      ),
    missing(path) {
      const match = nearest(path, unread());
      const hint = match === undefined ? "" : `; did you mean "${match}", which ${type} has not?`;
      return new UserError(`${before} expected the field ${path} of ${type} but found none${hint}`);
    },
  };
}
