/**
 * Traces of made-up tokens: a popularity of experts that is uneven and may drift, and choices that may
 * follow from those of the layer before.
 *
 * In every layer the i-th most popular expert is wanted in proportion to i^-skew, which experts those
 * are being shuffled. Of the second half of the tokens, each weight is multiplied by e^(drift z), z
 * standard normal. A choice follows with probability `affinity` from the choice in the same place of the
 * layer before, by a fixed permutation of the experts, and else from the popularity.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { split, type Stream } from "../../kernels/base/random.ts";
import { countTransitions } from "../../sim/placement/transitions.ts";

/** What a trace is drawn by. */
export interface SyntheticLaw {
  /** Layers. */
  layers: number;
  /** Experts of a layer. */
  experts: number;
  /** Experts of a token. */
  topK: number;
  /** Tokens. */
  tokens: number;
  /** Exponent of the popularity. */
  skew: number;
  /** How far popularity moves between the halves. */
  drift: number;
  /** Share of choices that follow from the layer before. */
  affinity: number;
  /** Seed. */
  seed: number;
}

/** One half of a trace. */
export interface TraceHalf {
  /** Choices by layer and expert. */
  counts_LE: number[][];
  /** Pairs of consecutive choices, where they are known. */
  pairs_LEE?: number[][][];
}

/** A trace in two halves: experts are placed by one, and judged by the other. */
export interface HalvedTrace {
  /** The first half. */
  first: TraceHalf;
  /** The second. */
  second: TraceHalf;
}

/** Numbers in a drawn order. */
function permutation(length: number, stream: Stream): number[] {
  const list = Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = stream.int(0, i);
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

/** Running totals of the weights of experts. */
function totalsOf(weight_E: readonly number[]): Float64Array {
  let total = 0;
  return Float64Array.from(weight_E, (weight) => total += weight);
}

/** An expert by weight. */
function drawn(totals_E: Float64Array, stream: Stream): number {
  const x = stream.uniform() * totals_E[totals_E.length - 1];
  let [low, high] = [0, totals_E.length - 1];
  while (low < high) {
    const mid = (low + high) >> 1;
    if (totals_E[mid] > x) high = mid;
    else low = mid + 1;
  }
  return low;
}

/** Choices of a layer: those that follow from the layer before first, and no expert twice. */
function layerChoices(
  { tokens, topK, affinity }: SyntheticLaw,
  of: { before?: Int32Array; next_E: readonly number[]; totals_HE: Float64Array[]; stream: Stream },
): Int32Array {
  const { before, next_E, totals_HE, stream } = of;
  const ids_N = new Int32Array(tokens * topK);
  const chosen = new Set<number>();
  for (let token = 0; token < tokens; token++) {
    const totals_E = totals_HE[2 * token < tokens ? 0 : 1];
    chosen.clear();
    for (let k = 0; k < topK; k++) {
      const i = token * topK + k;
      let expert = before && stream.uniform() < affinity ? next_E[before[i]] : -1;
      while (expert < 0 || chosen.has(expert)) expert = drawn(totals_E, stream);
      chosen.add(expert);
      ids_N[i] = expert;
    }
  }
  return ids_N;
}

function check(law: SyntheticLaw): void {
  const { layers, experts, topK, tokens, skew, drift, affinity } = law;
  const whole = [layers, experts, topK, tokens].every((n) => Number.isSafeInteger(n) && n > 0);
  if (
    whole && topK <= experts && tokens > 1 && skew >= 0 && drift >= 0 && affinity >= 0 &&
    affinity <= 1
  ) {
    return;
  }
  throw new UserError(
    `Cannot draw a trace of ${layers} layers and ${tokens} tokens, each with ${topK} of ${experts} ` +
      `experts, with skew ${skew}, drift ${drift} and affinity ${affinity}: wanted a layer and 2 ` +
      `tokens or more, skew and drift from 0 on, affinity from 0 to 1`,
  );
}

/** Draws the choices of every layer, token by token. */
export function drawChoices(law: SyntheticLaw): Int32Array[] {
  check(law);
  const { layers, experts, skew, drift, seed } = law;
  const ids_LN: Int32Array[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const stream = split(seed, `placement/trace/${layer}`);
    const place_E = permutation(experts, stream);
    const weight_E = place_E.map((place) => (place + 1) ** -skew);
    const later_E = weight_E.map((weight) => weight * Math.exp(drift * stream.normal()));
    const next_E = permutation(experts, stream);
    const totals_HE = [totalsOf(weight_E), totalsOf(later_E)];
    ids_LN.push(layerChoices(law, { before: ids_LN.at(-1), next_E, totals_HE, stream }));
  }
  return ids_LN;
}

/** Counts a part of the choices. */
function halfOf(ids_LN: readonly Int32Array[], { experts, topK }: SyntheticLaw): TraceHalf {
  const counts_LE = ids_LN.map((ids_N) => {
    const counts_E = new Array<number>(experts).fill(0);
    for (const expert of ids_N) counts_E[expert]++;
    return counts_E;
  });
  return { counts_LE, pairs_LEE: countTransitions(ids_LN, { experts, topK }) };
}

/** Draws a trace; its first half is that of the tokens that come first. */
export function syntheticTrace(law: SyntheticLaw): HalvedTrace {
  const ids_LN = drawChoices(law);
  const half = Math.ceil(law.tokens / 2) * law.topK;
  return {
    first: halfOf(ids_LN.map((ids_N) => ids_N.subarray(0, half)), law),
    second: halfOf(ids_LN.map((ids_N) => ids_N.subarray(half)), law),
  };
}

/**
 * Splits counts that were recorded: each choice falls to either half at random. What one half has and
 * the other has not is then chance alone; a drift in the course of the text does not show.
 */
export function halveCounts(counts_LE: readonly (readonly number[])[], seed: number): HalvedTrace {
  const first = counts_LE.map((counts_E, layer) => {
    const stream = split(seed, `placement/halves/${layer}`);
    return counts_E.map((count) => {
      let own = 0;
      for (let choice = 0; choice < count; choice++) own += stream.uniform() < 0.5 ? 1 : 0;
      return own;
    });
  });
  const second = counts_LE.map((counts_E, layer) =>
    counts_E.map((count, expert) => count - first[layer][expert])
  );
  return { first: { counts_LE: first }, second: { counts_LE: second } };
}
