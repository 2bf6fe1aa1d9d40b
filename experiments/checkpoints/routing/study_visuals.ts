/**
 * A routing study as drawings.
 *
 * @module
 */
import type { Heatmap, LinePlot, LineSeries } from "../../../reports/visuals.ts";
import { liftTable } from "./coactivation.ts";
import { placeStart } from "./equal_tokens.ts";
import type { LayerSpecialisation } from "./specialisation.ts";
import type { RoutingStudy } from "./study.ts";

const numbered = (n: number) => Array.from({ length: n }, (_, i) => `${i}`);

/** Numbers over their mean. */
function overMean(values: readonly number[]): number[] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.map((value) => value / mean);
}

/** Load by layer and expert. */
function loadMap({ texts, loads }: RoutingStudy): Heatmap {
  return {
    id: "load",
    title: "Load of the experts",
    note: "Choices of each expert over the mean of its layer: 1 is an equal load.",
    kind: "measured",
    rows: { title: "layer", labels: texts.layers.map(String) },
    columns: { title: "expert", labels: numbered(texts.experts) },
    ...{ what: "load over the mean", unit: "plain", middle: 1 },
    values: loads.map(({ counts_E }) => overMean(counts_E)),
  };
}

/** The place of the largest value. */
const placeOfMost = (values: readonly number[]) => values.indexOf(Math.max(...values));

/** The layer whose choices say most of the domain. */
export const mostSpecialised = (found: readonly LayerSpecialisation[]): number =>
  placeOfMost(found.map(({ bits }) => bits.value));

/** What the experts of one layer are chosen for. */
function domainMap({ texts, specialisation }: RoutingStudy): Heatmap | undefined {
  if (!specialisation) return undefined;
  const layer = mostSpecialised(specialisation);
  const { counts_DE } = specialisation[layer];
  const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
  const all = sum(counts_DE.map(sum));
  const loads = numbered(texts.experts).map((_, e) => sum(counts_DE.map((row) => row[e])) / all);
  return {
    id: "domains-of-experts",
    title: "Domains and experts",
    note: `Layer ${texts.layers[layer]}, which says most of the domain: the share of a domain's ` +
      "choices that an expert has, over its share of all choices.",
    kind: "measured",
    rows: { title: "domain", labels: [...texts.domains] },
    columns: { title: "expert", labels: numbered(texts.experts) },
    ...{ what: "share over the mean", unit: "plain", middle: 1 },
    values: counts_DE.map((row) =>
      row.map((count, e) => loads[e] > 0 ? count / sum(row) / loads[e] : null)
    ),
  };
}

/** Experts that a map of pairs has room for: the busiest. */
const expertsInMap = 32;

/** Which experts of one layer are chosen together. */
function pairMap({ texts, pairs, loads }: RoutingStudy): Heatmap | undefined {
  if (pairs.length === 0) return undefined;
  const { layer } = pairs[placeOfMost(pairs.map(({ lift }) => lift.lo))];
  const { counts_E } = loads[layer];
  const busiest = [...counts_E.keys()].sort((a, b) => counts_E[b] - counts_E[a] || a - b)
    .slice(0, expertsInMap).sort((a, b) => a - b);
  const table = liftTable(texts, layer);
  const side = { title: "expert", labels: busiest.map(String) };
  const some = busiest.length < texts.experts ? `, its ${busiest.length} busiest experts` : "";
  return {
    id: "pairs-of-experts",
    title: "Experts that are chosen together",
    note: `Layer ${texts.layers[layer]}, which has the strongest pair${some}: tokens that chose ` +
      "both over those that independent choices would give; 1 is independence.",
    kind: "measured",
    ...{ rows: side, columns: side, what: "pairs over those expected", unit: "plain", middle: 1 },
    values: busiest.map((a) =>
      busiest.map((b) => Number.isFinite(table[a][b]) ? table[a][b] : null)
    ),
  };
}

/** Fewer layers are read in the table: a line through two points says nothing. */
const leastLayers = 4;

