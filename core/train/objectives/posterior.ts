/**
 * Experts mixed by the posterior of the domain: DEMix, arXiv 2108.05036 (survey, section 4.1.1). A
 * batch passes once for each domain, its tags all set to that one; what each pass gives for the tokens
 * so far says which domain a sequence is of, and the passes' predictions of the next are mixed by it.
 *
 * What is learned of one sequence serves as the prior of the next ones in the batch. None of it is
 * taken for certain, for the next sequence may be of another domain.
 *
 * @module
 */
import { logSum } from "../../gates/decoding/mixture.ts";
import {
  domainPosterior,
  runningPosterior,
  uniformPrior,
  updatedPrior,
} from "../../gates/decoding/posterior.ts";
import type { DecodingSpec } from "../../gates/recipe.ts";
import type { SpecOf } from "../../gates/shorthand.ts";
import type { DecoderOf } from "./decoder.ts";

/** Share of a prior that is uniform, whatever earlier sequences were. */
const doubt = 0.01;

/** Log-probabilities [T, G] of the tokens of a sequence under each domain's expert. */
type Foretold = readonly Float64Array[];

const totals = (logP_TG: Foretold) =>
  logP_TG[0].map((_, j) => logP_TG.reduce((sum, row) => sum + row[j], 0));

/** The prior of each sequence: uniform, from those before it, or from all others. */
function priorsOf(
  sequences: readonly Foretold[],
  { prior, keep }: SpecOf<DecodingSpec, "posterior">,
): Float64Array[] {
  const domains = sequences[0][0].length;
  const uniform = uniformPrior(domains);
  if (prior === "uniform") return sequences.map(() => uniform);
  const doubted = (seen: readonly ArrayLike<number>[], keep: number) =>
    updatedPrior(seen, { domains, keep }).map((p) => (1 - doubt) * p + doubt / domains);
  const posteriors: Float64Array[] = [];
  if (prior === "cached") {
    posteriors.push(...sequences.map((one) => domainPosterior(totals(one), uniform)));
    return sequences.map((_, s) => doubted(posteriors.filter((_, other) => other !== s), 1));
  }
  return sequences.map((one) => {
    const own = doubted(posteriors, keep);
    posteriors.push(domainPosterior(totals(one), own));
    return own;
  });
}

/**
 * Losses [T] of tokens that passes for each of G domains foretold with losses [T], in sequences of
 * `length` that lie one behind the other.
 *
 * @example Two domains, each sure of its own text
 * ```ts
 * import { posteriorLosses } from "@moelab/moelab/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const losses_GT = [[0.1, 0.1, 0.1], [3, 3, 3]].map((row) => Float32Array.from(row));
 * const options = { kind: "posterior", prior: "uniform", keep: 1, length: 3 } as const;
 * const losses_T = posteriorLosses(losses_GT, options);
 * assertAlmostEquals(losses_T[0], -Math.log((Math.exp(-0.1) + Math.exp(-3)) / 2), 1e-6);
 * assertAlmostEquals(losses_T[2], 0.1, 0.01);
 * ```
 */
export function posteriorLosses(
  losses_GT: readonly ArrayLike<number>[],
  options: SpecOf<DecodingSpec, "posterior"> & { length: number },
): Float64Array {
  const { length } = options;
  const sequences = Array.from(
    { length: losses_GT[0].length / length },
    (_, s): Foretold =>
      Array.from(
        { length },
        (_, i) => Float64Array.from(losses_GT, (row) => -row[s * length + i]),
      ),
  );
  const priors = priorsOf(sequences, options);
  return Float64Array.from(sequences.flatMap((logP_TG, s) =>
    runningPosterior(logP_TG, priors[s])
      .map((known, i) => -logSum(known.map((p, j) => Math.log(p) + logP_TG[i][j])))
  ));
}

/** See the module. */
export const posteriorDecoder: DecoderOf<"posterior"> = async (
  run,
): Promise<Float64Array> => {
  const { spec, domains, length, losses } = run;
  const losses_GT: Float32Array[] = [];
  for (let tag = 0; tag < domains; tag++) losses_GT.push(await losses({ tag }));
  return posteriorLosses(losses_GT, { ...spec, length });
};
