/**
 * How evenly the experts of a layer are used, and how sure its router is.
 *
 * @module
 */
import type { Estimate } from "../../../kernels/base/estimate.ts";
import { countsOf, type RoutedTexts, weightedSum } from "./routed.ts";
import { type Resampling, withIntervals } from "./resample.ts";

/** Bits of a distribution that is given by counts or shares of any sum; 0 where there are none. */
export function entropyBits(counts: readonly number[]): number {
  const all = counts.reduce((a, b) => a + b, 0);
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= count / all * Math.log2(count / all);
  return bits;
}

/** Figures of one layer. */
export interface LayerLoad {
  /** Choices of each expert. */
  counts_E: number[];
  /** The busiest expert's choices over the mean. */
  busiestOverMean: Estimate;
  /** Entropy of the load over that of equal loads. */
  loadEntropyFraction: Estimate;
  /** Entropy of a token's weights over that of equal weights: 1 weighs all chosen alike. */
  weightEntropyFraction?: Estimate;
  /** Mean entropy of what the router gave all experts, bits of a token; see `router_entropy.ts`. */
  routerBits?: Estimate;
  /** The same over log2 E, that of a router which tells nothing. */
  routerEntropyFraction?: Estimate;
}

const sumOf = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0);

/** Mean entropy of the router and its share of the most; none where logits were not read. */
function routerEntropy(texts: RoutedTexts, options: { layer: number; resampling: Resampling }) {
  const { experts, sequences } = texts;
  const { layer, resampling } = options;
  if (sequences.some(({ routerBits_LT }) => routerBits_LT === undefined)) return {};
  const each = sequences.map((
    { routerBits_LT, ids },
  ) => [sumOf(routerBits_LT![layer]), ids.length]);
  const [routerBits, routerEntropyFraction] = withIntervals((weights) => {
    const [bits, tokens] = weightedSum(each, weights);
    return [bits / tokens, bits / tokens / Math.log2(experts)];
  }, { ...resampling, stream: resampling.stream.split(`router/${layer}`) });
  return { routerBits, routerEntropyFraction };
}

/** Bits of the weights of all tokens, added up. */
function weightBits(weights_TK: Float32Array, topK: number): number {
  let sum = 0;
  for (let at = 0; at < weights_TK.length; at += topK) {
    sum += entropyBits(Array.from(weights_TK.subarray(at, at + topK), (w) => Math.max(0, w)));
  }
  return sum;
}

/** Loads and entropies, layer by layer. */
export function layerLoads(texts: RoutedTexts, resampling: Resampling): LayerLoad[] {
  const { experts, topK, layers, sequences } = texts;
  return layers.map((_, layer): LayerLoad => {
    const counts = sequences.map(({ chosen_LTK }) => countsOf(texts, chosen_LTK[layer]));
    const bits = sequences.map(({ weights_LTK }) => weightBits(weights_LTK[layer], topK));
    const statistic = (weights: readonly number[]): number[] => {
      const sum = weightedSum(counts, weights);
      const all = sum.reduce((a, b) => a + b, 0);
      const [own] = weightedSum(bits.map((one) => [one]), weights);
      return [
        Math.max(...sum) * experts / all,
        entropyBits(sum) / Math.log2(experts),
        own * topK / all / Math.log2(topK),
      ];
    };
    const [busiestOverMean, loadEntropyFraction, weightEntropyFraction] = withIntervals(
      statistic,
      { ...resampling, stream: resampling.stream.split(`loads/${layer}`) },
    );
    return {
      counts_E: weightedSum(counts),
      ...{ busiestOverMean, loadEntropyFraction },
      ...(topK > 1 && { weightEntropyFraction }),
      ...routerEntropy(texts, { layer, resampling }),
    };
  });
}
