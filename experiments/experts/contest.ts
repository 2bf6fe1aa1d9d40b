/**
 * A contest of models in the arena of routers: the same text, gate, steps and seeds, and one thing in
 * which the models differ.
 *
 * @module
 */
import type { GateRecipe } from "../../core/gates/recipe.ts";
import { flopsPerToken } from "../../core/spec/flops.ts";
import { exactly } from "../../kernels/base/estimate.ts";
import type { Row } from "../../reports/result.ts";
import type { Context, Outcome } from "../define.ts";
import { contentId } from "../hash.ts";
import type { RouterRun } from "../training/router_run.ts";
import { differenceTable, rankedGroups, type ToldTable } from "../training/router_table.ts";
import {
  againstControl,
  intervalNote,
  say,
  sayNames,
  trainingNote,
} from "../training/router_words.ts";
import { floorNote } from "../training/router_words.ts";
import { runRouters } from "../training/run_routers.ts";
import {
  differenceOf,
  groupSeeds,
  routerMetrics,
  type SeedGroup,
} from "../training/seed_groups.ts";
import type { Arena } from "../training/sized_runs.ts";
import { trainedChecks } from "../training/trained_checks.ts";
import type { ContestMeasure, FittedModel } from "./contest_model.ts";

/** One that takes part. */
export interface Contender extends FittedModel {
  /** Names it among the others. */
  id: string;
  /** What people read. */
  name: string;
}

/** What is held against each other. */
export interface ContestOptions {
  /** Those that take part; the first is what the others are held against. */
  contenders: readonly Contender[];
  /** How all are trained. */
  arena: Arena;
  /** Seeds. */
  seeds: readonly number[];
  /** In what the models are equal. */
  equal: ContestMeasure;
  /** What they are called, such as "activations". */
  what: string;
  /** What differs, in sentences. */
  notes: readonly string[];
}

/** The control's gate with `k` experts a token and a balance loss. */
export function contestGate(control: GateRecipe, k: number): GateRecipe {
  return {
    ...control,
    id: `top-${k}`,
    select: { kind: "top-k", k },
    balance: [{ kind: "balance", weight: 0.01 }],
  };
}

/** The runs of a contest, one a seed for each that takes part. */
export function contestRuns({ contenders, arena, seeds }: ContestOptions): RouterRun[] {
  const { control, training } = arena;
  return contenders.flatMap(({ id, name, model }) =>
    seeds.map((seed) => ({
      ...{ id, name, model, objective: "next" as const, seed, training },
      recipe: contestGate(control, model.moe!.topK),
    }))
  );
}

const columns = ["rank", "contender", "perplexity", "tokenFlops", "parametersCount", "expertWidth"]
  .concat("expertLayers", "busiestOverMean", "loadVariation", "specialisationFraction")
  .concat("stepSeconds", "peakBytes");

/** The table of a contest, best first. */
async function contestTable(
  groups: readonly SeedGroup[],
  { contenders, what, equal }: ContestOptions,
): Promise<ToldTable> {
  const ratios = new Map(contenders.map(({ id, ratio }) => [id, ratio]));
  const measured = rankedGroups(groups).map(async ({ group, perplexity, rank }): Promise<Row> => {
    const { run, figures } = group;
    const { total } = flopsPerToken(run.model, { sequence: run.training.length });
    const ratio = ratios.get(run.id)!;
    return {
      id: await contentId({ table: what, run: run.id }),
      table: "contest",
      labels: {
        rank,
        contender: run.name,
        expertWidth: run.model.moe!.width,
        expertLayers: figures[0].layers.length,
      },
      kind: "measured",
      metrics: {
        perplexity,
        ...routerMetrics(group),
        tokenFlops: exactly(total, "formula"),
        parametersCount: exactly(figures[0].parameters, "counted"),
      },
      warnings: Math.abs(ratio - 1) > 0.02
        ? [`${equal === "flops" ? "FLOP" : "parameters"} ${ratio.toFixed(3)} of the first's`]
        : [],
    };
  });
  const refused = groups.filter(({ refused }) => refused !== undefined).map(async (group) => ({
    id: await contentId({ table: what, run: group.run.id }),
    table: "contest",
    labels: { contender: group.run.name },
    kind: "measured" as const,
    ...{ metrics: {}, warnings: [], infeasible: group.refused },
  }));
  return {
    info: {
      ...{
        id: "contest",
        title: `${what[0].toUpperCase()}${what.slice(1)}, trained alike`,
        columns,
      },
      note:
        "Intervals of perplexity that overlap share a rank. FLOP are those of a token's forward " +
        "pass, by formula; layers with experts are those that have any.",
      best: { perplexity: "lowest" },
    },
    rows: await Promise.all([...measured, ...refused]),
  };
}

