/**
 * Which measured rows stand beside a published table, and by what columns.
 *
 * @module
 */
import type { StudyFigures } from "../figures.ts";
import { publishedDomains, type PublishedRow, type PublishedTable } from "./published.ts";
import { isPublished } from "./published_difference.ts";
import { rowsOf, type SizedRow, trainingsOf } from "./rows.ts";

/** A row of a table: as published, as measured, or both. */
export interface Twin {
  /** What was trained; absent where nothing was. */
  measured?: SizedRow;
  /** What was printed; absent of a row of ours alone. */
  published?: PublishedRow;
}

/** Rows of our own that stand in the main tables: controls that the work does not have. */
const controls = ["dense-mixed"];

/** Tables that hold the controls too. */
const mainTables = ["table-1", "table-2"];

/** The rows of a table, in its order, and our controls after the dense models. */
export function twinsOf(figures: StudyFigures, table: PublishedTable): Twin[] {
  const trained = rowsOf(figures, table.size);
  const twins = table.rows.map((published): Twin => {
    const measured = trained.find((row) => isPublished(row, published));
    return { published, ...(measured && { measured }) };
  });
  if (!mainTables.includes(table.id)) return twins;
  const own = trained.filter(({ row }) => controls.includes(row)).map((measured) => ({ measured }));
  const dense = twins.findLastIndex(({ published }) => published?.row.startsWith("dense")) + 1;
  return [...twins.slice(0, dense), ...own, ...twins.slice(dense)];
}

/** Trainings of a row, by seed. */
export const trained = (figures: StudyFigures, row: SizedRow) => [
  ...trainingsOf(figures, row).values(),
];

/**
 * Heads of the columns, domain by domain: what the work has there and what the study has. The domain of
 * pre-training is the first of both; the special ones stand side by side in the order of the dense
 * models and have nothing else in common.
 */
export function domainHeads(domains: readonly string[]): string[] {
  const count = Math.max(domains.length, publishedDomains.length);
  return Array.from({ length: count }, (_, i) => {
    const both = [publishedDomains[i], domains[i]].filter((name) => name !== undefined);
    return [...new Set(both)].join(" / ");
  });
}

/** Numbers of the domains that a table averages here: all, or all but that of pre-training. */
export function averagedOf({ averaged }: PublishedTable, domains: readonly string[]): number[] {
  const all = [...domains.keys()];
  return averaged.length === publishedDomains.length ? all : all.slice(1);
}
