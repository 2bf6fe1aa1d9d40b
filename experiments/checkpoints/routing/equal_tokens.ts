/**
 * Whether equal tokens are sent to equal experts, wherever they stand.
 *
 * A router may look at the token alone, or at what surrounds it. OpenMoE (arXiv 2402.01739, section
 * 4) finds that experts specialise by token id whatever the context. Here: the share of a token's
 * experts that an occurrence of the same token in another sequence has too; for comparison, any
 * token of another sequence. By layer, and by where the first occurrence stands: what changes along
 * a text is the work of the context.
 *
 * @module
 */
import type { Estimate } from "../../../kernels/base/estimate.ts";
import type { RoutedSequence, RoutedTexts } from "./routed.ts";
import { type Resampling, withIntervals } from "./resample.ts";

/** Agreement of equal tokens in a layer. */
export interface LayerAgreement {
  /** Share of experts that two equal tokens of different sequences have in common. */
  equal: Estimate;
  /** Share that any two tokens of different sequences have in common. */
  any: Estimate;
  /** Agreement of equal tokens by the place of one of them; see {@linkcode placeOf}. */
  byPlace: Estimate[];
}

/** Places are told apart by powers of two: 0, 1, 2 to 3, 4 to 7 ... */
export const placeOf = (position: number): number => Math.floor(Math.log2(position + 1));

/** The first position of a place. */
export const placeStart = (place: number): number => 2 ** place - 1;

/** How often tokens chose each expert. */
interface Uses {
  tokens: number;
  counts_E: Float64Array;
}

/** Uses by token id, and of all tokens. */
interface UsesById {
  all: Uses;
  byId: Map<number, Uses>;
}

function usesOf(texts: RoutedTexts, layer: number, sequences: readonly RoutedSequence[]): UsesById {
  const { experts, topK } = texts;
  const fresh = (): Uses => ({ tokens: 0, counts_E: new Float64Array(experts) });
  const uses: UsesById = { all: fresh(), byId: new Map() };
  for (const { ids, chosen_LTK } of sequences) {
    const chosen = chosen_LTK[layer];
    ids.forEach((id, t) => {
      let own = uses.byId.get(id);
      if (!own) uses.byId.set(id, own = fresh());
      own.tokens++;
      uses.all.tokens++;
      for (let k = t * topK; k < (t + 1) * topK; k++) {
        own.counts_E[chosen[k]]++;
        uses.all.counts_E[chosen[k]]++;
      }
    });
  }
  return uses;
}

/** Share of the experts that a token and one drawn from `among`, but not from `own`, have in common. */
function commonShare(experts: Uint32Array, among: Uses, own: Uses): number | undefined {
  const tokens = among.tokens - own.tokens;
  if (tokens === 0) return undefined;
  let sum = 0;
  for (const expert of experts) sum += among.counts_E[expert] - own.counts_E[expert];
  return sum / tokens / experts.length;
}

/** Sums of a sequence: equal, any, and equal by place, each with how many were added. */
function sumsOf(
  texts: RoutedTexts,
  sequence: RoutedSequence,
  told: { layer: number; uses: UsesById; places: number },
): number[] {
  const { layer, uses, places } = told;
  const { topK } = texts;
  const own = usesOf(texts, layer, [sequence]);
  const sums = new Array<number>(2 * (2 + places)).fill(0);
  const add = (at: number, value: number) => {
    sums[2 * at] += value;
    sums[2 * at + 1]++;
  };
  sequence.ids.forEach((id, t) => {
    const experts = sequence.chosen_LTK[layer].subarray(t * topK, (t + 1) * topK);
    const equal = commonShare(experts, uses.byId.get(id)!, own.byId.get(id)!);
    // A token that no other sequence has is compared with none.
    if (equal === undefined) return;
    add(0, equal);
    add(1, commonShare(experts, uses.all, own.all)!);
    add(2 + placeOf(t), equal);
  });
  return sums;
}

/** Agreement in all layers. */
export function agreements(texts: RoutedTexts, resampling: Resampling): LayerAgreement[] {
  const { sequences, layers } = texts;
  const longest = Math.max(...sequences.map(({ ids }) => ids.length));
  const places = placeOf(longest - 1) + 1;
  return layers.map((_, layer): LayerAgreement => {
    const uses = usesOf(texts, layer, sequences);
    const sums = sequences.map((sequence) => sumsOf(texts, sequence, { layer, uses, places }));
    const statistic = (weights: readonly number[]) =>
      Array.from({ length: 2 + places }, (_, at) => {
        let [sum, count] = [0, 0];
        sums.forEach((own, i) => {
          sum += weights[i] * own[2 * at];
          count += weights[i] * own[2 * at + 1];
        });
        return sum / count;
      });
    const [equal, any, ...byPlace] = withIntervals(statistic, {
      ...resampling,
      stream: resampling.stream.split(`agreement/${layer}`),
    });
    return { equal, any, byPlace };
  });
}

/** A token that a layer sends to the same experts almost always. */
export interface SettledToken {
  /** Place of the layer among those with experts. */
  layer: number;
  /** The token. */
  id: number;
  /** How often it stands in the texts. */
  occurrences: number;
  /** Share of experts that two of its occurrences have in common. */
  agreement: number;
  /** The K experts that it is sent to most. */
  experts: number[];
}

/** How often a token has to stand in the texts to be judged, and what is almost always. */
export const settled = { occurrences: 20, agreement: 0.95 } as const;

/** The tokens that a layer sends alike, most frequent first, among those that can be judged. */
export function settledTokens(
  texts: RoutedTexts,
  layer: number,
): { tokens: SettledToken[]; judged: number; settledFraction: number } {
  const { topK, sequences } = texts;
  const judged = [...usesOf(texts, layer, sequences).byId]
    .filter(([, { tokens }]) => tokens >= settled.occurrences);
  const found = judged.map(([id, { tokens: n, counts_E }]): SettledToken => {
    const pairs = counts_E.reduce((sum, count) => sum + count * (count - 1), 0);
    const order = [...counts_E.keys()].sort((a, b) => counts_E[b] - counts_E[a] || a - b);
    return {
      ...{ layer, id, occurrences: n, agreement: pairs / (topK * n * (n - 1)) },
      experts: order.slice(0, topK),
    };
  });
  const tokens = found.filter(({ agreement }) => agreement >= settled.agreement)
    .sort((a, b) => b.occurrences - a.occurrences || a.id - b.id);
  const sum = (list: readonly SettledToken[]) => list.reduce((n, one) => n + one.occurrences, 0);
  return {
    tokens,
    judged: judged.length,
    settledFraction: found.length === 0 ? 0 : sum(tokens) / sum(found),
  };
}
