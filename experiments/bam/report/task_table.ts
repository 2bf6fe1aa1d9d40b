/**
 * The small twin of Table 3: how often models give the one right answer, and what the work printed.
 *
 * @module
 */
import { meanOverSeeds } from "../../../core/train/statistics.ts";
import { type Estimate, exactly } from "../../../kernels/base/estimate.ts";
import type { Row, TableInfo } from "../../../reports/result.ts";
import { contentId } from "../../hash.ts";
import { mean } from "../../mean.ts";
import type { ToldTable } from "../../training/router_table.ts";
import type { ModelFigures, StudyFigures, StudySize, TaskFigures } from "../figures.ts";
import { publishedTaskGroups, publishedTasks } from "./published_tasks.ts";
import { matchedIn, nameOfRow, type RowKey, rowsOf } from "./rows.ts";
import { trained } from "./twins.ts";

const shareOf = ({ right, asked }: TaskFigures) => right / asked;

/** Tasks that something was asked of: a few short texts may have no span that is determined. */
const askedOf = ({ tasks }: ModelFigures) => tasks.filter(({ asked }) => asked > 0);

/** Two-sided 95 % of the normal distribution. */
const Z = 1.96;

/**
 * A share with the interval of Wilson (1927), which stays between 0 and 1.
 *
 * @throws {RangeError} where nothing was asked.
 */
export function wilson({ right, asked }: Pick<TaskFigures, "right" | "asked">): Estimate {
  if (!(asked > 0)) {
    throw new RangeError(`Cannot give a share: found ${asked} questions, wanted 1 or more`);
  }
  const share = right / asked;
  const spread = Z * Math.sqrt(share * (1 - share) / asked + Z * Z / (4 * asked * asked));
  const at = (side: number) => (share + Z * Z / (2 * asked) + side * spread) / (1 + Z * Z / asked);
  return {
    ...{ value: share, lo: Math.max(0, at(-1)), hi: Math.min(1, at(1)), n: asked },
    method: "one seed: share of the questions, 95 % by Wilson",
  };
}

const overSeeds = (shares: readonly number[]): Estimate => ({
  ...meanOverSeeds(shares),
  method: "mean over seeds, 95 % Student's t",
});

/** Mean share of all tasks that something was asked of, each alike; `NaN` where there are none. */
export const averageShare = (model: ModelFigures): number => mean(askedOf(model).map(shareOf));

const keyOf = ({ kind, domain }: TaskFigures) => `${kind}, ${domain}Fraction`;

/** Shares of a row's trainings: their average, and task by task. */
export function taskShares(models: readonly ModelFigures[]): Record<string, Estimate> {
  const [first] = models;
  const one = models.length === 1;
  return {
    averageFraction: one
      ? exactly(averageShare(first), "one seed: no interval")
      : overSeeds(models.map(averageShare)),
    ...Object.fromEntries(first.tasks.flatMap((task, i) => {
      if (!models.every(({ tasks }) => tasks[i].asked > 0)) return [];
      const share = one ? wilson(task) : overSeeds(models.map(({ tasks }) => shareOf(tasks[i])));
      return [[keyOf(task), share]];
    })),
  };
}

/** What answers drawn at random get. */
function chanceOf(model: ModelFigures): Record<string, Estimate> {
  const from = "answers drawn at random";
  const tasks = askedOf(model);
  return {
    averageFraction: exactly(mean(tasks.map(({ chance }) => chance)), from),
    ...Object.fromEntries(tasks.map((task) => [keyOf(task), exactly(task.chance, from)])),
  };
}

const labelsOf = (key: RowKey, model: string) => ({ model, matched: matchedIn(key) ?? "–" });

type Told = Pick<Row, "labels" | "metrics" | "kind"> & { warnings?: string[] };

async function tableOf(info: TableInfo, told: readonly Told[]): Promise<ToldTable> {
  const rows = told.map(async (one): Promise<Row> => ({
    id: await contentId({ table: info.id, labels: one.labels }),
    ...{ table: info.id, warnings: [], ...one },
  }));
  return { info, rows: await Promise.all(rows) };
}

function measuredTable(figures: StudyFigures, size: StudySize): Promise<ToldTable> | undefined {
  const rows = rowsOf(figures, size).map((key) => ({ key, models: trained(figures, key) }))
    .filter(({ models }) => models.every((model) => askedOf(model).length > 0));
  if (rows.length === 0) return undefined;
  const [{ models: [first] }] = rows;
  return tableOf(
    {
      id: `tasks-${size}`,
      title: `Tasks, ${size} size: measured here, beside Table 3`,
      note: "Share of right answers, higher is better. Cloze: of several ways to go on, the one " +
        "that the model finds likeliest is the real one. Exact: each token of a span whose tokens " +
        "follow from the text is the model's first choice.",
      columns: ["model", "matched", "averageFraction"],
      best: { averageFraction: "highest" },
    },
    [
      ...rows.map(({ key, models }): Told => ({
        labels: labelsOf(key, nameOfRow(key.row, figures.domains)),
        metrics: taskShares(models),
        kind: "measured",
      })),
      {
        labels: { model: "drawn at random", matched: "–" },
        metrics: chanceOf(first),
        kind: "derived",
      },
    ],
  );
}

function publishedTable(): Promise<ToldTable> {
  const { id, title, source, rows } = publishedTasks;
  const printed = (share: number) => exactly(share, "as printed");
  return tableOf(
    {
      id,
      title: `${title}: ${source}`,
      note:
        "Share of right answers. Tasks of the work are of real text, and nothing here is their " +
        "like: only the order of the averages can be compared.",
      columns: ["model", "matched", "averageFraction"],
      best: { averageFraction: "highest" },
    },
    rows.map((row): Told => ({
      labels: labelsOf(row, row.name),
      kind: "published",
      metrics: {
        averageFraction: printed(row.average),
        ...Object.fromEntries(
          publishedTaskGroups.map((group, i) => [`${group}Fraction`, printed(row.shares[i])]),
        ),
      },
      warnings: row.erratum === undefined ? [] : [row.erratum],
    })),
  );
}

/** Tasks of the sizes that have them, then those of the work. */
export async function taskTables(figures: StudyFigures): Promise<ToldTable[]> {
  const measured = (["large", "small"] as const)
    .map((size) => measuredTable(figures, size))
    .filter((table) => table !== undefined);
  return measured.length === 0 ? [] : await Promise.all([...measured, publishedTable()]);
}
