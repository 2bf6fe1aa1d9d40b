/**
 * The study as drawings: each claim as intervals beside what was printed, losses by domain, and whose
 * tokens go to which expert.
 *
 * @module
 */
import type { IntervalLine, IntervalPlot } from "../../../reports/interval_plot.ts";
import type { Heatmap } from "../../../reports/visuals.ts";
import { mean } from "../../mean.ts";
import type { ModelFigures, StudyFigures, StudySize } from "../figures.ts";
import type { Claim } from "./claim_table.ts";
import type { ClaimResult, PartResult, StudyClaims } from "./claims.ts";
import { asShare } from "./difference.ts";
import { rowsOf, shortName, sizesOf } from "./rows.ts";
import { trained } from "./twins.ts";
import { claimSentence } from "./words.ts";

const ends = ({ value, lo, hi }: { value: number; lo: number; hi: number }) => ({ value, lo, hi });

function measuredLine(
  size: StudySize,
  { part, measured, verdict, reason }: PartResult,
): IntervalLine {
  const { overSeeds, bySeed } = measured;
  const value = overSeeds
    ? ends(asShare(overSeeds.all))
    : { value: Math.expm1(mean(bySeed.map(({ all }) => all.value))) };
  return {
    ...{ group: part.name, label: `${size} size, here`, kind: "measured" },
    ...(verdict === "undecided" && { note: reason }),
    ...value,
    parts: bySeed.map(({ seed, all }) => ({ label: `seed ${seed}`, ...ends(asShare(all)) })),
    follows: verdict,
  };
}

function publishedLine(size: StudySize, { part, published }: PartResult): IntervalLine[] {
  if (published === undefined) return [];
  const label = `${size} size, in print`;
  return [{ group: part.name, label, kind: "published", value: Math.expm1(published) }];
}

/** Lines of a claim: part by part, each size as measured and as printed. */
function claimLines(results: readonly ClaimResult[]): IntervalLine[] {
  const parts = results[0]?.claim.parts ?? [];
  return parts.flatMap((_, i) =>
    results.flatMap(({ size, parts }) => [
      ...(parts[i].measured.bySeed.length > 0 ? [measuredLine(size, parts[i])] : []),
      ...publishedLine(size, parts[i]),
    ])
  );
}

function claimPlot(claim: Claim, results: readonly ClaimResult[]): IntervalPlot {
  return {
    id: `claim-${claim.id}`,
    title: claim.name,
    note: results.map(claimSentence).join(" ") +
      " To the left of 0 the first of the two has the lower perplexity. Below a measured line, " +
      "fainter, is each seed with the interval of its held-out sequences; the line itself is the " +
      "interval over seeds, which alone decides.",
    kind: "measured",
    ...{ what: "difference of perplexity", unit: "fraction", lines: claimLines(results) },
  };
}

/** A drawing of each claim that something was trained for. */
export function claimPlots({ claims }: StudyClaims): IntervalPlot[] {
  return [...Map.groupBy(claims, ({ claim }) => claim)]
    .map(([claim, results]) => claimPlot(claim, results));
}

/** Mean loss of a row on a domain, over seeds. */
const lossOn = (models: readonly ModelFigures[], domain: number) =>
  mean(models.map(({ domains }) => domains[domain].loss));

/** Perplexity of each row against the seed model's, by domain. */
function lossMap(figures: StudyFigures, size: StudySize): Heatmap | undefined {
  const base = trained(figures, { row: "seed", size });
  const keys = rowsOf(figures, size).filter(({ row }) => row !== "seed");
  if (base.length === 0 || keys.length === 0) return undefined;
  return {
    id: `losses-${size}`,
    title: `Perplexity by domain, ${size} size`,
    note:
      "Perplexity of each model against that of the seed model, mean over seeds: what a branch " +
      "gains on its own domain and loses elsewhere, and what mixtures keep of it.",
    kind: "measured",
    rows: { title: "model", labels: keys.map((key) => shortName(key, figures.domains)) },
    columns: { title: "domain", labels: figures.domains },
    ...{ what: "change against the seed model", unit: "fraction", middle: 0 },
    values: keys.map((key) =>
      figures.domains.map((_, domain) =>
        Math.expm1(lossOn(trained(figures, key), domain) - lossOn(base, domain))
      )
    ),
  };
}

/** Mixtures whose shares are drawn: those of the main tables, and the one with most experts. */
const drawn = ["btx-4", "bam-expert-kv", "bam-shared-kv", "btx-8"];

/** Share of a domain's tokens that each network expert gets, row by row. */
function shareMap(figures: StudyFigures, size: StudySize): Heatmap | undefined {
  const keys = rowsOf(figures, size).filter(({ row }) => drawn.includes(row));
  const rows = keys.flatMap((key) => {
    const shares = trained(figures, key).flatMap(({ shares }) => shares ? [shares] : []);
    return shares.length === 0 ? [] : figures.domains.map((domain, d) => ({
      label: `${shortName(key, figures.domains)}: ${domain}`,
      values: shares[0][d].map((_, e) => mean(shares.map((one) => one[d][e]))),
    }));
  });
  if (rows.length === 0) return undefined;
  const experts = Math.max(...rows.map(({ values }) => values.length));
  const names = ["seed", ...figures.domains.slice(1)];
  return {
    id: `shares-${size}`,
    title: `Who computes what, ${size} size`,
    note:
      "Share of a domain's choices that each network expert gets, mean over layers and seeds. " +
      "Expert 0 was the seed model, the next were the branches, further ones are copies of the seed.",
    kind: "measured",
    rows: { title: "model and domain", labels: rows.map(({ label }) => label) },
    columns: {
      title: "expert",
      labels: Array.from({ length: experts }, (_, e) => names[e] ?? `copy ${e - names.length + 1}`),
    },
    ...{ what: "share of choices", unit: "fraction" },
    values: rows.map(({ values }) => Array.from({ length: experts }, (_, e) => values[e] ?? null)),
  };
}

/** Losses and shares of the sizes that were trained. */
export function studyHeatmaps(figures: StudyFigures): Heatmap[] {
  return sizesOf(figures).flatMap((size) =>
    [lossMap(figures, size), shareMap(figures, size)].filter((map) => map !== undefined)
  );
}
