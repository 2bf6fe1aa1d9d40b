/**
 * A progress bar for searches: how many of their units are done, and the best step so far.
 *
 * @module
 */
import type { SearchProgress } from "../../sim/search/run_search.ts";
import { formatNumber } from "../../reports/format.ts";
import type { Progress } from "../define.ts";

/** Passes the progress of one search after the other on to a bar. */
export function searchTold(bar: Progress): (what: string, progress: SearchProgress) => void {
  let current: string | undefined;
  let done = 0;
  return (what, { unitsDone, units, bestSeconds }) => {
    if (what !== current) {
      bar.start(units, what);
      [current, done] = [what, 0];
    }
    const best = bestSeconds === undefined ? "" : `, ${formatNumber(bestSeconds, "seconds")}`;
    for (; done < unitsDone; done++) bar.step(`${what}${best}`);
  };
}
