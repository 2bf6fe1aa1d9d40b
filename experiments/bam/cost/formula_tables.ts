/**
 * The work's tables beside our counts.
 *
 * @module
 */
import { exactly } from "../../../kernels/base/mod.ts";
import type { Row, TableInfo } from "../../../reports/result.ts";
import { contentId } from "../../hash.ts";
import { type FormulaRow, isErratum } from "./formulas.ts";

const titles: Readonly<Record<number, string>> = {
  7: "Table 7: FLOP a token a layer at a context of 256",
  9: "Table 9: parameters of the small models",
  10: "Table 10: its formulas at the small size",
};

/** The three tables. */
export const formulaTables: TableInfo[] = Object.entries(titles).map(([table, title]) => ({
  ...{ id: `table-${table}`, title },
  note: "Printed by the work, and counted from the shapes of the weights that the scheme makes. " +
    "What differs is an erratum, and says why.",
  columns: [
    "model",
    "part",
    "printedFlops",
    "countedFlops",
    "printedCount",
    "countedCount",
    "note",
  ],
}));

/** Rows of all three. */
export async function formulaTableRows(rows: readonly FormulaRow[]): Promise<Row[]> {
  return await Promise.all(rows.map(async (row): Promise<Row> => {
    const { table, model, part, unit, printed, counted, note } = row;
    const ending = unit === "flops" ? "Flops" : "Count";
    return {
      id: await contentId({ table, model, part, unit }),
      ...{ table: `table-${table}`, kind: "derived" },
      labels: { model, part, ...(note && { note: `${isErratum(row) ? "Erratum: " : ""}${note}` }) },
      metrics: {
        ...(printed !== null && { [`printed${ending}`]: exactly(printed, "printed") }),
        [`counted${ending}`]: exactly(counted, "counted"),
      },
      warnings: [],
    };
  }));
}
