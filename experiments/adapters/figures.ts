/**
 * What tunings of one recipe over several seeds say together.
 *
 * With several seeds an interval is that of their mean; with one, that of the mean over held-out
 * sequences, which says nothing of another seed.
 *
 * @module
 */
import type { AdapterRecipe } from "../../core/adapters/specs.ts";
import { perplexity } from "../../core/train/measures.ts";
import { meanOverSeeds } from "../../core/train/statistics.ts";
import type { Estimate } from "../../kernels/base/estimate.ts";
import type { TunedFigures } from "./tune.ts";
import { mean } from "../mean.ts";

/** Tunings that differ in their seed alone. */
export interface TunedGroup {
  /** Recipe, with its free numbers as they were fitted; the base alone has none. */
  recipe?: AdapterRecipe;
  /** Name in the table. */
  name: string;
  /** What came out, by seed. */
  figures: TunedFigures[];
}

/** Which held-out text. */
export type HeldOutText = "fresh_S" | "old_S";

/** A mean over seeds, of numbers for each held-out sequence; over sequences where there is one seed. */
function estimateOf(bySeed: readonly (readonly number[])[]): Estimate {
  if (bySeed.length > 1) {
    return { ...meanOverSeeds(bySeed.map(mean)), method: "mean over seeds, 95 % Student's t" };
  }
  return {
    ...meanOverSeeds(bySeed[0]),
    method: "one seed: mean over held-out sequences, 95 % Student's t",
  };
}

/** Mean loss, nats a token. */
export function lossOn({ figures }: TunedGroup, text: HeldOutText): Estimate {
  return estimateOf(figures.map((one) => one[text]));
}

/** exp of {@linkcode lossOn}. */
export function perplexityOn(group: TunedGroup, text: HeldOutText): Estimate {
  const { value, lo, hi, ...rest } = lossOn(group, text);
  return { ...rest, value: perplexity(value), lo: perplexity(lo), hi: perplexity(hi) };
}

/** Loss less that of another, on equal seeds and equal sequences: below 0 where it is better. */
export function lossAgainst(
  group: TunedGroup,
  other: TunedGroup,
  text: HeldOutText,
): Estimate {
  return estimateOf(
    group.figures.map((one, i) => one[text].map((loss, s) => loss - other.figures[i][text][s])),
  );
}
