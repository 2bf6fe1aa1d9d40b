/**
 * TOML (v1.0.0) as launchers write it: sections, strings, numbers, flags and arrays. Inline tables,
 * arrays of tables, dates and multi-line strings are refused.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";

/** A value of a TOML file. */
export type TomlValue = string | number | boolean | readonly TomlValue[];

const token = /\s*(?:#[^\n]*\s*)*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\[\],]|[^\s\[\],#"']+)/y;

function refuse(line: number, found: string, wanted: string): UserError {
  return new UserError(
    `Cannot read line ${line} of the TOML: expected ${wanted} but found ${found}`,
  );
}

function scalar(text: string, line: number): TomlValue {
  if (text.startsWith("'")) return text.slice(1, -1);
  if (text.startsWith('"')) {
    try {
      return JSON.parse(text);
    } catch {
      throw refuse(line, text, "a string");
    }
  }
  if (text === "true" || text === "false") return text === "true";
  const digits = text.replaceAll("_", "");
  if (/^[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|inf)$/.test(digits)) {
    return Number(digits.replace("inf", "Infinity"));
  }
  throw refuse(line, text, "a string, number, flag or array");
}

/** Reads values and keys of one text. */
class Cursor {
  #at = 0;
  constructor(readonly text: string) {}
  get line(): number {
    return this.text.slice(0, this.#at).split("\n").length;
  }
  next(): string | undefined {
    token.lastIndex = this.#at;
    const match = token.exec(this.text);
    if (!match) return undefined;
    this.#at = token.lastIndex;
    return match[1];
  }
  /** The rest of a line, which has to be empty or a comment. */
  endLine(): void {
    const rest = /[^\n]*/y;
    rest.lastIndex = this.#at;
    const [text] = rest.exec(this.text)!;
    if (!/^\s*(#.*)?$/.test(text)) throw refuse(this.line, text.trim(), "the end of the line");
    this.#at += text.length;
  }
  key(): string | undefined {
    const skip = /(?:\s|#[^\n]*)*/y;
    skip.lastIndex = this.#at;
    this.#at += skip.exec(this.text)![0].length;
    if (this.#at >= this.text.length) return undefined;
    const head = /\[\s*([\w.-]+)\s*\](?!\])|([\w.-]+|"[^"\n]*")[ \t]*=/y;
    head.lastIndex = this.#at;
    const match = head.exec(this.text);
    if (!match) {
      throw refuse(this.line, this.text.slice(this.#at).split("\n")[0], "[section] or key = value");
    }
    this.#at = head.lastIndex;
    return match[1] === undefined ? match[2].replaceAll('"', "") : `[${match[1]}]`;
  }
  value(): TomlValue {
    const { line } = this;
    const text = this.next();
    if (text !== "[") return scalar(text ?? "nothing", line);
    const items: TomlValue[] = [];
    for (;;) {
      const before = this.#at;
      if (this.next() === "]") return items;
      this.#at = before;
      items.push(this.value());
      const after = this.next();
      if (after === "]") return items;
      if (after !== ",") throw refuse(this.line, after ?? "nothing", "a comma or ]");
    }
  }
}

/**
 * The values of a TOML file by path: "parallelism.tensor_parallel_degree".
 *
 * @throws {UserError} that names the line.
 */
export function parseToml(text: string): Record<string, TomlValue> {
  const values: Record<string, TomlValue> = {};
  const cursor = new Cursor(text);
  let section = "";
  for (let key = cursor.key(); key !== undefined; key = cursor.key()) {
    if (key.startsWith("[")) {
      section = `${key.slice(1, -1)}.`;
    } else {
      const path = section + key;
      if (Object.hasOwn(values, path)) throw refuse(cursor.line, path, "each key only once");
      values[path] = cursor.value();
    }
    cursor.endLine();
  }
  return values;
}

function formatValue(value: TomlValue): string {
  if (Array.isArray(value)) return `[${value.map(formatValue).join(", ")}]`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** A TOML file of values by path; the last name of a path is the key, the rest its section. */
export function formatToml(values: Readonly<Record<string, TomlValue>>): string {
  const sections = new Map<string, string[]>();
  for (const [path, value] of Object.entries(values)) {
    const at = path.lastIndexOf(".");
    const section = path.slice(0, Math.max(0, at));
    const lines = sections.get(section) ?? [];
    lines.push(`${path.slice(at + 1)} = ${formatValue(value)}`);
    sections.set(section, lines);
  }
  return [...sections].sort(([a], [b]) => Number(a !== "") - Number(b !== ""))
    .map(([section, lines]) => [...(section ? [`[${section}]`] : []), ...lines, ""].join("\n"))
    .join("\n");
}
