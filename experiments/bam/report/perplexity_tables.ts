/**
 * Small twins of Tables 1, 2, 4, 5 and 6: each row as measured here and as printed, one below the
 * other.
 *
 * @module
 */
import { type Estimate, exactly } from "../../../kernels/base/estimate.ts";
import type { Row } from "../../../reports/result.ts";
import { contentId } from "../../hash.ts";
import { mean } from "../../mean.ts";
import type { ToldTable } from "../../training/router_table.ts";
import type { StudyFigures } from "../figures.ts";
import type { Redrawing } from "./difference.ts";
import { perplexitiesOf } from "./perplexities.ts";
import { publishedAverage, type PublishedTable, publishedTables } from "./published.ts";
import { matchedIn, nameOfRow, type RowKey } from "./rows.ts";
import { averagedOf, domainHeads, trained, type Twin, twinsOf } from "./twins.ts";

type Told = Pick<Row, "labels" | "metrics" | "kind">;

const labelsOf = (key: RowKey, model: string) => ({ model, matched: matchedIn(key) ?? "–" });

/** Numbers under the heads of the domains; heads without a number are left out. */
const underHeads = (heads: readonly string[], numbers: readonly Estimate[]) =>
  Object.fromEntries(numbers.map((number, i) => [heads[i], number]));

const printed = (value: number) => exactly(value, "as printed");

function publishedRow(
  { published }: Twin,
  told: { table: PublishedTable; heads: string[] },
): Told[] {
  if (!published) return [];
  const { table, heads } = told;
  const { average, parameters, perplexity, name } = published;
  return [{
    labels: labelsOf(published, name),
    kind: "published",
    metrics: {
      average: average === undefined
        ? exactly(publishedAverage(published, table), "mean of what is printed")
        : printed(average),
      ...underHeads(heads, perplexity.map(printed)),
      ...(parameters && {
        totalParametersCount: printed(parameters.total),
        activeParametersCount: printed(parameters.active),
      }),
    },
  }];
}

function measuredRow(
  { measured }: Twin,
  told: { figures: StudyFigures; table: PublishedTable; heads: string[]; redrawing: Redrawing },
): Told[] {
  if (!measured) return [];
  const { figures, table, heads, redrawing } = told;
  const models = trained(figures, measured);
  const averaged = averagedOf(table, figures.domains);
  const { average, domains } = perplexitiesOf(models, { averaged, redrawing });
  const [{ parameters: { total, active } }] = models;
  const sized = table.rows.some(({ parameters }) => parameters);
  return [{
    labels: labelsOf(measured, nameOfRow(measured.row, figures.domains)),
    kind: "measured",
    metrics: {
      average,
      ...underHeads(heads, domains),
      ...(sized && {
        totalParametersCount: exactly(total, "counted"),
        activeParametersCount: exactly(active, "counted"),
      }),
    },
  }];
}

/** The least perplexity that the text allows, where the process that it is drawn from is known. */
function floorRow(
  figures: StudyFigures,
  { table, heads }: { table: PublishedTable; heads: string[] },
): Told[] {
  const seeds = trained(figures, { row: "seed", size: table.size });
  const floors = figures.domains.map((_, domain) =>
    Math.exp(mean(seeds.map((model) => model.domains[domain].floor ?? NaN)))
  );
  if (!floors.every(Number.isFinite)) return [];
  const own = averagedOf(table, figures.domains).map((domain) => floors[domain]);
  const from = "entropy of the text, for who knows its process";
  return [{
    labels: { model: "the least possible", matched: "–" },
    kind: "derived",
    metrics: {
      average: exactly(mean(own), from),
      ...underHeads(heads, floors.map((floor) => exactly(floor, from))),
    },
  }];
}

async function tellTable(
  figures: StudyFigures,
  { table, redrawing }: { table: PublishedTable; redrawing: Redrawing },
): Promise<ToldTable> {
  const heads = domainHeads(figures.domains);
  const { id, title, source, errata, averaged } = table;
  const told = twinsOf(figures, table).flatMap((twin) => [
    ...measuredRow(twin, { figures, table, heads, redrawing }),
    ...publishedRow(twin, { table, heads }),
  ]).concat(floorRow(figures, { table, heads }));
  const rows = told.map(async ({ labels, kind, metrics }): Promise<Row> => ({
    id: await contentId({ table: id, labels, kind }),
    ...{ table: id, labels, kind, metrics, warnings: [] },
  }));
  const whole = averaged.length === 4 ? "all domains" : "the special domains";
  return {
    info: {
      id,
      title: `${title}: measured here, and ${source}`,
      note:
        `Perplexity, lower is better; the average goes over ${whole}. Numbers of the two kinds ` +
        "are of other models and other text: their order can be compared, nothing else. " +
        "All models of a seed share its held-out text, so that intervals of rows may overlap where " +
        "those of their differences do not hold 0. " +
        errata.map((one) => `${one}.`).join(" "),
      columns: ["model", "matched", "average", ...heads],
    },
    rows: await Promise.all(rows),
  };
}

/** The tables of which something was trained. */
export function perplexityTables(
  figures: StudyFigures,
  redrawing: Redrawing,
): Promise<ToldTable[]> {
  const tables = publishedTables.filter((table) =>
    twinsOf(figures, table).some(({ measured }) => measured)
  );
  return Promise.all(tables.map((table) => tellTable(figures, { table, redrawing })));
}
