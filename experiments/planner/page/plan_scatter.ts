/**
 * Time against memory: the front, the best plans, and those that were named.
 *
 * @module
 */
import type { Scatter, ScatterPoint, VisualLimit } from "../../../reports/visuals.ts";
import { formatPlan } from "../../../sim/plan/plan_words.ts";
import type { PlanLine } from "../plan_record.ts";
import { calledBy, type PlanPage } from "./plan_page.ts";

function pointOf({ plan, closedSeconds, peakBytes, ...line }: PlanLine): ScatterPoint {
  const { mfuFraction, dollars, energyJoules } = line;
  return {
    label: plan,
    x: closedSeconds,
    y: peakBytes,
    figures: {
      mfuFraction,
      ...(dollars !== undefined && { costDollars: dollars }),
      ...(energyJoules !== undefined && { energyJoules }),
    },
  };
}

function limitsOf({ asked: { limitBytes, deviceBytes } }: PlanPage["record"]): VisualLimit[] {
  const device = "memory of a device";
  if (limitBytes >= deviceBytes) {
    return [{ axis: "y", value: deviceBytes, label: device, forbidden: "above" }];
  }
  return [{ axis: "y", value: limitBytes, label: "memory that was allowed", forbidden: "above" }];
}

/** Plans by time and memory. */
export function planScatter({ record, comparisons = [] }: PlanPage): Scatter {
  const points = new Map<string, ScatterPoint>();
  for (const line of record.front) points.set(line.plan, { ...pointOf(line), front: true });
  record.best.forEach((line, i) => {
    const known = points.get(line.plan) ?? pointOf(line);
    points.set(line.plan, { ...known, ...(i === 0 && { chosen: true, name: "the best" }) });
  });
  for (const [i, named] of comparisons.entries()) {
    const { comparison: { b } } = named;
    const name = calledBy(named, i);
    const plan = formatPlan(b.plan);
    const known = points.get(plan) ?? { label: plan, x: b.stepSeconds, y: b.peakBytes };
    points.set(plan, { ...known, name: known.name ? `${known.name}, ${name}` : name });
  }
  const priced = record.front.some(({ dollars }) => dollars !== undefined);
  return {
    id: "front",
    title: priced ? "Time, memory and cost" : "Time and memory",
    note:
      "Each point is a plan, in closed form: further left is faster, further down is smaller. " +
      "No plan beats one on the front in both" +
      (record.asked.fewerDevices
        ? ` and in ${priced ? "cost" : "energy"} on fewer devices.`
        : priced
        ? "; cost follows time, as every plan uses all devices."
        : ". No price of a device's hour is known, so that cost is not shown; it follows time."),
    kind: "simulated",
    x: { title: "time of a step", unit: "seconds" },
    y: { title: "memory of the fullest device", unit: "bytes" },
    points: [...points.values()],
    limits: limitsOf(record),
  };
}
