/**
 * Why a plan takes as long as it does, in sentences.
 *
 * @module
 */
import { bindingShare, type Limit, type PlanExplanation } from "../explain_plan.ts";
import { changeWords } from "../plan_differences.ts";
import {
  exchangeNames,
  factorWords,
  type FigureFormat,
  stepPartNames,
  type WordOptions,
} from "./figures.ts";

/** Parts that are named. */
const named = 4;

/** Share of what an exchange shows, below which nothing of it is hidden. */
const nothing = 1e-9;

function limitWords(limit: Limit, of: PlanExplanation, format: FigureFormat): string {
  const { price: { plan } } = of;
  const size = `${format(limit.shareFraction, "fraction", 3)} of the step, ` +
    format(limit.seconds, "seconds", 3);
  switch (limit.kind) {
    case "compute":
      return `Bound by compute: kernels take ${size}, and nothing else takes ` +
        format(bindingShare, "fraction", 2);
    case "host":
      return `Bound by the host: gaps between kernels and the fixed time take ${size}`;
    case "bubble": {
      const { stages, microBatches } = limit;
      return `Bound by the bubble: ${size}, with ${microBatches} micro-batches on ${stages} stages`;
    }
    case "link": {
      const { exchange: { group, ranks, tier, hiddenSeconds } } = limit;
      // What is left of a difference by rounding is nothing.
      const hidden = hiddenSeconds > nothing * limit.seconds
        ? `, with ${format(hiddenSeconds, "seconds", 3)} more beside kernels`
        : "";
      return `Bound by a link: ${
        exchangeNames[group]
      } (${ranks} over ${tier}) show ${size}${hidden}`;
    }
    case "memory": {
      const { faster, missingBytes } = limit;
      const change = changeWords(plan, faster.plan);
      return `Bound by memory: ${change} would take ${format(faster.stepSeconds, "seconds")}, ` +
        `and lacks ${format(missingBytes, "bytes", 3)}`;
    }
  }
}

/** The memory of a plan in a sentence. */
export function roomWords({ memory }: PlanExplanation, { format }: WordOptions): string {
  const { stage, peakBytes, limitBytes, spareBytes } = memory;
  const left = spareBytes < 0
    ? `${format(-spareBytes, "bytes", 3)} too much`
    : `${format(spareBytes, "bytes", 3)} left`;
  return `Memory is fullest on stage ${stage}: ${format(peakBytes, "bytes", 3)} of ` +
    `${format(limitBytes, "bytes", 3)}, ${left}`;
}

/**
 * An explanation in sentences: the step and its longest parts, what binds, memory, degrees that rules
 * bar, and a better plan nearby if there is one.
 *
 * @example
 * ```ts
 * import {
 *   explainPlan, parsePlan, searchSite, type Sizes, wordExplanation,
 * } from "@moelab/moelab/sim";
 * import { assert } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 16, kvHeads: 16, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const site = searchSite({ sizes, cluster: "h100:16", workload, globalBatch: 64 });
 * const format = (value: number, unit: string) => `${value.toPrecision(3)} ${unit}`;
 * const sentences = wordExplanation(explainPlan(parsePlan("pp=8"), site), { format });
 * assert(sentences.some((sentence) => sentence.startsWith("Bound by the bubble")));
 * ```
 */
export function wordExplanation(
  explanation: PlanExplanation,
  { format }: WordOptions,
): string[] {
  const { price: { plan, stepSeconds }, parts, binds, barred, better } = explanation;
  const longest = parts.slice(0, named).map(({ part, shareFraction }) =>
    `${format(shareFraction, "fraction", 3)} ${stepPartNames[part]}`
  );
  return [
    `A step takes ${format(stepSeconds, "seconds")}: ${longest.join("; ")}`,
    ...binds.map((limit) => limitWords(limit, explanation, format)),
    roomWords(explanation, { format }),
    ...barred.map(({ field, now, next, faults }) =>
      `${field} stays at ${now}: with ${next}, ${faults.map(({ says }) => says).join("; ")}`
    ),
    ...better
      ? [
        `Next to it ${changeWords(plan, better.plan)} fits and takes ` +
        `${format(better.stepSeconds, "seconds")}, ` +
        factorWords(better.stepSeconds / stepSeconds, format),
      ]
      : [],
  ];
}
