/**
 * The next token of logits: the likeliest, or one drawn.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Stream } from "../../kernels/mod.ts";

/** How a token is drawn. */
export interface SamplingOptions {
  /** Logits are divided by this; 0 takes the likeliest token. 0 where absent. */
  temperature?: number;
  /** Draws from so many likeliest tokens alone; all where absent. */
  topK?: number;
  /**
   * Draws from the fewest likeliest tokens that have this share of the probability together (nucleus
   * sampling, arXiv 1904.09751, section 3.1), after `topK`; 1, all, where absent.
   */
  topP?: number;
}

/**
 * Refuses what no token can be drawn by.
 *
 * @throws {UserError} that names the option.
 */
export function checkSampling({ temperature = 0, topK = 1, topP = 1 }: SamplingOptions): void {
  const wants: [name: string, found: number, wanted: string, fits: boolean][] = [
    ["temperature", temperature, "0 or more", temperature >= 0 && temperature < Infinity],
    ["topK", topK, "a whole number from 1 on", Number.isInteger(topK) && topK >= 1],
    ["topP", topP, "more than 0 and at most 1", topP > 0 && topP <= 1],
  ];
  for (const [name, found, wanted, fits] of wants) {
    if (!fits) throw new UserError(`Cannot sample: found ${found} as ${name}, wanted ${wanted}`);
  }
}

/** The token of the largest logit, the first of equals. */
export function likeliest(logits: ArrayLike<number>): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best]) best = id;
  return best;
}

/** Tokens from the likeliest on, equal ones by id: as many as `topK` leaves. */
function ordered(logits: Float32Array, topK: number): number[] {
  const ids = Array.from(logits, (_, id) => id);
  const count = Math.min(topK, logits.length);
  // The largest logits are few: the rest need no order.
  const least = logits.toSorted()[logits.length - count];
  return ids.filter((id) => logits[id] >= least)
    .sort((a, b) => logits[b] - logits[a] || a - b)
    .slice(0, count);
}

/**
 * Draws a token of logits [V].
 *
 * @throws {UserError} where an option is none, or a logit is no number.
 *
 * @example
 * ```ts
 * import { sampleToken } from "@moelab/moelab/core";
 * import { split } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const logits = Float32Array.of(0, 3, 2.5, -1);
 * const stream = split(1, "sample");
 * assertEquals(sampleToken(logits, { stream }), 1);
 * const id = sampleToken(logits, { stream, temperature: 1, topK: 2 });
 * assertEquals(id === 1 || id === 2, true);
 * ```
 */
export function sampleToken(
  logits: Float32Array,
  options: SamplingOptions & { stream: Stream },
): number {
  const { temperature = 0, topK = logits.length, topP = 1, stream } = options;
  checkSampling({ temperature, topK, topP });
  const most = logits[likeliest(logits)];
  if (!Number.isFinite(most) || logits.some(Number.isNaN)) {
    throw new UserError(`Cannot sample: found ${most} among the logits, wanted numbers`);
  }
  if (temperature === 0) return likeliest(logits);
  const ids = topK < logits.length || topP < 1
    ? ordered(logits, topK)
    : Array.from(logits, (_, id) => id);
  const weights = ids.map((id) => Math.exp((logits[id] - most) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  let count = ids.length;
  if (topP < 1) {
    let sum = 0;
    count = 1 + weights.findIndex((weight) => (sum += weight) >= topP * total);
    if (count === 0) count = ids.length;
  }
  const kept = weights.slice(0, count).reduce((a, b) => a + b, 0);
  let left = stream.uniform() * kept;
  const at = weights.slice(0, count).findIndex((weight) => (left -= weight) < 0);
  return ids[at < 0 ? count - 1 : at];
}
