/**
 * The study for the command line: a short table, and a line for each verdict.
 *
 * @module
 */
import { formatPlain } from "../../../reports/format.ts";
import { mean } from "../../mean.ts";
import { formatTable } from "../../table.ts";
import type { StudyFigures, StudySize } from "../figures.ts";
import type { StudyClaims } from "./claims.ts";
import { fullName, rowsOf } from "./rows.ts";
import { trained } from "./twins.ts";
import { partFigures, premiseSentence } from "./words.ts";

/** Perplexities of a size by domain, mean over seeds. */
function sizeTable(figures: StudyFigures, size: StudySize): string {
  const rows = rowsOf(figures, size).map((key) => {
    const models = trained(figures, key);
    const losses = figures.domains.map((_, d) => mean(models.map((m) => m.domains[d].loss)));
    const numbers = [...losses, mean(losses)].map((loss) => formatPlain(Math.exp(loss), 4));
    return [fullName(key, figures.domains), ...numbers];
  });
  const heads = [...figures.domains, "mean"].map((head) => ({ head, align: "right" as const }));
  return formatTable([{ head: `${size}, perplexity` }, ...heads], rows);
}

/** Verdicts of a size: its premise, then a line for each claim. */
function verdictLines({ premise, claims }: StudyClaims, size: StudySize): string[] {
  return [
    ...premise.filter((one) => one.size === size).map(premiseSentence),
    ...claims.filter((one) => one.size === size).map(({ claim, verdict, counts, parts }) => {
      const [first] = parts.filter((part) => part.verdict === verdict).concat(parts);
      const aside = counts ? "" : " (does not count)";
      return `${verdict}${aside}: ${claim.says}; ${first.part.name} ${partFigures(first)}`;
    }),
  ];
}

/** Lines to print: a table and verdicts for each size that was trained. */
export function studyLines(figures: StudyFigures, claims: StudyClaims): string[] {
  return claims.premise.flatMap(({ size }) => [
    ...sizeTable(figures, size).split("\n"),
    "",
    ...verdictLines(claims, size),
    "",
  ]).slice(0, -1);
}
