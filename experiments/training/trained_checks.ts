/**
 * What a run of trainings checks of itself.
 *
 * @module
 */
import type { Result } from "../../reports/result.ts";
import type { FinishedRun, RouterFigures } from "./router_run.ts";

/** Choices that were kept beyond those that were wanted; 0 unless something counts wrongly. */
function overcounted({ layers }: RouterFigures): number {
  return layers.reduce(
    (sum, { wanted_E, kept_E }) =>
      sum + kept_E.reduce((s, n, e) => s + Math.max(0, n - wanted_E[e]), 0),
    0,
  );
}

/** How far held-out losses lie below what can be: above 0 only where something leaks. */
function belowFloor({ heldOut_S, floor }: RouterFigures): number {
  if (!floor) return 0;
  const mean = heldOut_S.reduce((sum, x) => sum + x, 0) / heldOut_S.length;
  return Math.max(0, floor.told - mean);
}

/** Checks over all trainings that ran. */
export function trainedChecks(finished: readonly FinishedRun[]): Result["checks"] {
  const figures = finished.flatMap(({ outcome }) => "figures" in outcome ? [outcome.figures] : []);
  const falls = figures.filter(({ losses }) => losses.at(-1)!.loss < losses[0].loss).length;
  const worst = (of: (one: RouterFigures) => number) => Math.max(0, ...figures.map(of));
  const check = (name: string, value: number, limit: number, note: string) => ({
    ...{ name, value, limit, passed: value <= limit, note },
  });
  return [
    check(
      "trainings whose loss did not fall",
      figures.length - falls,
      0,
      `loss of the last step against that of the first, of ${figures.length} trainings`,
    ),
    check(
      "choices kept beyond those wanted",
      worst(overcounted),
      1e-2,
      "by layer and expert; soft routers count shares, which are rounded",
    ),
    check(
      "held-out loss below the least possible",
      worst(belowFloor),
      0.05,
      "nats a token under the entropy of the text for who knows its domain; of decoders",
    ),
  ];
}
