/**
 * Sweeps as curves and bars.
 *
 * @module
 */
import type { Bars, LinePlot, LineSeries } from "../../reports/visuals.ts";
import type { KnownErrors } from "../simulate/known_errors.ts";
import { stepPartNames } from "../../sim/explain/words/figures.ts";
import { type ComparedPoint, fallBelow, type StepPartName } from "./efficiency.ts";
import type { DoneSweep } from "./find_points.ts";
import { shortPlan } from "./scaling_tables.ts";
import { subjectId, subjectName } from "./subjects.ts";
import { growing } from "./sweeps.ts";

/** The share of its speed that a device should keep. */
export const wanted = 0.8;

/** What a curve shows of a point that has a plan. */
type Figure = (point: Required<Pick<ComparedPoint, "step" | "compared">>) => number;

const efficiency: Figure = ({ compared }) => compared.efficiencyFraction;
const speed: Figure = ({ step }) => step.rates.tokensPerSecondPerDevice;

function seriesOf(
  { subject, points }: DoneSweep,
  options: { name?: string; of: Figure; factor?: number },
): LineSeries {
  const { name = subjectName(subject), of, factor } = options;
  return {
    name,
    points: points.flatMap(({ x, label, step, compared }) => {
      if (!step || !compared) return [];
      const y = of({ step, compared });
      const interval = factor === undefined ? {} : { lo: y / factor, hi: y * factor };
      return [{ x, y, ...interval, label: `${label}: ${shortPlan(step.plan)}` }];
    }),
  };
}

const batchWords: Readonly<Record<string, string>> = {
  strong: "batch held",
  weak: "batch grows",
};

const isScaling = ({ sweep: { id } }: DoneSweep) => growing.includes(id);
const isShape = ({ sweep: { id } }: DoneSweep) =>
  ["granularity", "experts", "layers", "width"].includes(id);

const devices = { title: "devices", unit: "count", log: true } as const;

function scalingPlots(
  done: readonly DoneSweep[],
  errorsOf: (done: DoneSweep) => KnownErrors,
): LinePlot[] {
  const own = done.filter(isScaling);
  if (own.length === 0) return [];
  const named = (one: DoneSweep, of: Figure, factor?: number) =>
    seriesOf(one, { name: `${subjectName(one.subject)}, ${batchWords[one.sweep.id]}`, of, factor });
  return [{
    id: "efficiency",
    title: "Efficiency over the size of the cluster",
    note: "Tokens/s of a device against those on the smallest cluster that holds the model; the " +
      "best plan of each size.",
    kind: "simulated",
    x: devices,
    y: { title: "efficiency", unit: "fraction", log: false },
    series: own.map((one) => named(one, efficiency)),
    limits: [{ axis: "y", value: wanted, label: "80 %" }],
  }, {
    id: "speed",
    title: "Speed of a device over the size of the cluster",
    note:
      "With the interval that nine in ten measured steps would fall into: of each point alone, not " +
      "of how points compare.",
    kind: "simulated",
    x: devices,
    y: { title: "tokens/s of a device", unit: "perSecond" },
    series: own.map((one) => named(one, speed, errorsOf(one).factor)),
  }];
}

/** A sweep of something else: speed against that of the reference. */
function relativePlot(own: readonly DoneSweep[]): LinePlot[] {
  const [{ sweep }] = own;
  if (!sweep.axis) return [];
  return [{
    id: `${sweep.id}-plot`,
    title: sweep.title,
    note: sweep.note,
    kind: "simulated",
    x: sweep.axis,
    y: { title: "efficiency", unit: "fraction", log: false },
    series: own.map((one) => seriesOf(one, { of: efficiency })),
  }];
}

function shapePlots(done: readonly DoneSweep[]): LinePlot[] {
  const own = done.filter((one) => isShape(one) && one.points.length > 1);
  return [...Map.groupBy(own, ({ subject }) => subject)].map(([subject, sweeps]) => ({
    id: `shapes-${subjectId(subject)}`,
    title: `Other shapes of ${subjectName(subject)}, ${subject.base.cluster.devices} devices`,
    note:
      "Model FLOP/s of a device against those of the model as it is: how well a shape suits the " +
      "cluster, not what it learns.",
    kind: "simulated",
    x: { title: "times as many", unit: "plain", log: true },
    y: { title: "efficiency", unit: "fraction", log: false },
    series: sweeps.map((one) => seriesOf(one, { name: one.sweep.id, of: efficiency })),
  }));
}

/** All curves. */
export function scalingLines(
  done: readonly DoneSweep[],
  errorsOf: (done: DoneSweep) => KnownErrors,
): LinePlot[] {
  const others = done.filter((one) => !isScaling(one) && !isShape(one));
  return [
    ...scalingPlots(done, errorsOf),
    ...[...Map.groupBy(others, ({ sweep }) => sweep).values()].flatMap(relativePlot),
    ...shapePlots(done),
  ];
}

/** Parts below this share of all points have no part of their own in a bar. */
const small = 0.01;

/** Where the device-seconds of a token go, a bar for each size of the cluster. */
export function scalingBars(done: readonly DoneSweep[]): Bars[] {
  return done.filter(isScaling).flatMap(({ sweep, subject, points }) => {
    const known = points.flatMap(({ step, label }) => step ? [{ step, label }] : []);
    if (known.length === 0) return [];
    const parts = (Object.keys(known[0].step.breakdown) as StepPartName[])
      .filter((part) => known.some(({ step }) => step.breakdown[part] > small * step.stepSeconds));
    return [{
      id: `${sweep.id}-parts-${subjectId(subject)}`,
      title: `Where a token's time goes: ${subjectName(subject)}, ${batchWords[sweep.id]}`,
      note: "Device-seconds of a token: what grows along the bars is what scaling costs.",
      kind: "simulated",
      unit: "seconds",
      form: "stacked",
      bars: known.map(({ step: { breakdown, stepSeconds, rates }, label }) => {
        const each = 1 / rates.tokensPerSecondPerDevice / stepSeconds;
        const shown = parts.map((part) => ({
          label: stepPartNames[part],
          value: breakdown[part] * each,
        }));
        const rest = stepSeconds - parts.reduce((sum, part) => sum + breakdown[part], 0);
        return {
          label: `${label} devices`,
          parts: [...shown, { label: "other parts", value: Math.max(0, rest * each) }],
        };
      }),
    }];
  });
}

/** Where the efficiency of a sweep falls below what is wanted. */
export function fallOf({ points }: DoneSweep): ReturnType<typeof fallBelow> {
  return fallBelow(points, wanted);
}
