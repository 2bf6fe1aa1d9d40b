/**
 * Who would win with less memory, or with more.
 *
 * @module
 */
import type { PlanPrice } from "../search/evaluate.ts";
import type { FoundPlan } from "../search/incumbents.ts";
import type { SearchSite } from "../search/problem.ts";
import type { InputRivals } from "./rivals.ts";
import { pricedNeighbours } from "./neighbours.ts";

/** Share of the memory by which the winner does not fit any more. */
const LESS = 1 - 1e-9;

/** With less memory than the winner takes, the fastest plan that still fits. */
function withLess(
  { peakBytes }: PlanPrice,
  of: { rivals: readonly FoundPlan[]; limitBytes: number; most: number },
): InputRivals["less"] {
  const { rivals, limitBytes, most } = of;
  const stillFactor = peakBytes / limitBytes;
  const factor = stillFactor * LESS;
  const rival = rivals.find((plan) => plan.peakBytes <= factor * limitBytes);
  if (rival === undefined || factor < 1 / most) return undefined;
  const { stepSeconds: rivalSeconds } = rival;
  return {
    ...{ input: "memory", factor, stillFactor, rival, rivalSeconds },
    winnerSeconds: Infinity,
  };
}

/** With more, the smallest faster plan next to the winner that does not fit. */
function withMore(
  { plan, stepSeconds }: PlanPrice,
  of: { site: SearchSite; most: number },
): InputRivals["more"] {
  const { site, most } = of;
  const { limitBytes } = site;
  const [rival] = pricedNeighbours(plan, site)
    .filter((near) => near.peakBytes > limitBytes && near.stepSeconds < stepSeconds * (1 - 1e-7))
    .sort((a, b) => a.peakBytes - b.peakBytes || a.stepSeconds - b.stepSeconds);
  const factor = rival ? rival.peakBytes / limitBytes : Infinity;
  if (factor > most) return undefined;
  const { plan: other, peakBytes, stepSeconds: rivalSeconds } = rival;
  return {
    ...{ input: "memory", factor, stillFactor: factor * LESS },
    rival: { plan: other, stepSeconds: rivalSeconds, peakBytes },
    ...{ winnerSeconds: stepSeconds, rivalSeconds },
  };
}

/** The rivals by memory; see `nearest_rival.ts`. */
export function memoryRivals(
  best: PlanPrice,
  of: { rivals: readonly FoundPlan[]; site: SearchSite; most: number },
): Pick<InputRivals, "less" | "more"> {
  const { rivals, site, most } = of;
  const less = withLess(best, { rivals, limitBytes: site.limitBytes, most });
  const more = withMore(best, { site, most });
  return { ...(less && { less }), ...(more && { more }) };
}
