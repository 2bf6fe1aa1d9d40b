/**
 * The question of the simulator: how far is it from what others measured on machines that nobody here
 * has?
 *
 * @module
 */
import { exactly } from "../../../kernels/base/estimate.ts";
import { formatNumber } from "../../../reports/format.ts";
import type { Pair } from "../../../reports/result.ts";
import { stackPresets } from "../../../sim/stack/stacks.ts";
import { type Circumstances, type Context, defineExperiment, type Outcome } from "../../define.ts";
import { contentId } from "../../hash.ts";
import { errorSets, setsOf } from "../../published/fit/summary.ts";
import { loadCases } from "../../published/load_cases.ts";
import { quantile } from "../../quantile.ts";
import { summarisePairs } from "../../compare/errors_of_pairs.ts";
import { type FitErrors, fitErrors } from "../left_out.ts";
import { type ComparedStep, compareSteps, stepLabel } from "./compared_steps.ts";
import {
  commTable,
  dispatchTable,
  kernelTable,
  memoryTables,
  unsupportedTable,
} from "./other_tables.ts";
import { notes } from "./published_words.ts";
import { rankTable } from "./rank_table.ts";
import { biasTables, peerTable, setTable, worstTable } from "./step_tables.ts";

/** Sources with a mark of their own in the plots, those with most rows. */
const marked = ["vtrain", "aleph", "megatron-bridge", "llm-foundry", "simumax"];

function pairOf(step: ComparedStep): Pair {
  const { source } = step.groups;
  return {
    id: step.step.id,
    label: stepLabel(step),
    group: marked.includes(source) ? source : "other sources",
    predicted: exactly(Number(step.predictedSeconds.toPrecision(5)), "closed form"),
    measured: exactly(Number(step.step.seconds.toPrecision(5)), "published"),
    inside: true,
  };
}

/** Nothing runs on a device. */
async function circumstances(errors: FitErrors): Promise<Circumstances> {
  return {
    adapter: {
      ...{ vendor: "none", architecture: "none", device: "none", description: "none is used" },
      ...{ software: false, features: [], limits: {}, subgroupSize: 0 },
    },
    timer: { kind: "none", resolutionSeconds: 0 },
    inputs: { stacks: await contentId(stackPresets), errors: await contentId(errors) },
    kernels: {},
  };
}

const percent = (x: number) => formatNumber(x, "fraction", 2);

function verdictOf({ report }: FitErrors): string {
  const { fitted, modelLeftOut, constantRate } = report;
  return `Of ${fitted.all.rows} published training steps, half are predicted within ` +
    `${percent(fitted.all.median)} and nine in ten within ${percent(fitted.all.p90)} by stacks ` +
    `that saw them; with a step's model left out of the fit it is ${
      percent(modelLeftOut.all.median)
    } ` +
    `and ${percent(modelLeftOut.all.p90)}, for mixtures ${
      percent(modelLeftOut.sets.moe.median)
    } and ` +
    `${percent(modelLeftOut.sets.moe.p90)}. One rate for each source and device gives ` +
    `${percent(constantRate.all.median)} and ${percent(constantRate.all.p90)}.`;
}

function decisionOf({ report, few }: FitErrors): string {
  const { sourceLeftOut, fewRows } = report;
  return `For a framework that is none of these, measure a few steps and calibrate: that takes the ` +
    `median error from ${percent(sourceLeftOut.all.median)} to ${
      percent(fewRows.all.median)
    } with ` +
    `${few} rows. Steps of other models, or releases with other defaults, would change this.`;
}

/** Published steps, memory, exchanges and kernels, predicted. */
export const publishedExperiment = defineExperiment({
  id: "published",
  title: "The simulator beside published measurements",
  question:
    "How far from what others published is what the simulator says of their training steps, their memory, their exchanges and their kernels?",
  parameters: {},
  run: runPublished,
});

/** Largest difference of a median that rounding of the stacks' figures explains. */
const sameFit = 0.002;

async function runPublished({ progress, signal }: Context<Record<never, never>>): Promise<Outcome> {
  const work = 5;
  progress.start(work, "rows");
  const [cases, errors] = [await loadCases(), await fitErrors()];
  signal.throwIfAborted();
  progress.step("steps");
  const { steps, unsupported } = compareSteps(cases, errors);
  signal.throwIfAborted();
  progress.step("memory");
  const memory = memoryTables(cases);
  signal.throwIfAborted();
  progress.step("exchanges and kernels");
  const others = [commTable(cases), dispatchTable(cases), kernelTable(cases)];
  progress.step("tables");
  const tables = [
    setTable(errors),
    ...biasTables(steps),
    rankTable(steps),
    peerTable(steps),
    worstTable(steps),
    ...memory,
    ...others,
    unsupportedTable(unsupported),
  ];
  const pairs = steps.map(pairOf);
  const pairById = new Map(pairs.map((pair) => [pair.id, pair]));
  const median = quantile(steps.map(({ logError }) => Math.abs(Math.expm1(logError))), 0.5);
  const drift = Math.abs(median - errors.report.fitted.all.median);
  progress.stop();
  return {
    verdict: verdictOf(errors),
    decision: decisionOf(errors),
    notes,
    tables: tables.map(({ info }) => info),
    rows: tables.flatMap(({ rows }) => rows),
    samples: {},
    pairs,
    pairStyle: { measured: "published", series: "group" },
    pairSummaries: errorSets.flatMap((set) => {
      const own = steps.filter(({ step, logError }) =>
        setsOf({ row: step, logError }).includes(set)
      );
      return own.length === 0
        ? []
        : [summarisePairs(set, own.map(({ step }) => pairById.get(step.id)!))];
    }),
    timelines: [],
    checks: [{
      name: "errors on file are those of the stacks on file",
      value: drift,
      limit: sameFit,
      passed: drift <= sameFit,
      note:
        "difference of the median error of all fitted steps, computed here and when the stacks " +
        "were fitted",
    }],
    circumstances: await circumstances(errors),
  };
}
