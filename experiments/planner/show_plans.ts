/**
 * The planner's answer on the terminal: the best plan in a sentence, those behind it, where its step
 * goes, and what was searched.
 *
 * @module
 */
import { formatEstimate, formatNumber, formatSigned } from "../../reports/format.ts";
import { stepPartNames } from "../../sim/explain/words/figures.ts";
import { formatTable } from "../table.ts";
import { launchSentences } from "./launch_words.ts";
import { countLines } from "./plan_counts.ts";
import { planLabels } from "./plan_labels.ts";
import type { BestLine, PlanLine, PlanRecord } from "./plan_record.ts";

const right = (head: string) => ({ head, align: "right" as const });

const bytes = (value: number) => formatNumber(value, "bytes", 3);

/** A step with its interval: "1.7 s (+0.8 −0.5)". */
function stepText({ step }: BestLine): string {
  const { value, interval, unit } = formatEstimate(step, "seconds");
  return `${value} ${unit}${interval ? ` (${interval})` : ""}`;
}

/** Energy: kWh, or kJ where it is little. */
function energyText(joules: number): string {
  return joules < 3.6e5
    ? `${formatNumber(joules / 1e3, "plain")} kJ`
    : `${formatNumber(joules / 3.6e6, "plain")} kWh`;
}

/** What a step costs beside its time, in words; nothing where it is not known. */
function priceTexts({ dollars, energyJoules }: PlanLine): string[] {
  return [
    ...(dollars === undefined ? [] : [`${formatNumber(dollars, "dollars")}`]),
    ...(energyJoules === undefined ? [] : [`at most ${energyText(energyJoules)}`]),
  ];
}

const wanted = {
  time: "fastest",
  memory: "smallest",
  cost: "cheapest",
  energy: "thriftiest",
} as const;

/** The answer in a sentence. */
function sentence(record: PlanRecord): string {
  const { asked, best: [first], complete } = record;
  const { model, cluster, objective } = asked;
  const [most, next] = first.parts;
  const part = ({ part, shareFraction }: typeof most) =>
    `${stepPartNames[part]} (${formatNumber(shareFraction, "fraction", 2)})`;
  const which = complete ? `The ${wanted[objective]} plan` : `The ${wanted[objective]} plan so far`;
  return [
    `${which} for ${model} on ${first.devices} x ${cluster.id} takes ${
      stepText(first)
    } a step in ` +
    `${bytes(first.peakBytes)} of ${bytes(asked.deviceBytes)}` +
    `${priceTexts(first).map((text) => `, ${text}`).join("")}; ` +
    `most of it is ${part(most)}, then ${part(next)}:`,
    first.plan,
  ].join("\n");
}

function bestTable({ best, asked }: PlanRecord): string {
  const dollars = best.some((line) => line.dollars !== undefined);
  const fewer = asked.fewerDevices;
  const [first] = best;
  const labels = planLabels(best.map(({ plan }) => plan));
  const rows = best.map((line, i) => [
    i + 1,
    ...(fewer ? [line.devices] : []),
    labels[i],
    formatNumber(line.eventSeconds, "seconds"),
    formatSigned(line.eventSeconds / first.eventSeconds - 1),
    formatNumber(line.closedSeconds, "seconds"),
    formatNumber(line.memoryFraction, "fraction", 3),
    formatNumber(line.mfuFraction, "fraction", 3),
    ...(dollars ? [formatNumber(line.dollars ?? NaN, "plain")] : []),
    `${line.alike.more ? "≥ " : ""}${line.alike.plans}`,
  ]);
  const columns = [
    right("place"),
    ...(fewer ? [right("devices")] : []),
    { head: "plan" },
    right("events"),
    right("behind"),
    right("closed form"),
    right("memory"),
    right("MFU"),
    ...(dollars ? [right("dollars")] : []),
    right("alike"),
  ];
  return [
    formatTable(columns, rows),
    "Each stands for the plans with its degrees, zero and schedule, and for others with its time " +
    "and memory; alike: how many more of them are within 1 %",
  ].join("\n");
}

