/**
 * Models as tables on the terminal.
 *
 * @module
 */
import type { ModelDescription } from "../core/spec/mod.ts";
import { formatNumber, formatSigned, nameOf } from "../reports/format.ts";
import { formatTable } from "./table.ts";

const count = (value: number) => formatNumber(value, "count");

/** Name, year and publication in a line. */
function heading({ name, year, reference, rumour }: ModelDescription): string {
  const where = reference?.arxiv === undefined ? reference?.title : `arXiv ${reference.arxiv}`;
  const known = [year, where].filter((part) => part !== undefined).join(", ");
  return `${name}${known ? ` (${known})` : ""}${rumour ? ": a rumour, never published" : ""}`;
}

function parameterTable({ parameters }: ModelDescription): string {
  const { total, active, byPart, activeByPart } = parameters;
  const rows = Object.entries(byPart).map(([part, n]) => [
    nameOf(part),
    count(n),
    count(activeByPart[part] ?? 0),
    formatNumber(n / total, "fraction", 3),
  ]);
  return formatTable([
    { head: "parameters" },
    { head: "total", align: "right" },
    { head: "active", align: "right" },
    { head: "of total", align: "right" },
  ], [...rows, ["all", count(total), count(active), formatNumber(1, "fraction", 3)]]);
}

/** FLOP of a token's forward pass by part, and of one layer where all are alike. */
function flopTable({ flopsPerToken, layersAlike }: ModelDescription): string {
  const { sequenceTokens, total, ...parts } = flopsPerToken;
  const inLayers = ["attention", "mamba", "ffn", "router"];
  const rows = Object.entries(parts).filter(([, flops]) => flops > 0).map(([part, flops]) => [
    nameOf(part),
    count(flops),
    layersAlike && inLayers.includes(part) ? count(flops / layersAlike) : "",
    formatNumber(flops / total, "fraction", 3),
  ]);
  return formatTable([
    { head: `FLOP of a token, forward, at ${count(sequenceTokens)} tokens` },
    { head: "all", align: "right" },
    { head: "a layer", align: "right" },
    { head: "of all", align: "right" },
  ], [...rows, ["all", count(total), "", formatNumber(1, "fraction", 3)]]);
}

/** How the counts compare with the print, a line each. */
function printedLines({ published }: ModelDescription): string[] {
  if (!published) return [];
  const compared = [
    { what: "total", printed: published.total, agreement: published.totalAgreement },
    { what: "active", printed: published.active, agreement: published.activeAgreement },
  ];
  const lines = compared.flatMap(({ what, printed, agreement }) =>
    printed === undefined ? [] : [
      `Published ${what}: ${printed}` +
      (agreement ? `, from which the count is ${formatSigned(agreement.deviation)} away` : "") +
      ` (${published.source})`,
    ]
  );
  return published.mismatch ? [...lines, `Why they differ: ${published.mismatch}`] : lines;
}

/** Writes what there is to say of a model: its sizes, its parameters, and what they rest on. */
export function showModel(model: ModelDescription): string {
  const { assumed, config, notes, parameters } = model;
  const sizes = Object.entries(config).map(([key, value]) => [nameOf(key), value]);
  return [
    heading(model),
    "",
    formatTable([{ head: "part" }, { head: "size" }], sizes),
    "",
    parameterTable(model),
    "",
    flopTable(model),
    "",
    `A token uses ${formatNumber(parameters.active / parameters.total, "fraction", 3)}; ` +
    parameters.conventionNote,
    ...printedLines(model),
    ...(assumed.length > 0 ? [`Assumed, so unchecked: ${assumed.join(", ")}`] : []),
    ...notes,
  ].join("\n");
}

/** Writes models as a list. */
export function showModels(models: readonly ModelDescription[]): string {
  return formatTable(
    [
      { head: "model" },
      { head: "name" },
      { head: "year", align: "right" },
      { head: "total", align: "right" },
      { head: "active", align: "right" },
      { head: "experts" },
    ],
    models.map(({ id, name, year, parameters, config }) => [
      id,
      name,
      year ?? "",
      count(parameters.total),
      count(parameters.active),
      config.experts ?? "",
    ]),
  );
}
