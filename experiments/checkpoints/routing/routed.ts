/**
 * What a routing study looks at: sequences of several domains, and the experts that each token of
 * them was sent to.
 *
 * Sizes: L layers with experts, T tokens of a sequence, K experts a token, E experts.
 *
 * @module
 */

/** A sequence and its choices. */
export interface RoutedSequence {
  /** Its domain. */
  domain: number;
  /** Token ids [T]. */
  ids: Uint32Array;
  /** Experts of each token, layer by layer: L times [T, K]. */
  chosen_LTK: readonly Uint32Array[];
  /** Their weights. */
  weights_LTK: readonly Float32Array[];
  /** Entropy of what the router gave all experts, bits of each token: L times [T]. */
  routerBits_LT?: readonly Float32Array[];
  /** Mean loss of its next tokens, nats; absent where a sequence has one token. */
  loss?: number;
}

/** All of them. */
export interface RoutedTexts {
  /** Experts of a layer. */
  experts: number;
  /** Experts a token. */
  topK: number;
  /** Indices of the layers with experts. */
  layers: readonly number[];
  /** Names of the domains. */
  domains: readonly string[];
  /** The sequences. */
  sequences: readonly RoutedSequence[];
}

/** How often each expert was chosen in a layer of a sequence. */
export function countsOf(texts: Pick<RoutedTexts, "experts">, chosen_TK: Uint32Array): number[] {
  const counts = new Array<number>(texts.experts).fill(0);
  for (const expert of chosen_TK) counts[expert]++;
  return counts;
}

/** Lists of numbers added up, each as often as its weight says. */
export function weightedSum(
  lists: readonly (readonly number[])[],
  weights?: readonly number[],
): number[] {
  const total = new Array<number>(lists[0].length).fill(0);
  lists.forEach((list, i) => {
    const weight = weights ? weights[i] : 1;
    if (weight === 0) return;
    for (let j = 0; j < list.length; j++) total[j] += weight * list[j];
  });
  return total;
}

/** Choices of all sequences, by layer and expert: what a cluster is simulated under. */
export function choiceCounts(texts: RoutedTexts): number[][] {
  return texts.layers.map((_, layer) =>
    weightedSum(texts.sequences.map(({ chosen_LTK }) => countsOf(texts, chosen_LTK[layer])))
  );
}
