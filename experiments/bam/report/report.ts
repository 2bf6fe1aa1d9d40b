/**
 * The whole page of the study, but for what the run knows of its device.
 *
 * @module
 */
import type { Result } from "../../../reports/result.ts";
import type { Outcome } from "../../define.ts";
import type { StudyFigures } from "../figures.ts";
import { studyChecks } from "./checks.ts";
import { type StudyClaims, studyClaims } from "./claims.ts";
import { type Redrawing, usualRedrawing } from "./difference.ts";
import { studyNotes } from "./notes.ts";
import { studyTables } from "./tables.ts";
import { claimPlots, studyHeatmaps } from "./visuals.ts";
import { studyDecision, studyVerdict, verdictCard } from "./words.ts";

/** What the run adds to the page. */
export interface StudyReportOptions {
  /** How the models were trained: notes that stand after what is asked. */
  notes?: Result["notes"];
  /** Claims of the same figures, where they are known already. */
  claims?: StudyClaims;
  /** How sequences are drawn again. */
  redrawing?: Redrawing;
}

/**
 * What the experiment gives back but its circumstances: the answer first, a drawing of each claim, then
 * tables, losses and shares, and how it was judged.
 *
 * @throws {RangeError} where models of a seed did not see the same held-out sequences.
 */
export async function studyReport(
  figures: StudyFigures,
  options: StudyReportOptions = {},
): Promise<Omit<Outcome, "circumstances">> {
  const { notes = [], redrawing = usualRedrawing } = options;
  const claims = options.claims ?? studyClaims(figures, redrawing);
  const told = await studyTables(figures, { claims, redrawing });
  const intervals = claimPlots(claims);
  const heatmaps = studyHeatmaps(figures);
  const [asked, ...judged] = studyNotes(figures, redrawing);
  const ids = (visuals: readonly { id: string }[]) => visuals.map(({ id }) => id);
  return {
    verdict: studyVerdict(claims),
    decision: studyDecision(claims),
    notes: [asked, ...notes, ...judged],
    tables: told.map(({ info }) => info),
    rows: told.flatMap(({ rows }) => rows),
    ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
    checks: studyChecks(figures),
    ...{ cards: [verdictCard(claims)], intervals, heatmaps },
    sections: [
      "verdicts",
      ...ids(intervals),
      ...ids(heatmaps.filter(({ id }) => id.startsWith("losses"))),
      ...["results"],
      ...ids(heatmaps.filter(({ id }) => !id.startsWith("losses"))),
      ...["understanding", "checks", "provenance"],
    ],
  };
}
