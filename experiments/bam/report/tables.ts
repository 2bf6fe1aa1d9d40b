/**
 * All tables of the study, in the order in which they are read.
 *
 * @module
 */
import type { ToldTable } from "../../training/router_table.ts";
import type { StudyFigures } from "../figures.ts";
import { agreementTable } from "./agreement_table.ts";
import { claimTables } from "./claim_rows.ts";
import { type StudyClaims, studyClaims } from "./claims.ts";
import { costTable } from "./cost_table.ts";
import { type Redrawing, usualRedrawing } from "./difference.ts";
import { perplexityTables } from "./perplexity_tables.ts";
import { taskTables } from "./task_table.ts";

/** What tables are made with. */
export interface StudyTableOptions {
  /** Claims of the same figures, where they are known already. */
  claims?: StudyClaims;
  /** How sequences are drawn again. */
  redrawing?: Redrawing;
}

/**
 * Tables of premise and claims, small twins of the work's tables beside what it printed, the agreement of
 * their orders, and costs.
 *
 * @throws {RangeError} where models of a seed did not see the same held-out sequences.
 */
export async function studyTables(
  figures: StudyFigures,
  options: StudyTableOptions = {},
): Promise<ToldTable[]> {
  const { redrawing = usualRedrawing } = options;
  const claims = options.claims ?? studyClaims(figures, redrawing);
  const { premise, byDomain, bySeed } = await claimTables(claims, figures);
  return [
    ...[premise, byDomain, await agreementTable(figures)],
    ...await perplexityTables(figures, redrawing),
    ...await taskTables(figures),
    ...[await costTable(figures), bySeed],
  ].filter(({ rows }) => rows.length > 0);
}
