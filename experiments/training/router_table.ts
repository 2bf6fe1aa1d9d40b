/**
 * Trained routers side by side: a table with shared ranks, and the differences to a control.
 *
 * @module
 */
import { sharedRanks } from "../../core/train/statistics.ts";
import { type Estimate, exactly } from "../../kernels/base/estimate.ts";
import type { Row, TableInfo } from "../../reports/result.ts";
import { contentId } from "../hash.ts";
import { tokenFlopsOf } from "./router_size.ts";
import { differenceOf, perplexityOf, routerMetrics, type SeedGroup } from "./seed_groups.ts";

/** A table and its rows. */
export interface ToldTable {
  /** The table. */
  info: TableInfo;
  /** Its rows. */
  rows: Row[];
}

/** How a table is made. */
export interface RouterTableOptions {
  /** Id of the table. */
  id: string;
  /** Caption. */
  title: string;
  /** How to read it, beside what is said of all such tables. */
  note: string;
  /** What tells the rows apart. */
  labels(group: SeedGroup): Record<string, string | number>;
  /** What to mind about a row. */
  warnings?(group: SeedGroup): string[];
}

/** Groups that ran, best first, with their perplexity and the rank that they share. */
export function rankedGroups(
  groups: readonly SeedGroup[],
): { group: SeedGroup; perplexity: Estimate; rank: number }[] {
  const ran = groups.filter(({ figures }) => figures.length > 0)
    .map((group) => ({ group, perplexity: perplexityOf(group) }));
  const ranks = sharedRanks(ran.map(({ perplexity }) => perplexity), { better: "lower" });
  return ran.map((one, i) => ({ ...one, rank: ranks[i] }))
    .sort((a, b) => a.perplexity.value - b.perplexity.value);
}

const columns = ["rank", "perplexity", "busiestOverMean", "loadVariation", "droppedFraction"]
  .concat("specialisationFraction", "routerEntropyFraction", "expertsPerToken", "tokenFlops")
  .concat("parametersCount", "stepSeconds", "peakBytes");

/** The table of routers, best first, and below them those that could not run. */
export async function routerTable(
  groups: readonly SeedGroup[],
  { id, title, note, labels, warnings }: RouterTableOptions,
): Promise<ToldTable> {
  const row = async (group: SeedGroup, rank: Record<string, number>, own: Partial<Row>) => ({
    id: await contentId({ table: id, run: group.run.id }),
    table: id,
    labels: { ...labels(group), ...rank },
    kind: "measured" as const,
    metrics: {},
    warnings: warnings?.(group) ?? [],
    ...own,
  });
  const rows: Row[] = [];
  for (const { group, perplexity, rank } of rankedGroups(groups)) {
    const metrics = {
      perplexity,
      ...routerMetrics(group),
      tokenFlops: tokenFlopsOf(group),
      parametersCount: exactly(group.figures[0].parameters, "counted"),
    };
    rows.push(await row(group, { rank }, { metrics }));
  }
  for (const group of groups) {
    if (group.refused === undefined) continue;
    rows.push(await row(group, {}, { infeasible: group.refused }));
  }
  const first = rows[0] ? Object.keys(rows[0].labels).filter((key) => key !== "rank") : [];
  return {
    info: {
      ...{ id, title, note, columns: [...first, ...columns] },
      best: { perplexity: "lowest" },
    },
    rows,
  };
}

/** Losses less that of a control, best first, drawn as ranges around 0. */
export async function differenceTable(
  groups: readonly SeedGroup[],
  options: Pick<RouterTableOptions, "id" | "title" | "note"> & { control: SeedGroup },
): Promise<ToldTable> {
  const { control, ...info } = options;
  const ran = groups.filter(({ figures }) => figures.length > 0 && figures !== control.figures)
    .map((group) => ({ group, difference: differenceOf(group, control) }))
    .sort((a, b) => a.difference.value - b.difference.value);
  const rows: Row[] = [];
  for (const { group, difference } of ran) {
    const { value, lo, hi, method } = difference;
    const at = (end: number): Estimate => ({ ...exactly(end, method), n: difference.n });
    rows.push({
      id: await contentId({ table: info.id, run: group.run.id }),
      table: info.id,
      labels: { router: group.run.name },
      kind: "measured",
      metrics: { lowestLoss: at(lo), lossDifference: at(value), highestLoss: at(hi) },
      warnings: [],
    });
  }
  const ranges = { low: "lowestLoss", middle: "lossDifference", high: "highestLoss" };
  return { info: { ...info, ranges }, rows };
}
