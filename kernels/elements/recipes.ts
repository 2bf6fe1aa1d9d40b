/**
 * Where elements go: other shapes, transposes, parts, repetitions, and what indices name.
 *
 * @module
 */
import { sortableText } from "../router/top_k.ts";
import type { ElementRecipe } from "./elements.ts";

const moved = (name: string, body: string, more: Partial<ElementRecipe> = {}) =>
  ({ name, gives: "f32", reads: { x: "f32" }, body, ...more }) as const satisfies ElementRecipe;

/** Recipes of matrices, by name. */
export const elementRecipes = {
  /** The same numbers, row by row, in another shape. */
  reshape: moved(
    "reshape",
    `let i = row * p.columns + column;
  return x[(i / p.x_columns) * p.x_pitch + i % p.x_columns];`,
  ),
  /** Columns become rows. */
  transpose: moved("transpose", "return x[column * p.x_pitch + row];"),
  /** Columns from `shift` on; 0 beyond those of x. A negative shift leaves zeros in front. */
  window: moved(
    "window",
    `let c = column + p.shift;
  if (c >= p.x_columns) { return 0.0; }
  return x[row * p.x_pitch + c];`,
    { values: { shift: "u32" } },
  ),
  /** A row, a column or a number as the whole matrix whose rows or columns are all alike. */
  stretch: moved(
    "stretch",
    "return x[min(row, p.x_rows - 1u) * p.x_pitch + min(column, p.x_columns - 1u)];",
  ),
  /** One number everywhere. */
  fill: moved("fill", "return p.by;", { reads: {}, values: { by: "f32" } }),
  /** Each row `times` times, one behind the other, multiplied by `factor`. */
  repeat: moved("repeat rows", "return p.factor * x[(row / p.times) * p.x_pitch + column];", {
    values: { times: "u32", factor: "f32" },
  }),
  /** Sums of `length` neighbouring rows, multiplied by `factor`. */
  segments: moved(
    "segment sums",
    `var sum = 0.0;
  for (var r = row * p.length; r < (row + 1u) * p.length; r++) {
    sum += x[r * p.x_pitch + column];
  }
  return p.factor * sum;`,
    { values: { length: "u32", factor: "f32" } },
  ),
  /** The entries of each row that ids [rows, columns] name; 0 for none. */
  take: moved(
    "take",
    `let id = ids[row * p.columns + column];
  if (id >= p.x_columns) { return 0.0; }
  return x[row * p.x_pitch + id];`,
    { reads: { x: "f32", ids: "u32" } },
  ),
  /** The rows that ids [rows] name; zeros for none. */
  rows: moved(
    "rows of a table",
    `let id = ids[row];
  if (id >= p.x_rows) { return 0.0; }
  return x[id * p.x_pitch + column];`,
    { reads: { x: "f32", ids: "u32" } },
  ),
} as const;

/** Recipes of indices, by name. */
export const idRecipes = {
  /** The column of each entry above 0. */
  where: {
    name: "where",
    gives: "u32",
    reads: { x: "f32" },
    body: "return select(NONE, column, x[row * p.x_pitch + column] > 0.0);",
  },
  /** The ids where the entry is above 0. */
  keep: {
    name: "keep",
    gives: "u32",
    reads: { x: "f32", ids: "u32" },
    body: "return select(NONE, ids[row * p.columns + column], x[row * p.x_pitch + column] > 0.0);",
  },
  /** Keys of the rows of x[T, 1] whose order is that of the numbers, from high to low. */
  descending: {
    name: "descending keys",
    gives: "u32",
    reads: { x: "f32" },
    functions: sortableText,
    body: "return ~sortable(vec4f(x[row * p.x_pitch])).x;",
  },
  /** The entries of a table that ids name. */
  lookUp: {
    name: "look up ids",
    gives: "u32",
    reads: { table: "u32", ids: "u32" },
    body: `let id = ids[row * p.columns + column];
  if (id >= p.table_count) { return NONE; }
  return table[id];`,
  },
  /** times ids + plus. */
  affine: {
    name: "affine ids",
    gives: "u32",
    reads: { ids: "u32" },
    values: { times: "u32", plus: "u32" },
    body: `let id = ids[row * p.columns + column];
  return select(p.times * id + p.plus, NONE, id == NONE);`,
  },
  /** times ids + other ids. */
  add: {
    name: "add ids",
    gives: "u32",
    reads: { ids: "u32", other: "u32" },
    values: { times: "u32" },
    body: `let i = row * p.columns + column;
  return select(p.times * ids[i] + other[i], NONE, ids[i] == NONE || other[i] == NONE);`,
  },
  /** The ids, and `most` for those above it. */
  atMost: {
    name: "ids at most",
    gives: "u32",
    reads: { ids: "u32" },
    values: { most: "u32" },
    body: "return min(ids[row * p.columns + column], p.most);",
  },
  /** Each row `times` times. */
  repeat: {
    name: "repeat ids",
    gives: "u32",
    reads: { ids: "u32" },
    values: { times: "u32" },
    body: "return ids[(row / p.times) * p.columns + column];",
  },
} as const satisfies Record<string, ElementRecipe>;

/** Matrices or rows of indices that one launch puts side by side. */
export const MOST_BESIDE = 7;

/** `count` matrices side by side; `part1`, `part2` and so on begin at columns `at1`, `at2`. */
export function besideRecipe(gives: "f32" | "u32", count: number): ElementRecipe {
  const parts = Array.from({ length: count }, (_, i) => i);
  const entry = (i: number) => {
    const column = i === 0 ? "column" : `(column - p.at${i})`;
    const width = i === count - 1 ? `(p.columns - p.at${i})` : `(p.at${i + 1} - p.at${i})`;
    return `part${i}[row * ${gives === "f32" ? `p.part${i}_pitch` : width} + ${column}]`;
  };
  const lines = parts.map((i) =>
    i === count - 1 ? `return ${entry(i)};` : `if (column < p.at${i + 1}) { return ${entry(i)}; }`
  );
  return {
    name: `beside ${count}`,
    gives,
    reads: Object.fromEntries(parts.map((i) => [`part${i}`, gives])),
    values: Object.fromEntries(parts.map((i) => [`at${i}`, "u32"])),
    body: lines.join("\n  "),
  };
}
