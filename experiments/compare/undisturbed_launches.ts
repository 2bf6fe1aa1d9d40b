/**
 * Times of many launches, each undisturbed by itself.
 *
 * @module
 */
import { type Estimate, type LaunchTime, sum, undisturbed } from "../../kernels/mod.ts";

/** How a time of several launches was made. */
export const ADDED = "lower quartiles, added";

/** Undisturbed times of what was recorded in every round alike. */
export interface UndisturbedLaunches {
  /** Each launch, in order. */
  launches: { label: string; seconds: Estimate }[];
  /** Launches and the gaps between them, added. */
  total: Estimate;
}

/**
 * Times of launches as those of a profile are taken: each by itself over all rounds. The lower
 * quartile of whole passes would lie above their sum where other programs run, since a long time is
 * never wholly undisturbed.
 */
export function undisturbedLaunches(rounds: readonly LaunchTime[][]): UndisturbedLaunches {
  const over = (of: (times: LaunchTime[]) => number) => undisturbed(rounds.map(of));
  const launches = rounds[0].map(({ label }, i) => ({
    label,
    seconds: over((times) => times[i].endSeconds - times[i].startSeconds),
  }));
  const gaps = rounds[0].slice(1)
    .map((_, i) => over((times) => times[i + 1].startSeconds - times[i].endSeconds));
  return { launches, total: sum([...launches.map((l) => l.seconds), ...gaps], ADDED) };
}
