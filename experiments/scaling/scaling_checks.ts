/**
 * What has to be true of sweeps, whatever they say.
 *
 * @module
 */
import type { Result } from "../../reports/result.ts";
import type { DoneSweep } from "./find_points.ts";

type Check = Result["checks"][number];

/** Far above rounding, far below what anybody would measure. */
const rounding = 1e-6;

function check(name: string, value: number, limit: number, note: string): Check {
  return { name, value, limit, passed: value <= limit, note };
}

/** The most by which a step is longer with a faster network than with a slower one. */
function slowerByNetwork(done: readonly DoneSweep[]): number {
  const losses = done.filter(({ sweep: { id } }) => id === "network").flatMap(({ points }) => {
    const seconds = [...points].sort((a, b) => a.x - b.x)
      .flatMap(({ step }) => step ? [step.stepSeconds] : []);
    return seconds.slice(1).map((value, i) => value / seconds[i] - 1);
  });
  return Math.max(0, ...losses);
}

/** The most by which the parts of a step do not add up to it. */
function unexplained(done: readonly DoneSweep[]): number {
  const gaps = done.flatMap(({ points }) => points).flatMap(({ step }) => {
    if (!step) return [];
    const parts = Object.values(step.breakdown).reduce((sum, seconds) => sum + seconds, 0);
    return [Math.abs(parts / step.stepSeconds - 1)];
  });
  return Math.max(0, ...gaps);
}

/** The checks of a run. */
export function scalingChecks(done: readonly DoneSweep[]): Check[] {
  const points = done.flatMap((one) => one.points);
  const open = points.filter(({ found }) => !found.complete).length;
  return [
    check("searches that did not go through their whole space", open, 0, "points"),
    check(
      "loss by a faster network",
      slowerByNetwork(done),
      rounding,
      "the most by which a best plan is slower where the network is faster",
    ),
    check("parts add up to the step", unexplained(done), rounding, "share that is missing"),
  ];
}