function specialisationLines({ texts, specialisation }: RoutingStudy): LinePlot | undefined {
  if (!specialisation || specialisation.length < leastLayers) return undefined;
  return {
    id: "specialisation",
    title: "What an expert says of the domain",
    note: "Bits that one choice says of the domain of the text, less what shuffled domains say.",
    kind: "measured",
    x: { title: "layer", unit: "count", log: false },
    y: { title: "bits a choice", unit: "plain", log: false },
    series: [
      {
        name: "experts",
        points: specialisation.map(({ bits: { value, lo, hi } }, i) => ({
          ...{ x: texts.layers[i], y: value, lo, hi },
        })),
      },
      {
        name: "most of what chance gives",
        dashed: true,
        points: specialisation.map(({ chance }, i) => ({ x: texts.layers[i], y: chance.hi })),
      },
    ],
  };
}

/** How sure the router is, between what loads leave open and nothing. */
function certaintyLines({ texts, loads }: RoutingStudy): LinePlot | undefined {
  if (texts.layers.length < leastLayers) return undefined;
  const most = Math.log2(texts.experts);
  const points = loads.flatMap(({ routerBits: bits }, i) =>
    bits ? [{ x: texts.layers[i], y: bits.value, lo: bits.lo, hi: bits.hi }] : []
  );
  if (points.length === 0) return undefined;
  return {
    id: "certainty",
    title: "How sure the router is",
    note: "Entropy of what the router gives all experts of one token, beside that of the load of " +
      "all tokens together. A router that tells nothing has log2 of the experts.",
    kind: "measured",
    x: { title: "layer", unit: "count", log: false },
    y: { title: "bits", unit: "plain", log: false },
    series: [
      { name: "of one token", points },
      {
        name: "of the load",
        points: loads.map(({ loadEntropyFraction: { value, lo, hi } }, i) => ({
          ...{ x: texts.layers[i], y: value * most, lo: lo * most, hi: hi * most },
        })),
      },
      {
        name: "a router that tells nothing",
        dashed: true,
        points: texts.layers.map((x) => ({ x, y: most })),
      },
    ],
  };
}

/** Curves that can be told apart. */
const curves = 5;

/** Some of the layers, the first and the last among them. */
function someOf(count: number): number[] {
  if (count <= curves) return [...Array(count).keys()];
  return Array.from({ length: curves }, (_, i) => Math.round(i * (count - 1) / (curves - 1)));
}

function driftLines({ texts, agreement }: RoutingStudy): LinePlot {
  return {
    id: "drift",
    title: "Equal tokens along a text",
    note:
      "Share of a token's experts that another occurrence of it, in another sequence, has too, " +
      "by where the token stands. A router that looks at the token alone would give 100 % anywhere.",
    kind: "measured",
    x: { title: "place in the text, from 1", unit: "count", log: true },
    y: { title: "shared experts", unit: "fraction", log: false },
    series: someOf(texts.layers.length).map((layer): LineSeries => ({
      name: `layer ${texts.layers[layer]}`,
      points: agreement[layer].byPlace.flatMap(({ value, lo, hi }, place) =>
        Number.isFinite(value) ? [{ x: placeStart(place) + 1, y: value, lo, hi }] : []
      ),
    })),
  };
}

function agreementLines({ texts, agreement }: RoutingStudy): LinePlot | undefined {
  if (texts.layers.length < leastLayers) return undefined;
  const series = (name: string, key: "equal" | "any"): LineSeries => ({
    name,
    dashed: key === "any",
    points: agreement.map(({ [key]: { value, lo, hi } }, i) => ({
      ...{ x: texts.layers[i], y: value, lo, hi },
    })),
  });
  return {
    id: "agreement",
    title: "Equal tokens layer by layer",
    note: "Share of experts that two tokens of different sequences have in common.",
    kind: "measured",
    x: { title: "layer", unit: "count", log: false },
    y: { title: "shared experts", unit: "fraction", log: false },
    series: [series("equal tokens", "equal"), series("any tokens", "any")],
  };
}

const there = <T>(list: readonly (T | undefined)[]): T[] => list.filter((one) => one !== undefined);

/** All drawings that there is something for. */
export function studyVisuals(study: RoutingStudy): { heatmaps: Heatmap[]; lines: LinePlot[] } {
  return {
    heatmaps: there([loadMap(study), domainMap(study), pairMap(study)]),
    lines: there([
      certaintyLines(study),
      specialisationLines(study),
      agreementLines(study),
      driftLines(study),
    ]),
  };
}
