/**
 * The premise: branches are specialists. Each dense model of a domain has a lower loss there than the
 * seed model that it was copied from, and a higher one on at least one other domain, both beyond
 * what other held-out sequences would change. Without that there is nothing that a mixture could
 * keep, and no claim about mixtures counts.
 *
 * Source: BAM, arXiv 2408.08274v2, Tables 1 and 2, in which it holds of all six dense models.
 *
 * @module
 */
import type { Estimate } from "../../../kernels/base/estimate.ts";
import type { StudyFigures, StudySize } from "../figures.ts";
import { modelDifference, type Redrawing } from "./difference.ts";
import { trainingsOf } from "./rows.ts";

/** A branch of one seed against the seed model. */
export interface BranchResult {
  /** Seed of the replicate. */
  seed: number;
  /** Number of the branch's domain. */
  domain: number;
  /** Difference of loss on its own domain, nats a token, interval within the seed. */
  own: Estimate;
  /** The domain on which it is worst against the seed model, by the low end of the interval. */
  worst: { domain: number; by: Estimate };
  /** Whether it gained on its own domain and lost on the worst. */
  holds: boolean;
}

/** The premise at one size. */
export interface PremiseOfSize {
  /** Which size. */
  size: StudySize;
  /** Whether all branches of all seeds are specialists; "untested" where there are none. */
  verdict: "holds" | "fails" | "untested";
  /** All branches, seed by seed. */
  branches: BranchResult[];
}

/** Tests the premise at a size. */
export function premiseOf(
  figures: StudyFigures,
  { size, redrawing }: { size: StudySize; redrawing: Redrawing },
): PremiseOfSize {
  const seeds = trainingsOf(figures, { row: "seed", size });
  const branches = [...seeds].flatMap(([seed, base]) =>
    figures.domains.slice(1).flatMap((_, i): BranchResult[] => {
      const domain = i + 1;
      const branch = trainingsOf(figures, { row: `dense-${domain}`, size }).get(seed);
      if (!branch) return [];
      const { domains } = modelDifference([branch, base], redrawing);
      const own = domains[domain];
      const worst = domains.map((by, domain) => ({ domain, by }))
        .filter((one) => one.domain !== domain)
        .reduce((a, b) => b.by.lo > a.by.lo ? b : a);
      return [{ seed, domain, own, worst, holds: own.hi < 0 && worst.by.lo > 0 }];
    })
  );
  const wanted = seeds.size * (figures.domains.length - 1);
  const verdict = branches.length === 0 || branches.length < wanted
    ? "untested"
    : branches.every(({ holds }) => holds)
    ? "holds"
    : "fails";
  return { size, verdict, branches };
}
