/** The rows of training as they lie on disk, unchecked, for tests of what is made of them. */
import { type PublishedCase, trainingCategories } from "../../../experiments/published/case.ts";
import index from "../../../experiments/published/cases/index.json" with { type: "json" };

const folder = new URL("../../../experiments/published/cases/", import.meta.url);

/** Every row of training. */
export const rows: PublishedCase[] = index.files.flatMap(({ file }) =>
  Deno.readTextFileSync(new URL(file, folder)).trimEnd().split("\n")
    .map((line) => JSON.parse(line) as PublishedCase)
).filter((row) => trainingCategories.includes(row.category));

/** The row of an id. */
export function rowOf(id: string): PublishedCase {
  const row = rows.find((r) => r.id === id);
  if (!row) throw new RangeError(`There is no row "${id}"`);
  return row;
}
