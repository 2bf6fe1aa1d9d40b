/**
 * What a run of the fusion of experts checks of itself.
 *
 * @module
 */
import type { Result } from "../../reports/result.ts";
import type { FusionFigures } from "./figures.ts";
import { mean } from "../mean.ts";

/** Share of the steps at each end of a training that are compared. */
const ENDS = 0.2;

function fell(losses: readonly number[]): boolean {
  const ends = Math.max(1, Math.floor(ENDS * losses.length));
  return mean(losses.slice(-ends)) < mean(losses.slice(0, ends));
}

/** Experts stayed, and fusers learned. */
export function fusionChecks({ replicates }: FusionFigures): Result["checks"] {
  const changed = replicates.reduce((sum, one) => sum + one.changed, 0);
  const fusers = replicates.flatMap((one) => one.fusers);
  const still = fusers.filter(({ losses }) => !fell(losses)).length;
  return [{
    ...{ name: "numbers of the experts that changed", value: changed, limit: 0 },
    passed: changed === 0,
    note: "weights after all fusers were trained against those before, bit by bit",
  }, {
    ...{ name: "fusers whose loss did not fall", value: still, limit: 0 },
    passed: still === 0,
    note: `mean of the last fifth of the steps against the first, of ${fusers.length} trainings`,
  }];
}
