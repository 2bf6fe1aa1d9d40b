/**
 * The router and its gradient in f64 on the CPU.
 *
 * @module
 */
import type { Scaled } from "../gemm/oracle.ts";

/** Chosen experts and their weights, token by token. */
export interface RoutingOracle {
  /** T * K expert ids. */
  ids: Uint32Array;
  /** T * K weights. */
  weights: Float64Array;
  /** T * E scores. */
  scores: Float64Array;
  /**
   * Gap between the last that was chosen and the first that was not, of experts and of groups, by
   * token (Infinity where all are chosen).
   */
  gap: Float64Array;
}

/** Sizes and scoring; see `Scoring` and `RouterOptions` for what they mean. */
export interface RouterOracleOptions {
  /** Tokens. */
  t: number;
  /** Experts. */
  e: number;
  /** Experts a token. */
  k: number;
  /** Weights are divided by their sum. */
  renormalise: boolean;
  /** Default "softmax". */
  scores?: "softmax" | "sigmoid";
  /** Factor of the weights. */
  scale?: number;
  /** Added to the scores [E] for choosing. */
  bias?: ArrayLike<number>;
  /** Added to the logits [T, E]. */
  noise?: ArrayLike<number>;
  /** Noise is for choosing alone. */
  cleanWeights?: boolean;
  /** Only the best groups are chosen from. */
  groups?: { count: number; chosen: number; by?: "max" | "top2" };
  /** Experts that are given. */
  ids?: ArrayLike<number>;
}

const sum = (x: readonly number[]) => x.reduce((a, b) => a + b, 0);

function scoresOf(z: readonly number[], kind = "softmax"): number[] {
  if (kind === "sigmoid") return z.map((v) => 1 / (1 + Math.exp(-v)));
  const highest = Math.max(...z);
  const powers = z.map((v) => Math.exp(v - highest));
  const total = sum(powers);
  return powers.map((v) => v / total);
}

/** Indices of the k largest, ties to the lower, and the gap to the next. */
function best(keys: readonly number[], k: number): { chosen: number[]; gap: number } {
  const order = keys.map((_, i) => i).sort((a, b) => keys[b] - keys[a] || a - b);
  const gap = k < keys.length ? keys[order[k - 1]] - keys[order[k]] : Infinity;
  return { chosen: order.slice(0, k), gap };
}

function choose(
  keys: readonly number[],
  o: RouterOracleOptions,
): { chosen: number[]; gap: number } {
  if (!o.groups) return best(keys, o.k);
  const { count, chosen, by = "max" } = o.groups;
  const size = keys.length / count;
  const worth = Array.from({ length: count }, (_, g) => {
    const sorted = keys.slice(g * size, (g + 1) * size).sort((a, b) => b - a);
    return by === "top2" && size > 1 ? sorted[0] + sorted[1] : sorted[0];
  });
  const groups = best(worth, chosen);
  const inside = keys.map((_, i) => i).filter((i) => groups.chosen.includes(Math.floor(i / size)));
  const experts = best(inside.map((i) => keys[i]), o.k);
  return {
    chosen: experts.chosen.map((i) => inside[i]),
    gap: Math.min(groups.gap, experts.gap),
  };
}

/** Scores of a row, and the raw weights of the chosen with what they are divided by. */
function weighed(z: readonly number[], options: {
  chosen: readonly number[];
  scoring: RouterOracleOptions;
}): { s: number[]; weights: number[] } {
  const { chosen, scoring } = options;
  const s = scoresOf(z, scoring.scores);
  const factor = scoring.scale ?? 1;
  if (!scoring.renormalise) return { s, weights: chosen.map((i) => factor * s[i]) };
  const soft = scoring.scores !== "sigmoid";
  const raw = soft ? scoresOf(chosen.map((i) => z[i])) : chosen.map((i) => s[i]);
  const divisor = soft ? 1 : sum(raw) + 1e-20;
  return { s, weights: raw.map((r) => factor * r / divisor) };
}

function rowsOf(logits: ArrayLike<number>, o: RouterOracleOptions, row: number) {
  const plain = Array.from({ length: o.e }, (_, i) => logits[row * o.e + i]);
  const noisy = plain.map((v, i) => v + (o.noise?.[row * o.e + i] ?? 0));
  return { noisy, z: o.cleanWeights ? plain : noisy };
}

/**
 * The k best of each row of logits [T, E], ties to the lower index, with their weights.
 *
 * @example
 * ```ts
 * import { routerOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const { ids, weights } = routerOracle([0, 2, 2], { t: 1, e: 3, k: 2, renormalise: true });
 * assertEquals([...ids], [1, 2]);
 * assertEquals([...weights], [0.5, 0.5]);
 * ```
 */
export function routerOracle(
  logits: ArrayLike<number>,
  options: RouterOracleOptions,
): RoutingOracle {
  const { t, e, k, bias } = options;
  const out = {
    ids: new Uint32Array(t * k),
    weights: new Float64Array(t * k),
    scores: new Float64Array(t * e),
    gap: new Float64Array(t),
  };
  for (let row = 0; row < t; row++) {
    const { noisy, z } = rowsOf(logits, options, row);
    const keys = bias ? scoresOf(z, options.scores).map((v, i) => v + bias[i]) : noisy;
    const { chosen, gap } = options.ids
      ? { chosen: Array.from({ length: k }, (_, j) => options.ids![row * k + j]), gap: Infinity }
      : choose(keys, options);
    const { s, weights } = weighed(z, { chosen, scoring: options });
    out.ids.set(chosen, row * k);
    out.weights.set(weights, row * k);
    out.scores.set(s, row * e);
    out.gap[row] = gap;
  }
  return out;
}

/** dlogits [T, E] of the weights of `ids` and of all scores. */
export function routerBackwardOracle(
  logits: ArrayLike<number>,
  options: RouterOracleOptions & {
    ids: ArrayLike<number>;
    dweights: ArrayLike<number>;
    dscores?: ArrayLike<number>;
  },
): Scaled {
  const { t, e, k, ids, dweights, dscores, renormalise, scale = 1 } = options;
  const out = { values: new Float64Array(t * e), scale: new Float64Array(t * e) };
  const add = (at: number, terms: readonly number[], factor: number) => {
    out.values[at] += factor * sum(terms);
    out.scale[at] += Math.abs(factor) * sum(terms.map(Math.abs));
  };
  for (let row = 0; row < t; row++) {
    const { z } = rowsOf(logits, options, row);
    const chosen = Array.from({ length: k }, (_, j) => ids[row * k + j]);
    const { s, weights } = weighed(z, { chosen, scoring: options });
    const dw = chosen.map((_, j) => dweights[row * k + j]);
    const ds = s.map((_, i) => dscores?.[row * e + i] ?? 0);
    const soft = options.scores !== "sigmoid";
    // The weights as scores of the chosen, or as shares of their sum.
    const terms = weights.map((w, j) => -w / scale * dw[j]);
    if (!renormalise) chosen.forEach((i, j) => ds[i] += scale * dw[j]);
    else {
      chosen.forEach((i, j) => {
        const slope = soft ? weights[j] : weights[j] * (1 - s[i]);
        add(row * e + i, [dw[j], ...terms], slope);
      });
    }
    const level = soft ? s.map((v, i) => -v * ds[i]) : [];
    s.forEach((v, i) => add(row * e + i, [ds[i], ...level], soft ? v : v * (1 - v)));
  }
  return out;
}
