/**
 * Plans that somebody measured on the same model, devices, batch and sequence, and which of them a
 * planner would have chosen.
 *
 * @module
 */
import { exactly } from "../../../kernels/base/estimate.ts";
import type { Row } from "../../../reports/result.ts";
import { kendallTau } from "../../compare/errors_of_pairs.ts";
import { quantile } from "../../quantile.ts";
import type { ComparedStep } from "./compared_steps.ts";
import type { FilledTable } from "./step_tables.ts";
import { mean } from "../../mean.ts";

/** Plans that a sweep needs to rank anything. */
const leastPlans = 4;

/** A choice is good where it is so near to the best, or among so many. */
const nearBest = 0.03;
const amongBest = 3;

/** How a prediction ranks the plans of a sweep. */
export interface SweepRanks {
  /** Where the plans were published. */
  source: string;
  /** How many there are. */
  plans: number;
  /** Kendall's tau of predicted against published seconds. */
  tau: number;
  /** How much longer the chosen plan takes than the best, as a share of the best. */
  regret: number;
  /** Plans that were measured faster than the chosen one. */
  faster: number;
  /** Whether the chosen plan is within 3 % of the best or among the best three. */
  good: boolean;
}

/** How predictions rank the plans of a sweep; `seconds` gives the prediction. */
export function sweepRanks(
  own: readonly ComparedStep[],
  seconds: (step: ComparedStep) => number,
): SweepRanks {
  const measured = own.map(({ step }) => step.seconds);
  const predicted = own.map(seconds);
  const chosen = measured[predicted.indexOf(Math.min(...predicted))];
  const regret = chosen / Math.min(...measured) - 1;
  const faster = measured.filter((other) => other < chosen).length;
  return {
    source: own[0].groups.source,
    plans: own.length,
    tau: kendallTau(predicted, measured),
    ...{ regret, faster },
    good: regret <= nearBest || faster < amongBest,
  };
}

/** Sweeps of at least four plans. */
export function sweepsOf(steps: readonly ComparedStep[]): ComparedStep[][] {
  return [...Map.groupBy(steps, ({ groups }) => groups.sweep).values()]
    .filter((own) => own.length >= leastPlans);
}

/** Ranks where the fit saw all rows, and where it saw none of the row's model. */
export const rankings: Readonly<Record<string, (step: ComparedStep) => number>> = {
  fitted: ({ predictedSeconds }) => predictedSeconds,
  "model left out": ({ step: { seconds }, leftOut, predictedSeconds }) =>
    leftOut === undefined ? predictedSeconds : seconds * Math.exp(leftOut),
};

const derived = (value: number) => exactly(value, "derived from published and predicted values");

function rowOf(source: string, seen: string, own: readonly SweepRanks[]): Row {
  const taus = own.map(({ tau }) => tau);
  const regrets = own.map(({ regret }) => regret);
  return {
    id: `ranks-${seen}-${source}`.replaceAll(" ", "-"),
    table: "ranks",
    labels: { source, fit: seen },
    kind: "derived",
    metrics: {
      sweepsCount: derived(own.length),
      plansCount: derived(own.reduce((sum, { plans }) => sum + plans, 0)),
      goodChoicesFraction: derived(mean(own.map(({ good }) => Number(good)))),
      meanKendallTau: derived(mean(taus)),
      lowestKendallTau: derived(Math.min(...taus)),
      medianRegretFraction: derived(quantile(regrets, 0.5)),
      worstRegretFraction: derived(Math.max(...regrets)),
    },
    warnings: [],
  };
}

/** How well plans of one sweep are ranked, over all and by source. */
export function rankTable(steps: readonly ComparedStep[]): FilledTable {
  const sweeps = sweepsOf(steps);
  const rows = Object.entries(rankings).flatMap(([seen, seconds]) => {
    const ranks = sweeps.map((own) => sweepRanks(own, seconds));
    if (ranks.length === 0) return [];
    return [
      rowOf("all", seen, ranks),
      ...[...Map.groupBy(ranks, ({ source }) => source)].map(([source, own]) =>
        rowOf(source, seen, own)
      ),
    ];
  });
  return {
    info: {
      id: "ranks",
      title: "Which measured plan a planner would have chosen",
      note:
        `Sweeps of at least ${leastPlans} plans of the same model, devices, sequence and batch. A ` +
        `choice is good where the plan that was predicted fastest was measured within ` +
        `${
          100 * nearBest
        } % of the best, or among the best ${amongBest}. Regret: how much longer ` +
        "it takes than the best. Mean Kendall tau of predicted against published times.",
    },
    rows,
  };
}
