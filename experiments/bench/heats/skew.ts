/**
 * A routing whose fullest expert has twice the mean, as the grouped contests ask for.
 *
 * @module
 */
import { split, type Stream } from "../../../kernels/base/random.ts";

/** Sizes of a routing. */
export interface SkewedSizes {
  tokens: number;
  experts: number;
}

/** One of the experts from 1 on, but not `not`: the lower, the likelier. */
function other(stream: Stream, experts: number, not: number): number {
  const weights = Array.from({ length: experts }, (_, e) => e === 0 || e === not ? 0 : 1 / (e + 2));
  let rest = stream.uniform() * weights.reduce((a, b) => a + b);
  const at = weights.findIndex((w) => (rest -= w) < 0);
  return at < 0 ? weights.findLastIndex((w) => w > 0) : at;
}

/**
 * Two different experts for each token, and how many rows each expert gets. Expert 0 gets exactly
 * twice the mean, 4 T / E rows; the others are drawn, the lower the likelier.
 */
export function skewedChoices(
  { tokens, experts }: SkewedSizes,
): { ids: Uint32Array<ArrayBuffer>; rows: number[] } {
  const stream = split(0, "bench/ids");
  const rows: number[] = Array(experts).fill(0);
  const ids = new Uint32Array(2 * tokens);
  const full = 4 * tokens / experts;
  for (let t = 0; t < tokens; t++) {
    // Spread evenly over the sequence: every token whose share of the full expert's rows is new.
    const takesFull = Math.floor((t + 1) * full / tokens) > Math.floor(t * full / tokens);
    const first = takesFull ? 0 : other(stream, experts, 0);
    const pair = [first, other(stream, experts, first)];
    pair.forEach((id, slot) => {
      ids[2 * t + slot] = id;
      rows[id]++;
    });
  }
  return { ids, rows };
}
