/**
 * How far one row of the study is from another: differences of log perplexity on equal seeds and
 * equal held-out sequences, below 0 where the first is better.
 *
 * Two intervals answer two questions. That over seeds (Student's t of the seeds' differences) says
 * what another training would give, and it alone decides a claim. That within a seed (sequences
 * drawn again, each domain with as many as it has) says how well these texts measure these two
 * models, and nothing of other trainings.
 *
 * @module
 */
import { meanOverSeeds } from "../../../core/train/statistics.ts";
import { type Estimate, split } from "../../../kernels/mod.ts";
import { withIntervals } from "../../checkpoints/routing/resample.ts";
import { mean } from "../../mean.ts";
import type { DomainFigures, ModelFigures, StudyFigures, StudySize } from "../figures.ts";
import { type RowKey, trainingsOf } from "./rows.ts";

/** How sequences are drawn again. */
export interface Redrawing {
  /** Seed of the draws. */
  seed: number;
  /** How often all sequences are drawn. */
  draws: number;
}

/** Draws of a study. */
export const usualRedrawing: Redrawing = { seed: 1, draws: 1000 };

/** Two rows of a size. */
export interface RowPair {
  /** Which size. */
  size: StudySize;
  /** The row that is asked about. */
  one: RowKey;
  /** What it is held against. */
  against: RowKey;
}

/** A difference in nats a token: over the domains, and by domain. */
export interface Differences {
  /** Mean over the domains, each alike: the difference of mean log perplexity. */
  all: Estimate;
  /** By domain. */
  domains: Estimate[];
}

/** Differences of two rows. */
export interface RowDifferences {
  /** Over seeds; absent where fewer than two seeds have both rows. */
  overSeeds?: Differences;
  /** Of each seed, with the interval within it. */
  bySeed: (Differences & { seed: number })[];
}

/** @throws {RangeError} where two models did not see the same held-out text. */
function checkAlike(one: readonly DomainFigures[], other: readonly DomainFigures[]): void {
  const said = (list: readonly DomainFigures[]) =>
    list.map(({ name, sequences }) => `${sequences.length} of ${name}`).join(", ");
  if (said(one) === said(other) && one.length > 0) return;
  throw new RangeError(
    `Cannot compare models sequence by sequence: found ${said(one) || "none"} and ` +
      `${said(other) || "none"}, wanted the same held-out sequences`,
  );
}

/**
 * Differences of two models that saw the same held-out sequences, with the interval that the choice
 * of sequences gives.
 *
 * @throws {RangeError} where they did not.
 */
export function modelDifference(
  [one, other]: readonly [ModelFigures, ModelFigures],
  { seed, draws }: Redrawing,
): Differences {
  checkAlike(one.domains, other.domains);
  const pairs = one.domains.flatMap(({ sequences }, domain) =>
    sequences.map((loss, s) => ({ domain, by: loss - other.domains[domain].sequences[s] }))
  );
  const statistic = (weights: readonly number[]): number[] => {
    const sums = one.domains.map(() => 0);
    pairs.forEach(({ domain, by }, i) => sums[domain] += weights[i] * by);
    const domains = sums.map((sum, domain) => sum / one.domains[domain].sequences.length);
    return [mean(domains), ...domains];
  };
  const path = `bam/${one.size}/${one.seed}/${one.row}/${other.row}`;
  const [all, ...domains] = withIntervals(statistic, {
    ...{ domains: pairs.map(({ domain }) => domain), draws, stream: split(seed, path) },
  });
  return { all, domains };
}

function overSeeds(bySeed: readonly Differences[]): Differences | undefined {
  if (bySeed.length < 2) return undefined;
  const over = (of: (one: Differences) => number): Estimate => ({
    ...meanOverSeeds(bySeed.map(of)),
    method: "mean over equal seeds, 95 % Student's t",
  });
  return {
    all: over(({ all }) => all.value),
    domains: bySeed[0].domains.map((_, i) => over(({ domains }) => domains[i].value)),
  };
}

/** Differences of two rows on the seeds that have both; none of a seed where one is missing. */
export function rowDifference(
  figures: StudyFigures,
  { size, one, against }: RowPair,
  redrawing: Redrawing = usualRedrawing,
): RowDifferences {
  const [own, others] = [one, against].map((key) => trainingsOf(figures, { ...key, size }));
  const bySeed = [...own].flatMap(([seed, model]) => {
    const other = others.get(seed);
    return other ? [{ seed, ...modelDifference([model, other], redrawing) }] : [];
  });
  const over = overSeeds(bySeed);
  return { ...(over && { overSeeds: over }), bySeed };
}

/** A difference of log perplexity as a share of perplexity: -0.03 is 3 % less. */
export function asShare(estimate: Estimate): Estimate {
  const { value, lo, hi } = estimate;
  return { ...estimate, value: Math.expm1(value), lo: Math.expm1(lo), hi: Math.expm1(hi) };
}
