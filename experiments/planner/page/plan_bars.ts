/**
 * Where time and memory of the best plan go, what would change its step, and where others differ.
 *
 * @module
 */
import { formatNumber, formatSigned } from "../../../reports/format.ts";
import type { Bar, Bars, Waterfall } from "../../../reports/visuals.ts";
import { stepPartNames } from "../../../sim/explain/words/figures.ts";
import type { BestLine, PlanRecord } from "../plan_record.ts";
import { calledBy, type PlanPage } from "./plan_page.ts";

/** The parts of the best plan's step. */
export function stepWaterfall(
  { winner: { parts, slowest, closedSeconds } }: PlanRecord,
): Waterfall {
  return {
    id: "step-parts",
    title: "Where the step goes",
    note:
      `Parts of the step in closed form, on stage ${slowest.stage}, the slowest; they add up to ` +
      `${formatNumber(closedSeconds, "seconds")}.`,
    kind: "simulated",
    unit: "seconds",
    parts: parts.map(({ part, seconds, grade }) => ({
      label: stepPartNames[part],
      value: seconds,
      note: `known: ${grade}`,
    })),
    total: "the step",
  };
}

/** Parts of memory in words; they add up to the peak. */
const memoryNames = {
  weightBytes: "parameters",
  gradientBytes: "gradients",
  optimizerBytes: "optimiser",
  activationBytes: "activations in flight",
  logitBytes: "logits and loss",
  workingBytes: "temporary",
  communicationBytes: "buffers of exchanges",
  libraryBytes: "libraries",
  reservedBytes: "reserve of allocator and driver",
} as const;

const moments = {
  layer: "in the backward pass of a layer",
  loss: "at the loss",
  embedding: "at the gradient of the embedding",
  step: "in the optimiser",
} as const;

/** The memory of the best plan's fullest stage. */
export function memoryWaterfall({ winner: { memory }, asked }: PlanRecord): Waterfall {
  const { stages, fullestStage } = memory;
  const stage = stages[fullestStage];
  const keys = Object.keys(memoryNames) as (keyof typeof memoryNames)[];
  const limited = asked.limitBytes < asked.deviceBytes;
  return {
    id: "memory",
    title: "Memory of the fullest device",
    note: `Stage ${fullestStage} of ${stages.length} at its peak, ${moments[stage.moment]}.`,
    kind: "simulated",
    unit: "bytes",
    parts: keys.filter((key) => stage[key] > 0).map((key) => ({
      label: memoryNames[key],
      value: stage[key],
    })),
    total: "the peak",
    limit: limited
      ? { value: asked.limitBytes, label: "the memory that was allowed" }
      : { value: asked.deviceBytes, label: "the device" },
  };
}

/** What would change the best plan's step. */
export function sensitivityBars({ winner: { sensitivities } }: PlanRecord): Bars {
  return {
    id: "sensitivity",
    title: "What would change the step",
    note: "The step of the same plan with one input other than it is, all else as it is; " +
      "other micro-batches are shown whether they fit or not.",
    kind: "simulated",
    unit: "fraction",
    form: "signed",
    bars: sensitivities.map(({ input, change, stepSeconds }) => ({
      label: input,
      parts: [{ label: "", value: change, note: formatNumber(stepSeconds, "seconds") }],
    })),
  };
}

function barOf(line: BestLine, place: number): Bar {
  const known = line.parts.reduce((sum, { seconds }) => sum + seconds, 0);
  const rest = line.closedSeconds - known;
  return {
    label: `place ${place}`,
    parts: [
      ...line.parts.filter(({ seconds }) => seconds > 0)
        .map(({ part, seconds }) => ({ label: stepPartNames[part], value: seconds })),
      ...(rest > 1e-9 * line.closedSeconds
        ? [{ label: "all other parts", value: rest, rest: true }]
        : []),
    ],
  };
}

/** The steps of the best plans beside each other. */
export function bestBars({ best }: PlanRecord): Bars {
  return {
    id: "best-steps",
    title: "The best plans' steps",
    note:
      "Parts of each step in closed form, of the stage that is slowest; the longest of each plan.",
    kind: "simulated",
    unit: "seconds",
    form: "stacked",
    bars: best.map((line, i) => barOf(line, i + 1)),
  };
}

/** Differences below this share of a step are none. */
const NOTHING = 1e-6;

/** Where a named plan's step differs from the best one's. */
export function comparisonBars({ comparisons = [] }: PlanPage): Bars[] {
  return comparisons.map((named, i): Bars => {
    const { comparison: { a, b, fields, seconds } } = named;
    const name = calledBy(named, i);
    return {
      id: `against-${i + 1}`,
      title: `${name} beside the best plan`,
      note: `${name} takes ${formatNumber(b.stepSeconds, "seconds")}, ${
        formatSigned(b.stepSeconds / a.stepSeconds - 1)
      }, and ${formatNumber(b.peakBytes, "bytes")} of memory. It differs in ${
        fields.map(({ word, from, to }) => `${word} (${from ?? "none"} to ${to ?? "none"})`)
          .join(", ") || "nothing"
      }.`,
      kind: "simulated",
      unit: "seconds",
      form: "signed",
      bars: seconds.filter(({ difference }) => Math.abs(difference) > NOTHING * a.stepSeconds).map((
        { part, a, b, difference },
      ) => ({
        label: stepPartNames[part],
        parts: [{
          label: "",
          value: difference,
          note: `${formatNumber(a, "seconds")} to ${formatNumber(b, "seconds")}`,
        }],
      })),
    };
  });
}
