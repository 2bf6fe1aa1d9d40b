/**
 * Perplexities of rows as the work prints them: by domain, and their average.
 *
 * Over seeds an interval is Student's t of log perplexities; with one seed it is that of sequences
 * drawn again, and its method says so.
 *
 * @module
 */
import { meanOverSeeds } from "../../../core/train/statistics.ts";
import { type Estimate, split } from "../../../kernels/mod.ts";
import { withIntervals } from "../../checkpoints/routing/resample.ts";
import { mean } from "../../mean.ts";
import type { ModelFigures } from "../figures.ts";
import type { Redrawing } from "./difference.ts";

/** Perplexities of a row. */
export interface RowPerplexities {
  /** By domain. */
  domains: Estimate[];
  /** Their average over the domains that are asked for. */
  average: Estimate;
}

/** Numbers of domains that an average goes over; all where absent. */
export type Averaged = readonly number[] | undefined;

/** Log of the average of perplexities, of mean losses by domain. */
export function logAverage(losses: readonly number[], averaged: Averaged): number {
  const own = averaged === undefined ? losses : averaged.map((domain) => losses[domain]);
  return Math.log(mean(own.map(Math.exp)));
}

/** The same of a model. */
export const logAverageOf = ({ domains }: ModelFigures, averaged: Averaged): number =>
  logAverage(domains.map(({ loss }) => loss), averaged);

/** An estimate of log perplexity as perplexity. */
export function exponential(estimate: Estimate): Estimate {
  const { value, lo, hi } = estimate;
  return { ...estimate, value: Math.exp(value), lo: Math.exp(lo), hi: Math.exp(hi) };
}

const overSeeds = (values: readonly number[]): Estimate =>
  exponential({ ...meanOverSeeds(values), method: "mean over seeds, 95 % Student's t of logs" });

/** Perplexities of one model, with the interval that the choice of sequences gives. */
function ofOne(
  model: ModelFigures,
  { averaged, redrawing: { seed, draws } }: { averaged: Averaged; redrawing: Redrawing },
): RowPerplexities {
  const all = model.domains.flatMap(({ sequences }, domain) =>
    sequences.map((loss) => ({ domain, loss }))
  );
  const statistic = (weights: readonly number[]): number[] => {
    const sums = model.domains.map(() => 0);
    all.forEach(({ domain, loss }, i) => sums[domain] += weights[i] * loss);
    const losses = sums.map((sum, domain) => sum / model.domains[domain].sequences.length);
    return [logAverage(losses, averaged), ...losses];
  };
  const found = withIntervals(statistic, {
    domains: all.map(({ domain }) => domain),
    ...{ draws, stream: split(seed, `bam/${model.size}/${model.seed}/${model.row}`) },
  });
  const told = found.map((one) => exponential({ ...one, method: `one seed: ${one.method}` }));
  return { average: told[0], domains: told.slice(1) };
}

/**
 * Perplexities of the trainings of one row.
 *
 * @throws {RangeError} where there are none.
 */
export function perplexitiesOf(
  models: readonly ModelFigures[],
  options: { averaged?: Averaged; redrawing: Redrawing },
): RowPerplexities {
  const { averaged, redrawing } = options;
  const [first] = models;
  if (!first) throw new RangeError("Cannot give perplexities: found no training, wanted 1 or more");
  if (models.length === 1) return ofOne(first, { averaged, redrawing });
  return {
    domains: first.domains.map((_, i) => overSeeds(models.map(({ domains }) => domains[i].loss))),
    average: overSeeds(models.map((model) => logAverageOf(model, averaged))),
  };
}