/** The answer: who is better and worse than the first, and the lowest perplexity with its interval. */
export function contestVerdict(groups: readonly SeedGroup[], what: string): string {
  const ranked = rankedGroups(groups);
  const [control] = groups;
  if (ranked.length < 2 || control.figures.length === 0) {
    return "Too few trainings ran: nothing to say.";
  }
  const { better, worse, alike } = againstControl(groups, control);
  const named = (some: readonly SeedGroup[]) => some.map(({ run }) => run.name);
  const list = (some: readonly SeedGroup[]) =>
    some.length === 0 ? "" : ` (${sayNames(named(some))})`;
  const [best] = ranked;
  return `Of ${ranked.length} ${what}, ${best.group.run.name} has the lowest held-out perplexity, ` +
    `${say(best.perplexity)}. On the same held-out sequences ${better.length} are better than ` +
    `${control.run.name}${list(better)}, ${worse.length} worse${
      list(worse)
    } and ${alike.length} not ` +
    "told apart.";
}

/** What follows from it. */
export function contestDecision(groups: readonly SeedGroup[], what: string): string {
  const [control] = groups;
  if (groups.length < 2 || control.figures.length === 0) return "Nothing follows from it.";
  const { better } = againstControl(groups, control);
  const [first] = rankedGroups(better);
  const more = control.figures.length > 1
    ? "A larger model or longer training may change it."
    : "This is one seed: a full run, over several, comes before anything is built on it.";
  if (first === undefined) {
    return `Keep ${control.run.name}: none of the other ${what} is better on the same held-out ` +
      `sequences. ${more}`;
  }
  const { run } = first.group;
  const { value, lo, hi } = differenceOf(first.group, control);
  const gain = [-value, -hi, -lo].map((nats) => nats.toPrecision(2));
  return `Take ${run.name} before ${control.run.name}: its held-out loss is lower by ${
    gain[0]
  } nats a ` +
    `token (${gain[1]} to ${gain[2]}). ${more}`;
}

/** Trains all and tells what came out. */
export async function runContest(
  context: Pick<Context, "progress" | "signal" | "log">,
  options: ContestOptions,
): Promise<Outcome> {
  const { arena, seeds, what, equal, notes } = options;
  const { finished, circumstances, forget } = await runRouters(contestRuns(options), context);
  const groups = groupSeeds(finished);
  const [control] = groups;
  const tables = [await contestTable(groups, options)];
  if (control.figures.length > 0 && groups.length > 1) {
    tables.push(
      await differenceTable(groups, {
        id: "contest-difference",
        title: `Held-out loss against ${control.run.name}`,
        note:
          "Loss less that of the first, nats a token, on equal seeds and equal sequences: left " +
          "of 0 is better.",
        control,
      }),
    );
  }
  const equalWords = equal === "flops"
    ? "Widths of networks are chosen in steps of 8 so that all have about the FLOP a token of the " +
      "first."
    : "Widths of networks are chosen in steps of 8 so that all have about the parameters of the first.";
  return {
    written: forget,
    verdict: contestVerdict(groups, what),
    decision: contestDecision(groups, what),
    notes: [
      { heading: "What differs, and what is equal", paragraphs: [...notes, equalWords] },
      trainingNote(arena.training),
      intervalNote(seeds.length),
      ...floorNote(groups),
    ],
    tables: tables.map(({ info }) => info),
    rows: tables.flatMap(({ rows }) => rows),
    ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
    checks: trainedChecks(finished),
    circumstances,
  };
}
