/**
 * Tables of the papers that the workbench follows, as data: the survey's four, BAM's ten and
 * BTX's five, digit for digit.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig, type Schema } from "../../../kernels/base/config.ts";
import { unknownName } from "../../../kernels/base/errors.ts";
import bam from "./bam_tables.json" with { type: "json" };
import btx from "./btx_tables.json" with { type: "json" };
import survey from "./survey_tables.json" with { type: "json" };

/** A cell; null where the paper prints nothing. */
export type TableCell = string | number | boolean | null;

/** A column of a table. */
export interface PaperColumn {
  /** Key of its cells. */
  key: string;
  /** Heading. */
  label: string;
  /** Unit of its numbers, where they have one. */
  unit?: string;
}

/** A table as a paper prints it. */
export interface PaperTable {
  /** Paper and number, such as "bam-7". */
  id: string;
  /** What it shows. */
  title: string;
  /** Paper and table. */
  source: string;
  /** Columns in order. */
  columns: PaperColumn[];
  /** Rows in order, by the keys of the columns. */
  rows: Record<string, TableCell>[];
  /** Misprints and conventions. */
  notes: string[];
}

/** The schema of a list of tables. */
export const paperTablesSchema: Schema<PaperTable[]> = z.array(z.strictObject({
  id: z.string(),
  title: z.string(),
  source: z.string(),
  columns: z.array(z.strictObject({
    key: z.string(),
    label: z.string(),
    unit: z.string().optional(),
  })),
  rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  notes: z.array(z.string()),
}));

/** All tables: the survey's, BAM's and BTX's, in order of their numbers. */
export function paperTables(): PaperTable[] {
  return parseConfig(paperTablesSchema, [...survey, ...bam, ...btx], "the tables of the papers");
}

/**
 * The table with an id: "survey-1" to "survey-4", "bam-1" to "bam-10", "btx-1" to "btx-5". Throws
 * a UserError that names the nearest one.
 *
 * @example
 * ```ts
 * import { paperTable } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(paperTable("bam-7").rows[1].totalFlop, 21_510_144);
 * ```
 */
export function paperTable(id: string): PaperTable {
  const tables = paperTables();
  const table = tables.find((t) => t.id === id);
  if (!table) throw unknownName("table", id, tables.map((t) => t.id));
  return table;
}
