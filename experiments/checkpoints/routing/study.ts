/**
 * Everything that a routing study finds in the choices of a model.
 *
 * @module
 */
import type { Estimate } from "../../../kernels/base/estimate.ts";
import { split } from "../../../kernels/mod.ts";
import { type ExpertPair, strongestPairs } from "./coactivation.ts";
import {
  agreements,
  type LayerAgreement,
  type SettledToken,
  settledTokens,
} from "./equal_tokens.ts";
import { type LayerLoad, layerLoads } from "./loads.ts";
import type { RoutedTexts } from "./routed.ts";
import { type Resampling, withIntervals } from "./resample.ts";
import { type LayerSpecialisation, specialisations } from "./specialisation.ts";

/** What was found; lists by layer are in the order of the layers with experts. */
export interface RoutingStudy {
  /** What was looked at. */
  texts: RoutedTexts;
  /** Loads and entropies by layer. */
  loads: LayerLoad[];
  /** What experts say of the domain by layer; absent where there is one domain. */
  specialisation?: LayerSpecialisation[];
  /** Pairs that are chosen together. */
  pairs: ExpertPair[];
  /** Whether equal tokens go to equal experts, by layer. */
  agreement: LayerAgreement[];
  /** Tokens that are sent alike, by layer. */
  settled: { tokens: SettledToken[]; judged: number; settledFraction: number }[];
  /** Mean loss of next tokens by domain, nats; absent where sequences have one token. */
  losses?: Estimate[];
}

/** Pairs that are shown of a layer. */
const PAIRS = 3;

/** Losses by domain. */
function lossesOf({ domains, sequences }: RoutedTexts, resampling: Resampling) {
  if (sequences.some(({ loss }) => loss === undefined)) return undefined;
  const mean = (weights: readonly number[], domain: number) => {
    let [sum, count] = [0, 0];
    sequences.forEach((one, i) => {
      if (one.domain !== domain) return;
      sum += weights[i] * one.loss!;
      count += weights[i];
    });
    return sum / count;
  };
  return withIntervals((weights) => domains.map((_, domain) => mean(weights, domain)), {
    ...resampling,
    stream: resampling.stream.split("losses"),
  });
}

/** Studies the choices; same texts and seed, same study. */
export function studyRouting(
  texts: RoutedTexts,
  { draws, seed }: { draws: number; seed: number },
): RoutingStudy {
  const resampling: Resampling = {
    domains: texts.sequences.map(({ domain }) => domain),
    ...{ draws, stream: split(seed, "routing study") },
  };
  return {
    texts,
    loads: layerLoads(texts, resampling),
    specialisation: specialisations(texts, resampling),
    pairs: strongestPairs(texts, { pairs: PAIRS, resampling }),
    agreement: agreements(texts, resampling),
    settled: texts.layers.map((_, layer) => settledTokens(texts, layer)),
    losses: lossesOf(texts, resampling),
  };
}
