/**
 * What the experiment on scaling answers, in words.
 *
 * @module
 */
import { formatNumber, formatPlain } from "../../reports/format.ts";
import type { Result } from "../../reports/result.ts";
import type { KnownErrors } from "../simulate/known_errors.ts";
import { stepPartNames } from "../../sim/explain/words/figures.ts";
import type { AddedPart, ComparedPoint } from "./efficiency.ts";
import type { DoneSweep } from "./find_points.ts";
import { fallOf } from "./scaling_plots.ts";
import { candidateName } from "./skew.ts";
import type { SkewedSubject } from "./skew_tables.ts";
import { subjectName } from "./subjects.ts";
import { growing } from "./sweeps.ts";

const percent = (x: number) => formatNumber(x, "fraction", 2);

const efficiencyAt = ({ label, compared }: ComparedPoint) =>
  `${percent(compared!.efficiencyFraction)} at ${label}`;

/** What adds most, in words. */
function addedWords(added: readonly AddedPart[]): string {
  return added.filter(({ addedFraction }) => addedFraction > 0.005).slice(0, 2)
    .map(({ part, addedFraction }) => `${percent(addedFraction)} by "${stepPartNames[part]}"`)
    .join(" and ");
}

/** What a sweep over sizes says: where efficiency falls, and what breaks it. */
function fallWords(done: DoneSweep): string {
  const { points, sweep, subject } = done;
  const how = sweep.id === "strong"
    ? `${subject.base.globalBatch} sequences a step at every size`
    : `${subject.perDevice} sequences for each device`;
  const known = points.filter(({ compared }) => compared);
  if (known.length === 0) return `with ${how} no plan fits at any size`;
  const { held, below } = fallOf(done);
  const last = known[known.length - 1];
  if (!below) {
    return `with ${how} efficiency stays above 80 % from ${known[0].label} to ${last.label} ` +
      `devices (${efficiencyAt(last)})`;
  }
  const { efficiencyFraction, added } = below.compared!;
  const more = percent(1 / efficiencyFraction - 1);
  return `with ${how} efficiency falls below 80 % at ${below.label} devices (${
    [held, below].flatMap((point) => point ? [efficiencyAt(point)] : []).join(", ")
  }): a token takes ${more} more device time than at ${known[0].label}, ${addedWords(added)}`;
}

/** How well a subject's steps are known. */
function levelWords({ factor }: KnownErrors): string {
  return `Nine in ten measured steps lie within a factor of ${formatPlain(factor, 3)} of their ` +
    "prediction; how far a ratio of two is off was not measured.";
}

/** The answer, subject by subject. */
export function scalingVerdict(
  done: readonly DoneSweep[],
  errorsOf: (done: DoneSweep) => KnownErrors,
): string {
  const scaled = done.filter(({ sweep: { id } }) => growing.includes(id));
  const said = [...Map.groupBy(scaled, ({ subject }) => subject)].map(([subject, own]) =>
    `${subjectName(subject)}: ${own.map(fallWords).join("; ")}.`
  );
  const levels = new Set(scaled.map((one) => levelWords(errorsOf(one))));
  return said.length > 0 ? [...said, ...levels].join(" ") : "No sweep over sizes was asked for.";
}

const pointAt = ({ points }: DoneSweep, x: number) =>
  points.find((point) => point.x === x && point.compared);

const saidSpeed = (point: ComparedPoint, what: string) =>
  `${what} gives ${percent(point.compared!.efficiencyFraction)} of the speed`;

/** What a sweep of something else says of its ends. */
function changeWords(done: DoneSweep): string[] {
  const { sweep: { id }, points } = done;
  if (id === "network") {
    const half = pointAt(done, 0.5);
    const twice = pointAt(done, 2);
    return [
      ...(half ? [saidSpeed(half, "half the network")] : []),
      ...(twice ? [saidSpeed(twice, "twice the network")] : []),
    ];
  }
  if (id === "batch" || id === "precision") {
    const last = points.filter(({ compared }) => compared).at(-1);
    const what = id === "batch" ? `a batch of ${last?.label}` : `${last?.label}`;
    return last && points.length > 1 ? [saidSpeed(last, what)] : [];
  }
  return [];
}

function skewWords({ routings }: SkewedSubject): string[] {
  const last = routings[routings.length - 1];
  const [first] = last.plans;
  const even = routings[0].plans[0].eventSeconds;
  const longer = (seconds: number) => percent(seconds / even - 1);
  const said = `uneven routing with exponent ${last.exponent} makes the step ` +
    `${longer(first.eventSeconds)} longer`;
  if (last.fastest === undefined) return [`${said}, and no plan that was tried fits`];
  if (last.fastest === 0) return [`${said}, and the best plan stays the best`];
  const other = `with ${candidateName(last.plans[last.fastest].plan)} it is ` +
    `${longer(last.plans[last.fastest].eventSeconds)} longer`;
  return [`${said}${first.fits ? "" : ", in a plan that then no longer fits"}; ${other}`];
}

/** What to do, and what would change it. */
export function scalingDecision(
  done: readonly DoneSweep[],
  skewed: readonly SkewedSubject[],
): string {
  const subjects = new Set([
    ...done.map(({ subject }) => subject),
    ...skewed.map(({ subject }) => subject),
  ]);
  const said = [...subjects].flatMap((subject) => {
    const words = [
      ...done.filter((one) => one.subject === subject).flatMap(changeWords),
      ...skewed.filter((one) => one.subject === subject).flatMap(skewWords),
    ];
    const { devices } = subject.base.cluster;
    return words.length > 0
      ? [`${subjectName(subject)}, ${devices} devices: ${words.join(", ")}.`]
      : [];
  });
  const advice =
    "Grow the cluster as far as the efficiency is worth its price; every size needs a " +
    "plan of its own.";
  return [...said, advice].join(" ");
}

/** How it was done, and its limits. */
export const scalingNotes: Result["notes"] = [
  {
    heading: "What a point is",
    paragraphs: [
      "A model, a cluster, a batch and a number format. The best plan of each point is searched in " +
      "its whole space, by the closed form, within the memory of a device. So a curve shows what " +
      "the cluster can do, not what one plan does on it.",
      "Efficiency is model FLOP/s of a device over those of the reference. One over it, less one, is " +
      "what a token costs more; the parts of the step that add to it are parts of that number.",
    ],
  },
  {
    heading: "How well the numbers are known",
    paragraphs: [
      "Intervals of a step come from published steps that were kept from the fit. Points of a sweep " +
      "share part of that error, so that ratios should be known better than levels; how much better " +
      "was not measured.",
      "Uneven routing is simulated by events. The popularity of experts falls as a power of their " +
      "rank, in another order in every layer, and is counted over 4,096 tokens. Plans that compete " +
      "under it are those named in the table, not the whole space.",
    ],
  },
  {
    heading: "Limits",
    paragraphs: [
      "Larger clusters have slower networks, stragglers and failures; here only what the cluster's " +
      "description says of its tiers grows with it. What a format, a batch or a shape does to the " +
      "loss is not asked.",
    ],
  },
];
