/**
 * The tables of the fusion of experts, and what is drawn of them.
 *
 * @module
 */
import { exactly } from "../../kernels/base/estimate.ts";
import type { Row, TableInfo } from "../../reports/result.ts";
import type { Heatmap, LinePlot, LineSeries } from "../../reports/visuals.ts";
import { contentId } from "../hash.ts";
import { askedOfWay, lossAbove, lossOfWay, sideOfWay } from "./compare.ts";
import type { FusionFigures, Way, WayKind } from "./figures.ts";
import { mean } from "../mean.ts";

const TABLE = "fusion";

/** Kinds of ways, in words. */
const kinds: Readonly<Record<WayKind, string>> = {
  expert: "one expert",
  averaged: "one model",
  rule: "a rule",
  fuser: "learned",
  frugal: "learned, asked by price",
  oracle: "told the domain",
};

/** The way that others are held against: Branch-Train-Merge's ensemble, all alike. */
export const CONTROL = "even";

/** The ways of a run. */
export const waysIn = ({ replicates: [first] }: FusionFigures): Way[] => first.ways;

/** The least loss that there is, where the process of the text is known. */
async function floorRow({ replicates, domains }: FusionFigures): Promise<Row[]> {
  const floors = replicates.flatMap(({ floors }) => floors ? [floors] : []);
  if (floors.length === 0) return [];
  const from = "entropy of the text, for who knows its process";
  const each = domains.map((_, d) => mean(floors.map((one) => one[d])));
  return [{
    id: await contentId({ table: TABLE, way: "floor" }),
    table: TABLE,
    labels: { way: "the least possible", by: "the text's process", against: "–" },
    kind: "derived",
    metrics: {
      loss: exactly(mean(each), from),
      ...Object.fromEntries(each.map((value, d) => [domains[d], exactly(value, from)])),
    },
    warnings: [],
  }];
}

/** Every way with its losses. */
export async function fusionTable(
  figures: FusionFigures,
): Promise<{ info: TableInfo; rows: Row[] }> {
  const { domains, fuserParameters } = figures;
  const rows = waysIn(figures).map(async ({ id, name, kind }): Promise<Row> => ({
    id: await contentId({ table: TABLE, way: id }),
    table: TABLE,
    labels: {
      ...{ way: name, by: kinds[kind] },
      against: id === CONTROL ? "–" : sideOfWay(figures, id, CONTROL),
    },
    kind: "measured",
    metrics: {
      loss: lossOfWay(figures, id),
      ...id !== CONTROL && { lossAboveMean: lossAbove(figures, id, CONTROL) },
      askedCount: askedOfWay(figures, id),
      ...Object.fromEntries(domains.map((one, d) => [one, lossOfWay(figures, id, d)])),
      ...kind === "fuser" && { fuserParametersCount: exactly(fuserParameters[id], "counted") },
    },
    warnings: kind === "frugal"
      ? ["asked counts predictions: an expert that is asked has to have read the text before"]
      : [],
  }));
  return {
    info: {
      id: TABLE,
      title: "One text, and the ways to use experts",
      note:
        "Held-out loss in nats a token: over all domains, each alike, and on each. The loss above the " +
        "mean is taken on equal seeds and sequences against the mean of all experts' predictions: " +
        "below 0 is better. Asked is how many experts predict a token, on average.",
      columns: ["way", "by", "against", "loss", "lossAboveMean", "askedCount", ...domains]
        .concat("fuserParametersCount"),
      best: { loss: "lowest" },
    },
    rows: [...await Promise.all(rows), ...await floorRow(figures)],
  };
}

/** Loss over experts asked: frugal ways as a curve, others as points. */
export function askedPlot(figures: FusionFigures): LinePlot {
  const point = ({ id, name }: Way) => {
    const { value: y, lo, hi } = lossOfWay(figures, id);
    return { x: askedOfWay(figures, id).value, y, lo, hi, label: name };
  };
  const ways = waysIn(figures);
  const frugal = ways.filter(({ kind }) => kind === "frugal").map(point);
  const alone = ways.filter(({ kind }) => kind !== "frugal" && kind !== "expert");
  return {
    id: "asked",
    title: "What asking fewer experts costs",
    note:
      "Held-out loss over the experts that are asked of a token. Along the curve the price of asking " +
      "falls from left to right. Who knows the domain asks one.",
    kind: "measured",
    x: { title: "experts asked of a token", unit: "plain", log: false },
    y: { title: "held-out loss, nats a token", unit: "plain", log: false },
    series: [
      { name: "FoE, frugal", points: frugal.sort((a, b) => a.x - b.x) },
      ...alone.map((way): LineSeries => ({ name: way.name, points: [point(way)] })),
    ],
  };
}

/** Loss of each way on each domain, above that of who knows the domain. */
export function domainMap(figures: FusionFigures): Heatmap {
  const { domains } = figures;
  const ways = waysIn(figures).filter(({ kind }) => kind !== "oracle");
  return {
    id: "by-domain",
    title: "What each way loses by not knowing the domain",
    note:
      "Loss above that of the expert of the known domain, nats a token, mean over seeds: an expert " +
      "is near 0 on its own domain, a good way to use all of them on every domain.",
    kind: "measured",
    rows: { title: "way", labels: ways.map(({ name }) => name) },
    columns: { title: "domain", labels: domains },
    ...{ what: "loss above that of the domain's expert", unit: "plain", middle: 0 },
    values: ways.map(({ id }) =>
      domains.map((_, d) => lossOfWay(figures, id, d).value - lossOfWay(figures, "oracle", d).value)
    ),
  };
}
