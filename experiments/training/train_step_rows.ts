/**
 * Compared steps as rows of a report: steps, phases and operators, memory.
 *
 * @module
 */
import { median } from "simple-statistics";
import type { TrainingPhase } from "../../core/mod.ts";
import { type Estimate, exactly, sum } from "../../kernels/base/mod.ts";
import type { Pair, Row } from "../../reports/result.ts";
import { errorOf } from "../compare/errors_of_pairs.ts";
import { contentId } from "../hash.ts";
import {
  type ComparedStep,
  memoryPair,
  partsPair,
  phases,
  stepFlops,
} from "./train_step_compare.ts";

/** `work` a second. */
function rateOf(work: number, { value, lo, hi, n, method }: Estimate): Estimate {
  return { value: work / value, lo: work / hi, hi: work / lo, n, method };
}

/** Sizes of a step as labels. */
function labelsOf({ step: { model, sequences, length } }: ComparedStep): Row["labels"] {
  const { layers, dModel, attention, ffn, moe, embedding } = model;
  const { heads, headDim } = attention as { heads: number; headDim: number };
  const kvHeads = attention.kind === "gqa" ? attention.kvHeads : heads;
  return {
    ...{ layers, dModel, heads: `${heads}/${kvHeads}`, headDim },
    ...{
      experts: moe?.experts ?? 0,
      topK: moe?.topK ?? 0,
      dExpert: moe?.width ?? 0,
      dense: ffn?.width ?? 0,
    },
    sharedWidth: moe?.shared ? moe.shared.count * moe.shared.width : 0,
    ...{ vocabulary: embedding.vocab, sequences, length },
  };
}

function stepRow(one: ComparedStep): Row {
  const { step: { sequences, length }, pair, measured } = one;
  return {
    id: pair.id,
    table: "steps",
    labels: labelsOf(one),
    kind: "measured",
    metrics: {
      stepSeconds: pair.measured,
      predictedSeconds: pair.predicted,
      tokensPerSecond: rateOf(sequences * length, pair.measured),
      rateFlopsPerSecond: rateOf(stepFlops(measured), pair.measured),
    },
    warnings: measured.timing.total.warnings,
  };
}

function memoryRow(one: ComparedStep): Row {
  const { memory, measured } = one;
  const { id, predicted, measured: held } = memoryPair(one);
  const { state, step } = measured.heldBytes;
  const bytes = (n: number, method: string) => exactly(n, method);
  return {
    id,
    table: "memory",
    labels: labelsOf(one),
    kind: "measured",
    metrics: {
      heldBytes: held,
      predictedBytes: predicted,
      stateBytes: bytes(state, "counted"),
      activationBytes: bytes(step, "counted"),
      leastActivationBytes: bytes(memory.liveBytes, "in use at once, from the description"),
      signedErrorFraction: exactly(errorOf({ predicted, measured: held }), "predicted / held - 1"),
    },
    warnings: [],
  };
}

/** Everything of one name in one phase, over all steps. */
interface Shared {
  phase: TrainingPhase;
  /** Absent for the whole phase. */
  operator?: string;
  pairs: Pick<Pair, "predicted" | "measured">[];
}

const named = (compared: readonly ComparedStep[], phase: TrainingPhase) => [
  ...new Set(
    compared.flatMap(({ parts }) => parts.filter((p) => p.phase === phase).map((p) => p.name)),
  ),
];

/** Each phase, and each of its operators. */
function sharedParts(compared: readonly ComparedStep[]): Shared[] {
  const over = (phase: TrainingPhase, operator?: string): Shared => ({
    ...{ phase, operator },
    pairs: compared.flatMap((one) =>
      partsPair(one, (p) => p.phase === phase && (!operator || p.name === operator)) ?? []
    ),
  });
  return phases.flatMap((phase) => [
    over(phase),
    ...named(compared, phase).map((operator) => over(phase, operator)),
  ]);
}

const secondsOf = (pairs: Shared["pairs"]) => pairs.reduce((s, p) => s + p.measured.value, 0);

const idOf = async ({ phase, operator = "" }: Shared) =>
  `part-${await contentId(`${phase} ${operator}`)}`;

/** Phases and operators with their share of the time and their errors, step by step. */
async function partRows(compared: readonly ComparedStep[]): Promise<Row[]> {
  const all = compared.reduce((s, { pair }) => s + pair.measured.value, 0);
  return await Promise.all(
    sharedParts(compared).map(async (part) => {
      const { phase, operator, pairs } = part;
      const errors = pairs.map(errorOf);
      const over = `over ${pairs.length} steps`;
      return {
        id: await idOf(part),
        table: operator ? "operators" : "phases",
        labels: { phase, ...(operator && { operator }), steps: pairs.length },
        kind: "derived" as const,
        metrics: {
          timeFraction: exactly(secondsOf(pairs) / all, over),
          absoluteErrorFraction: exactly(median(errors.map(Math.abs)), `median ${over}`),
          signedErrorFraction: exactly(median(errors), `median ${over}`),
        },
        warnings: [],
      };
    }),
  );
}

/** Each operator's predicted and measured seconds, summed over the steps. */
export async function operatorPairs(compared: readonly ComparedStep[]): Promise<Pair[]> {
  const operators = sharedParts(compared).filter(({ operator }) => operator);
  return await Promise.all(operators.map(async (part) => {
    const { phase, operator, pairs } = part;
    const total = (key: "predicted" | "measured") =>
      sum(pairs.map((pair) => pair[key]), `sum over ${pairs.length} steps`);
    return {
      id: await idOf(part),
      label: `${phase}: ${operator}`,
      group: "operators",
      predicted: total("predicted"),
      measured: total("measured"),
      inside: true,
    };
  }));
}

/** All rows of the report. */
export const stepRows = async (compared: readonly ComparedStep[]): Promise<Row[]> => [
  ...compared.map(stepRow),
  ...await partRows(compared),
  ...compared.map(memoryRow),
];
