/**
 * The normalisations of a row: what differs between them.
 *
 * All are y = (x - centre) / sqrt(factor * sum (x - centre)^2 + epsilon) * gamma + beta:
 *
 *     rms    centre 0            factor 1 / D   Zhang & Sennrich, arXiv 1910.07467, section 4
 *     layer  centre mean of x    factor 1 / D   Ba et al., arXiv 1607.06450, section 3
 *     l2     centre 0            factor 1       tokens and experts of a cosine gate (X-MoE, arXiv 2204.09179, section 3.2)
 *
 * @module
 */

/** Names of the normalisations. */
export type NormKind = "rms" | "layer" | "l2";

/** One normalisation. */
export interface NormRecipe {
  /** Whether the mean of the row is taken off first. */
  centred: boolean;
  /** What the sum of squares of `d` columns is multiplied by. */
  factor: (d: number) => number;
  /** What is added under the root where the caller says nothing else. */
  epsilon: number;
}

/** The normalisations by name. */
export const normRecipes: Readonly<Record<NormKind, NormRecipe>> = {
  rms: { centred: false, factor: (d) => 1 / d, epsilon: 1e-6 },
  layer: { centred: true, factor: (d) => 1 / d, epsilon: 1e-5 },
  l2: { centred: false, factor: () => 1, epsilon: 1e-12 },
};