function partsTable({ winner: { parts, closedSeconds, slowest } }: PlanRecord): string {
  const rows = parts.slice(0, 8).map(({ part, seconds, shareFraction, grade }) => [
    stepPartNames[part],
    formatNumber(seconds, "seconds"),
    formatNumber(shareFraction, "fraction", 3),
    grade,
  ]);
  return formatTable([
    { head: `the best, closed form, stage ${slowest.stage} (the slowest)` },
    right("seconds"),
    right("share"),
    { head: "known by" },
  ], [...rows, ["all", formatNumber(closedSeconds, "seconds"), "", ""]]);
}

/** Points of the front that are shown. */
const FRONT = 6;

function frontTable({ front, frontComplete, asked }: PlanRecord): string[] {
  if (front.length < 2) return [];
  // Evenly by memory, both ends among them.
  const count = Math.min(FRONT, front.length);
  const picked = Array.from(
    { length: count },
    (_, i) => front[Math.round(i * (front.length - 1) / (count - 1))],
  );
  const priced = front.some(({ dollars }) => dollars !== undefined);
  const labels = planLabels(picked.map(({ plan }) => plan));
  const rows = picked.map((line, i) => [
    i + 1,
    formatNumber(line.closedSeconds, "seconds"),
    bytes(line.peakBytes),
    ...(asked.fewerDevices ? [line.devices] : []),
    ...(priced ? [formatNumber(line.dollars ?? NaN, "plain")] : []),
    labels[i],
  ]);
  return [formatTable([
    right(""),
    right("closed form"),
    right("memory"),
    ...(asked.fewerDevices ? [right("devices")] : []),
    ...(priced ? [right("dollars")] : []),
    { head: `on the front${frontComplete ? "" : " so far"}, ${count} of ${front.length}` },
  ], rows)];
}

function searchTable({ counts, complete }: PlanRecord, seconds: number): string {
  const all = Number(BigInt(counts.enumerated));
  const rows = countLines(counts).filter(({ plans }) => plans > 0n).map(({ what, plans }) => [
    what,
    formatNumber(Number(plans), "plain", 3),
    formatNumber(Number(plans) / all, "fraction", 3),
  ]);
  const state = complete ? "the whole space" : "part of the space";
  return formatTable(
    [{ head: `${state}, ${formatNumber(seconds, "seconds", 2)}` }, right("plans"), right("share")],
    [...rows, ["all", formatNumber(all, "plain", 3), ""]],
  );
}

/** A list with a head. */
function listOf(head: string, says: readonly string[]): string[] {
  return says.length === 0 ? [] : [[head, ...says.map((text) => `- ${text}`)].join("\n")];
}

/** Why the best plan is best, and what is said of plans that were named. */
function reasonLists({ reasons, explained, compared }: PlanRecord): string[] {
  const { why, changes, rivals } = reasons;
  return [
    ...listOf("Why", why),
    ...listOf("What more would buy", changes),
    ...listOf("When another plan would win", rivals),
    ...explained.flatMap(({ plans, says }) => listOf(plans.join(" "), says)),
    ...compared.flatMap(({ plans, says }) => listOf(plans.join(" against "), says)),
  ];
}

/** All that the terminal shows; `seconds` is how long the search took. */
export function showPlans(record: PlanRecord, { seconds }: { seconds: number }): string {
  return [
    sentence(record),
    bestTable(record),
    ...listOf("Who can run it", launchSentences(record)),
    partsTable(record),
    ...reasonLists(record),
    ...frontTable(record),
    searchTable(record, seconds),
    `Interval: ${record.best[0].step.method}`,
    ...record.warnings.map((warning) => `Mind: ${warning}`),
  ].join("\n\n");
}
