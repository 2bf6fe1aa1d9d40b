/**
 * The ways to use experts that learn nothing: each of them, a mean, a posterior, and who knows the domain.
 *
 * @module
 */
import { logSum } from "../../core/gates/decoding/mixture.ts";
import { posteriorLosses } from "../../core/train/objectives/posterior.ts";
import { lossesOfExpert, type Said } from "./said.ts";

const expertsOf = ({ losses_TE, batch }: Said): number => losses_TE.length / batch.ids.length;

const allExperts = (said: Said) =>
  Array.from({ length: expertsOf(said) }, (_, e) => lossesOfExpert(said, e));

/** Losses [T] of the mean of all experts' chances: Branch-Train-Merge's ensemble, all weighed alike. */
export function evenLosses(said: Said): Float64Array {
  const experts = expertsOf(said);
  return Float64Array.from(said.batch.ids, (_, t) => {
    const row = said.losses_TE.subarray(t * experts, (t + 1) * experts);
    return Math.log(experts) - logSum(row.map((loss) => -loss));
  });
}

/** Losses [T] of experts mixed by how well each foretold the sequence so far, from an even prior on. */
export const posteriorMix = (said: Said, { length }: { length: number }): Float64Array =>
  posteriorLosses(allExperts(said), { kind: "posterior", prior: "uniform", keep: 1, length });

/**
 * The expert of each domain: the one with the least loss on known text of it.
 *
 * @throws {RangeError} where there is no text of a domain.
 */
export function expertOfDomain(
  known: readonly Said[],
  { domains }: { domains: readonly string[] },
): number[] {
  const experts = expertsOf(known[0]);
  const sums = domains.map(() => new Float64Array(experts));
  const seen = new Set<number>();
  for (const { batch: { tags }, losses_TE } of known) {
    tags.forEach((domain, t) => {
      seen.add(domain);
      for (let e = 0; e < experts; e++) sums[domain][e] += losses_TE[t * experts + e];
    });
  }
  return sums.map((row, domain) => {
    if (!seen.has(domain)) {
      throw new RangeError(
        `Looked for the expert of ${domains[domain]}: found no known text of it, wanted some`,
      );
    }
    return row.indexOf(Math.min(...row));
  });
}
