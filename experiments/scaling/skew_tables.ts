/**
 * Uneven routing as tables and curves.
 *
 * @module
 */
import { exactly } from "../../kernels/base/estimate.ts";
import type { Row } from "../../reports/result.ts";
import type { LinePlot } from "../../reports/visuals.ts";
import type { ScalingTable } from "./scaling_tables.ts";
import { shortPlan } from "./scaling_tables.ts";
import { candidateName, type SkewedRouting } from "./skew.ts";
import { type Subject, subjectId, subjectName } from "./subjects.ts";

/** A subject under uneven routing, by exponent. */
export interface SkewedSubject {
  /** What was scaled. */
  subject: Subject;
  /** Its plans, at each exponent. */
  routings: SkewedRouting[];
}

const byEvents = (value: number) => exactly(value, "events");

function routingRow({ exponent, plans, fastest }: SkewedRouting, skewed: SkewedSubject): Row {
  const { subject, routings } = skewed;
  const model = subjectName(subject);
  const [first] = plans;
  const best = fastest === undefined ? undefined : plans[fastest];
  const even = routings[0].plans[0].eventSeconds;
  return {
    id: `skew-${subjectId(subject)}-${exponent}`,
    table: "skew",
    labels: {
      exponent,
      model,
      "then best": best === undefined ? "none fits" : shortPlan(best.plan),
    },
    kind: "simulated",
    metrics: {
      balancedBestSeconds: byEvents(first.eventSeconds),
      longerFraction: byEvents(first.eventSeconds / even - 1),
      balancedBestPeakBytes: exactly(first.peakBytes, "closed form"),
      ...(best && {
        thenBestSeconds: byEvents(best.eventSeconds),
        thenLongerFraction: byEvents(best.eventSeconds / even - 1),
        thenBestPeakBytes: exactly(best.peakBytes, "closed form"),
      }),
    },
    warnings: first.fits ? [] : ["the best plan of balanced routing does not fit"],
  };
}

/** A row for each exponent. */
export function skewTable(skewed: readonly SkewedSubject[]): ScalingTable {
  return {
    info: {
      id: "skew",
      title: "Uneven routing, by events",
      note:
        "The best plan of balanced routing when the popularity of experts falls with their rank " +
        "to the power of minus the exponent, and the plan that is then the fastest that fits: among " +
        "the best of balanced routing and, for each number of expert ranks, a good one that fits " +
        "under the most uneven routing.",
      columns: ["exponent", "model", "then best"],
    },
    rows: skewed.flatMap((one) => one.routings.map((routing) => routingRow(routing, one))),
  };
}

/** A row for each plan that competes, a column for each exponent. */
export function candidateTable(skewed: readonly SkewedSubject[]): ScalingTable {
  const rows = skewed.flatMap(({ subject, routings }) =>
    routings[0].plans.map(({ plan }, i): Row => ({
      id: `skew-plans-${subjectId(subject)}-${i}`,
      table: "skew-plans",
      labels: { plan: shortPlan(plan), model: subjectName(subject) },
      kind: "simulated",
      metrics: Object.fromEntries(
        routings.map(({ exponent, plans }) => [
          `exponent${exponent}Seconds`,
          byEvents(plans[i].eventSeconds),
        ]),
      ),
      warnings: routings.flatMap(({ exponent, plans }) =>
        plans[i].fits ? [] : [`does not fit with exponent ${exponent}`]
      ),
    }))
  );
  return {
    info: {
      id: "skew-plans",
      title: "The plans that compete under uneven routing",
      note:
        "Seconds of a step by events. The first plan of a model is its best of balanced routing.",
      columns: ["plan", "model"],
    },
    rows,
  };
}

/** Seconds over the exponent, a curve for each plan. */
export function skewPlots(skewed: readonly SkewedSubject[]): LinePlot[] {
  return skewed.map(({ subject, routings }) => ({
    id: `skew-plot-${subjectId(subject)}`,
    title: `Uneven routing: ${subjectName(subject)}, ${subject.base.cluster.devices} devices`,
    note: "A step by events. Curves that rise gently are of plans with many experts on a rank.",
    kind: "simulated",
    x: { title: "exponent of the popularity of experts", unit: "plain", log: false },
    y: { title: "step", unit: "seconds" },
    series: routings[0].plans.map(({ plan }, i) => ({
      name: candidateName(plan),
      points: routings.map(({ exponent, plans }) => ({
        x: exponent,
        y: plans[i].eventSeconds,
        label: plans[i].fits ? "fits" : "does not fit",
      })),
    })),
  }));
}
