/**
 * For each table of the work: do its rows stand in the same order here?
 *
 * @module
 */
import { meanOverSeeds } from "../../../core/train/statistics.ts";
import { exactly } from "../../../kernels/base/estimate.ts";
import type { Row } from "../../../reports/result.ts";
import { contentId } from "../../hash.ts";
import type { ToldTable } from "../../training/router_table.ts";
import type { ModelFigures, StudyFigures, StudySize } from "../figures.ts";
import { logAverageOf } from "./perplexities.ts";
import { publishedAverage, publishedTables } from "./published.ts";
import { isPublished } from "./published_difference.ts";
import { publishedTasks } from "./published_tasks.ts";
import { type RankAgreement, rankAgreement, type RankedRow } from "./rank_agreement.ts";
import { type RowKey, rowsOf, trainingsOf } from "./rows.ts";
import { averageShare } from "./task_table.ts";
import { averagedOf, twinsOf } from "./twins.ts";

/** How the rows of a table agree. */
export interface TableAgreement {
  /** Id of the published table. */
  table: string;
  /** What it compares. */
  title: string;
  /** Which size. */
  size: StudySize;
  /** Rows of which both sides are known. */
  rows: number;
  /** What was found. */
  agreement: RankAgreement;
}

const interval = (by: readonly number[]) => by.length < 2 ? undefined : meanOverSeeds(by);

const ofSeeds = (models: ReadonlyMap<number, ModelFigures>, of: (model: ModelFigures) => number) =>
  new Map([...models].map(([seed, model]) => [seed, of(model)]));

const isBranch = ({ row }: RowKey) => row.startsWith("dense-");

/** Order of the averages of perplexity, table by table. */
function perplexityAgreements(figures: StudyFigures): TableAgreement[] {
  return publishedTables.map((table) => {
    const averaged = averagedOf(table, figures.domains);
    const rows = twinsOf(figures, table).flatMap(({ published, measured }): RankedRow[] =>
      published && measured
        ? [{
          published: published.average ?? publishedAverage(published, table),
          branch: isBranch(published),
          bySeed: ofSeeds(trainingsOf(figures, measured), (one) => logAverageOf(one, averaged)),
        }]
        : []
    );
    const { id, title, size } = table;
    const agreement = rankAgreement(rows, interval);
    return { table: id, title, size, rows: rows.length, agreement };
  });
}

/** Order of the averages of tasks: the higher the better, so that both sides change their sign. */
function taskAgreement(figures: StudyFigures): TableAgreement {
  const keys = rowsOf(figures, "large");
  const rows = publishedTasks.rows.flatMap((published): RankedRow[] => {
    const key = keys.find((key) => isPublished(key, published));
    const models = key && trainingsOf(figures, key);
    if (!models) return [];
    const bySeed = ofSeeds(models, (one) => -averageShare(one));
    if ([...bySeed.values()].some(Number.isNaN)) return [];
    return [{ published: -published.average, branch: isBranch(published), bySeed }];
  });
  const { id, title } = publishedTasks;
  return {
    ...{ table: id, title, size: "large", rows: rows.length },
    agreement: rankAgreement(rows, interval),
  };
}

/** Agreement of all tables that have a pair of rows here, in the order of the work. */
export function tableAgreements(figures: StudyFigures): TableAgreement[] {
  return [...perplexityAgreements(figures), taskAgreement(figures)]
    .filter(({ agreement }) => agreement.pairs > 0)
    .sort((a, b) => a.table < b.table ? -1 : 1);
}

/** The same as a table. */
export async function agreementTable(figures: StudyFigures): Promise<ToldTable> {
  const id = "agreement";
  const counted = (value: number) => exactly(value, "counted");
  const rows = tableAgreements(figures).map(
    async ({ table, title, size, rows, agreement }): Promise<Row> => ({
      id: await contentId({ table: id, of: table }),
      ...{ table: id, labels: { table: table.replace("-", " "), of: title, size } },
      ...{ kind: "derived", warnings: [] },
      metrics: {
        rowsCount: counted(rows),
        pairsCount: counted(agreement.pairs),
        sameCount: counted(agreement.same),
        sameFraction: exactly(agreement.same / agreement.pairs, "of the pairs"),
        toldApartCount: counted(agreement.sure),
        toldApartSameCount: counted(agreement.sureSame),
      },
    }),
  );
  return {
    info: {
      id,
      title: "Are the rows in the order of the work?",
      note:
        "Pairs of rows of a table whose averages stand in the same order here as in print; half " +
        "of them would by chance. Told apart are those whose difference has an interval over seeds " +
        "without 0, as one pair in twenty may by chance. Two branches have no order: their domains are " +
        "other ones here.",
      columns: ["table", "of", "size"],
    },
    rows: await Promise.all(rows),
  };
}
