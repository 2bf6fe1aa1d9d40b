/**
 * The answer of the planner in a sentence, and what it decides.
 *
 * @module
 */
import { formatEstimate, formatNumber, formatSigned } from "../../../reports/format.ts";
import { stepPartNames } from "../../../sim/explain/words/figures.ts";
import type { PlanRecord } from "../plan_record.ts";

const wanted = {
  time: "fastest",
  memory: "smallest",
  cost: "cheapest",
  energy: "thriftiest",
} as const;

const percent = (fraction: number) => formatNumber(fraction, "fraction", 2);

/** Tokens in a second: "114 k tokens/s". */
const tokensText = (rate: number) =>
  formatNumber(rate, "perSecond", 3).replace(/\/s$/, " tokens/s");

/** The answer in a sentence. */
export function planVerdict({ asked, best: [first], winner, complete }: PlanRecord): string {
  const { value, interval, unit } = formatEstimate(first.step, "seconds");
  const [most, next] = winner.parts;
  const part = ({ part, shareFraction }: typeof most) =>
    `${stepPartNames[part]} (${percent(shareFraction)})`;
  return `The ${wanted[asked.objective]} plan${complete ? "" : " so far"} takes ` +
    `${value} ${unit}${interval ? ` (${interval})` : ""} a step on ${first.devices} x ` +
    `${asked.cluster.id}, ${tokensText(first.tokensPerSecond)}, in ` +
    `${formatNumber(first.peakBytes, "bytes", 3)} of ${
      formatNumber(asked.deviceBytes, "bytes", 3)
    } of memory` +
    (first.dollars === undefined ? "" : ` for ${formatNumber(first.dollars, "dollars", 3)}`) +
    `; most of it is ${part(most)}${next ? `, then ${part(next)}` : ""}.`;
}

/** Others within this share are as good as can be told. */
const NEAR = 0.03;

function rivals({ best, asked }: PlanRecord): string {
  const [first, second] = best;
  if (second === undefined) return "No plan of other degrees was kept beside it.";
  if (asked.objective !== "time") return "";
  const behind = (line: typeof first) => line.eventSeconds / first.eventSeconds - 1;
  const near = best.slice(1).filter((line) => behind(line) < NEAR).length;
  return near === 0
    ? `The next of another shape takes ${formatSigned(behind(second))}.`
    : `${near} of the ${best.length - 1} shown beside it are within ${
      percent(NEAR)
    }: between them, let habit and risk decide.`;
}

function lever({ winner: { sensitivities: [first] } }: PlanRecord): string {
  if (first === undefined) return "";
  return `What would change the step most is ${first.input}: ${formatSigned(first.change)}.`;
}

/** What the answer decides, and what would change it. */
export function planDecision(record: PlanRecord): string {
  const { complete, asked: { objective } } = record;
  const sure = complete
    ? objective === "time" || objective === "memory"
      ? "Every plan of the space was accounted for, so that by the closed form none is better."
      : "Every plan of the space was accounted for."
    : "The search was stopped before its end: a longer one may find better.";
  return [sure, rivals(record), lever(record)].filter((text) => text !== "").join(" ");
}
