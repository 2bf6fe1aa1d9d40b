/**
 * How much the choice of an expert says about the domain of the text.
 *
 * Mutual information of expert and domain, in bits a choice. Estimated from few sequences it is above
 * zero even where experts know nothing, so that what shuffled domains give in the mean is taken off
 * (as in adjusted mutual information, Vinh et al., 2010): 0 is chance. Its interval comes from
 * sequences drawn again; what chance reaches, from domains dealt to the sequences anew.
 *
 * @module
 */
import type { Estimate } from "../../../kernels/base/estimate.ts";
import { entropyBits } from "./loads.ts";
import { countsOf, type RoutedTexts, weightedSum } from "./routed.ts";
import { columnOf, middle95, permuted, redrawn, type Resampling } from "./resample.ts";
import { mean } from "../../mean.ts";

/** What a layer's experts say of the domain. */
export interface LayerSpecialisation {
  /** Bits a choice, chance taken off. */
  bits: Estimate;
  /** What shuffled domains give, about 0: 95 % of them lie between. */
  chance: Estimate;
  /** Share of shuffles that give as much, this one counted. */
  pValue: number;
  /** Bits over those of the domains themselves: 1 where a choice tells the domain. */
  knownFraction: Estimate;
  /** Choices by domain and expert. */
  counts_DE: number[][];
}

/** Bits that rows and columns of a table of counts say about each other. */
export function mutualBits(counts_DE: readonly (readonly number[])[]): number {
  const rows = counts_DE.map((row) => row.reduce((a, b) => a + b, 0));
  const cells = entropyBits(counts_DE.flat());
  return Math.max(0, entropyBits(rows) + entropyBits(weightedSum(counts_DE)) - cells);
}

/** Whether the interval lies above all that chance gives. */
export const isSpecialised = ({ bits, chance }: LayerSpecialisation): boolean =>
  bits.lo > chance.hi;

const scaled = (estimate: Estimate, by: number): Estimate => ({
  ...estimate,
  ...{ value: estimate.value * by, lo: estimate.lo * by, hi: estimate.hi * by },
});

/** One layer, from the counts of each sequence. */
export function layerSpecialisation(
  counts_SE: readonly (readonly number[])[],
  resampling: Resampling & { names: number },
): LayerSpecialisation {
  const { domains, names, draws, stream } = resampling;
  const table = (dealt: readonly number[], weights?: readonly number[]): number[][] =>
    Array.from(
      { length: names },
      (_, domain) =>
        weightedSum(counts_SE, dealt.map((own, i) => own === domain ? weights?.[i] ?? 1 : 0)),
    );
  const found = mutualBits(table(domains));
  const chances = columnOf(
    permuted((dealt) => [mutualBits(table(dealt))], {
      ...resampling,
      stream: stream.split("permuted"),
    }),
    0,
  );
  const again = columnOf(
    redrawn((weights) => [mutualBits(table(domains, weights))], {
      ...resampling,
      stream: stream.split("redrawn"),
    }),
    0,
  );
  const expected = mean(chances);
  const value = found - expected;
  // Drawing again adds as much bias as estimating did: the spread counts, not where it lies.
  const [low, high] = middle95(again).map((end) => end - mean(again));
  const [lo, hi] = middle95(chances).map((end) => end - expected);
  const bits: Estimate = {
    ...{ value, lo: value - Math.max(0, high), hi: value - Math.min(0, low) },
    n: domains.length,
    method: "mean of shuffles taken off; basic bootstrap over sequences, 95 %",
  };
  const counts_DE = table(domains);
  const domainBits = entropyBits(counts_DE.map((row) => row.reduce((a, b) => a + b, 0)));
  return {
    bits,
    chance: {
      value: 0,
      lo,
      hi,
      n: draws,
      method: "95 % of shuffled domains, their mean taken off",
    },
    pValue: (1 + chances.filter((one) => one >= found).length) / (1 + draws),
    knownFraction: scaled(bits, 1 / domainBits),
    counts_DE,
  };
}

/** All layers; undefined where there is one domain, or one sequence of a domain. */
export function specialisations(
  texts: RoutedTexts,
  resampling: Resampling,
): LayerSpecialisation[] | undefined {
  const { domains: names, layers, sequences } = texts;
  const sizes = names.map((_, i) => sequences.filter(({ domain }) => domain === i).length);
  if (names.length < 2 || sizes.some((size) => size < 2)) return undefined;
  return layers.map((_, layer) =>
    layerSpecialisation(sequences.map(({ chosen_LTK }) => countsOf(texts, chosen_LTK[layer])), {
      ...{ ...resampling, names: names.length },
      stream: resampling.stream.split(`specialisation/${layer}`),
    })
  );
}
