/**
 * Differences that the work printed.
 *
 * @module
 */
import type { StudySize } from "../figures.ts";
import type { ClaimPart } from "./claim_table.ts";
import { type PublishedRow, publishedTables } from "./published.ts";
import type { RowKey } from "./rows.ts";

/** Whether a published row is of a key. */
export const isPublished = (row: RowKey, { row: id, budget }: RowKey): boolean =>
  row.row === id && (budget === undefined || row.budget === undefined || row.budget === budget);

/** Mean over all four domains of the difference of log perplexity. */
export function logDifference(one: PublishedRow, other: PublishedRow): number {
  const by = one.perplexity.map((x, i) => Math.log(x / other.perplexity[i]));
  return by.reduce((sum, x) => sum + x, 0) / by.length;
}

/** What the work printed of a part at a size; nothing where no table has both rows. */
export function publishedDifference(
  { one, against, tables }: ClaimPart,
  size: StudySize,
): number | undefined {
  const table = publishedTables.find((table) => table.size === size && tables.includes(table.id));
  if (!table) return undefined;
  const [own, other] = [one, against].map((key) => table.rows.find((row) => isPublished(row, key)));
  return own && other ? logDifference(own, other) : undefined;
}
