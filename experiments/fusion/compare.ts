/**
 * Ways to use experts, over domains and replicates, with intervals.
 *
 * Over several seeds an interval is that of their mean, by Student's t, and it alone decides. With one seed
 * it is that of the held-out sequences, and says nothing of other trainings.
 *
 * @module
 */
import { meanOverSeeds } from "../../core/train/statistics.ts";
import { type Estimate, exactly } from "../../kernels/base/estimate.ts";
import type { FusionFigures, WayFigures } from "./figures.ts";
import { mean } from "../mean.ts";

/** The mean of one number a sequence, of each seed. */
function overSeeds(bySeed: readonly (readonly number[])[]): Estimate {
  if (bySeed.length > 1) {
    const method = "mean over seeds, 95 % Student's t";
    return { ...meanOverSeeds(bySeed.map(mean)), method };
  }
  const [only] = bySeed;
  if (only.length < 2) return exactly(mean(only), "one seed, one held-out sequence");
  const method = "one seed: mean over held-out sequences, 95 % Student's t";
  return { ...meanOverSeeds(only), method };
}

/** A way in every replicate. */
export function wayIn({ replicates }: FusionFigures, id: string): WayFigures[] {
  return replicates.map(({ seed, ways }) => {
    const found = ways.find((way) => way.id === id);
    if (!found) throw new RangeError(`Looked for ${id} among the ways of seed ${seed}: found none`);
    return found;
  });
}

/** Loss of a way over all domains, each alike, or on one of them. */
export const lossOfWay = (figures: FusionFigures, id: string, domain?: number): Estimate =>
  overSeeds(
    wayIn(figures, id).map(({ domains }) =>
      domain === undefined ? domains.flat() : domains[domain]
    ),
  );

/** Loss of a way above that of another, on equal seeds and equal sequences; below 0 it is better. */
export function lossAbove(figures: FusionFigures, id: string, other: string): Estimate {
  const others = wayIn(figures, other);
  return overSeeds(
    wayIn(figures, id).map(({ domains }, i) =>
      domains.flatMap((row, d) => row.map((loss, s) => loss - others[i].domains[d][s]))
    ),
  );
}

/** Experts asked of a token, over seeds. */
export function askedOfWay(figures: FusionFigures, id: string): Estimate {
  const asked = wayIn(figures, id).map((way) => way.asked);
  const [first] = asked;
  if (asked.every((one) => one === first)) return exactly(first, "counted");
  return { ...meanOverSeeds(asked), method: "mean over seeds, 95 % Student's t" };
}

/** What can be said of one way against another. */
export type Side = "better" | "worse" | "alike" | "undecided";

/** On which side of another a way is; undecided with one seed. */
export function sideOfWay(figures: FusionFigures, id: string, other: string): Side {
  if (figures.replicates.length < 2) return "undecided";
  const { lo, hi } = lossAbove(figures, id, other);
  return hi < 0 ? "better" : lo > 0 ? "worse" : "alike";
}
