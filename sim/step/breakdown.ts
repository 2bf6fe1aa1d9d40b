/**
 * Where the time of a step goes, rank by rank, to the last nanosecond.
 *
 * A rank's compute stream either works on something, whose kind is known, or waits. What it waits for
 * is read off the chain of causes: the task that had to end, the one that this had waited for in turn,
 * and so on back to where the wait began. An exchange of the rank itself counts as what it is; a
 * message from another stage as "pipeline", and whatever that stage did before as "bubble"; what other
 * ranks of the same stage did as "imbalance", the wait for the slowest.
 *
 * @module
 */
import { type GraphColumns, NO_LABEL, NO_LANE } from "../engine/graph.ts";
import type { GraphResult } from "../engine/run_graph.ts";
import { causesOf } from "./tasks/causes.ts";
import { type TimeKind, timeKinds } from "./tasks/parts.ts";
import type { StageRanks } from "./tasks/stage_ranks.ts";
import { type StepGraph, streams } from "./tasks/step_graph.ts";

/** Seconds by kind; sums to the step. */
export type Breakdown = Record<TimeKind, number>;

/** What a breakdown is read from. */
export interface Simulated {
  /** Tasks. */
  graph: StepGraph;
  /** Their times. */
  times: GraphResult;
  /** Ranks of a stage, in classes. */
  ranks: StageRanks;
}

/** Ends within this share of the time so far are the same: far above rounding. */
const SAME = 1e-12;

const place = new Map(timeKinds.map((kind, i) => [kind, i]));
const bubble = place.get("bubble")!;
const imbalance = place.get("imbalance")!;
const pipeline = place.get("pipeline")!;

/** Seconds of a label's task by kind and class, as `[kind, seconds by class]`. */
function sharesOf(graph: StepGraph): ([kind: number, seconds: Float64Array][] | undefined)[] {
  return graph.tags.map(({ parts }) => parts?.map((part) => [place.get(part.kind)!, part.seconds]));
}

/** Stage and class of a lane; lanes lie stage by stage, stream by stream, class by class. */
function ownersOf(columns: GraphColumns, classes: number) {
  const perStage = streams.length * classes;
  const stageOf = columns.lanes.map((_, lane) => Math.floor(lane / perStage));
  const classOf = columns.lanes.map((_, lane) => lane % classes);
  const computes = columns.lanes.map(({ stream }) => stream === "compute");
  return { stageOf, classOf, computes };
}

/**
 * Seconds by kind of every stage and class of ranks: `rows[stage * classes + class]`, in the order of
 * {@linkcode timeKinds}.
 */
function rankSeconds({ graph, times }: Simulated): Float64Array[] {
  const { classes, tags } = graph;
  const columns = graph.graph.columns();
  const { tasks, lane, label } = columns;
  const { start, end, previous, makespan } = times;
  const { stageOf, classOf, computes } = ownersOf(columns, classes);
  const kindOf = Int32Array.from(tags, ({ kind }) => place.get(kind)!);
  const shares = sharesOf(graph);
  const { cause, from, before } = causesOf(columns, times);
  const stages = columns.lanes.length / streams.length / classes;
  const rows = Array.from(
    { length: stages * classes },
    () => new Float64Array(timeKinds.length),
  );
  const last = new Int32Array(rows.length).fill(-1);

  /** What a task waited for: of what met in a join, the rank's own where that was as late as any. */
  function causeFor(own: number, task: number): number {
    const late = end[task] * (1 - SAME);
    for (let i = from[task]; i < from[task + 1]; i++) {
      const its = lane[before[i]];
      if (its === NO_LANE || end[before[i]] < late) continue;
      if (stageOf[its] * classes + classOf[its] === own) return before[i];
    }
    return cause[task];
  }
  /** Gives the seconds from `begin` to the start of a task to whatever it waited for. */
  function wait(row: Float64Array, own: number, task: number, begin: number): void {
    let now = start[task];
    let foreign = -1;
    for (let on = cause[task]; on >= 0 && now > begin; on = causeFor(own, on)) {
      const since = Math.max(begin, Math.min(now, start[on]));
      const its = lane[on];
      let kind = label[on] === NO_LABEL ? bubble : kindOf[label[on]];
      if (foreign >= 0) kind = foreign;
      else if (its !== NO_LANE && stageOf[its] * classes + classOf[its] !== own) {
        const peer = stageOf[its] === Math.floor(own / classes);
        foreign = peer ? imbalance : bubble;
        if (peer || kind !== pipeline) kind = foreign;
      }
      row[kind] += now - since;
      now = since;
    }
    row[bubble] += Math.max(0, now - begin);
  }

  for (let task = 0; task < tasks; task++) {
    const on = lane[task];
    if (on === NO_LANE || !computes[on]) continue;
    const own = stageOf[on] * classes + classOf[on];
    const row = rows[own];
    last[own] = task;
    const free = previous[task] < 0 ? 0 : end[previous[task]];
    if (start[task] > free) wait(row, own, task, free);
    const parts = shares[label[task]];
    if (parts === undefined) row[kindOf[label[task]]] += end[task] - start[task];
    else for (const [kind, seconds] of parts) row[kind] += seconds[classOf[on]];
  }
  // The last task added ends the step: what it takes is of all ranks.
  const final = tasks - 1;
  rows.forEach((row, own) => {
    row[kindOf[label[final]]] += makespan - start[final];
    const free = last[own] < 0 ? 0 : end[last[own]];
    if (start[final] > free) wait(row, own, final, free);
  });
  return rows;
}

const named = (seconds: Float64Array): Breakdown =>
  Object.fromEntries(timeKinds.map((kind, i) => [kind, seconds[i]])) as Breakdown;

/** Where the time of every rank goes: by stage and class of ranks, with the number of such ranks. */
export function breakdowns(
  simulated: Simulated,
): { stage: number; rank: number; ranks: number; breakdown: Breakdown }[] {
  const { ranks } = simulated;
  const classes = ranks.first.length;
  return rankSeconds(simulated).map((seconds, i) => {
    const stage = Math.floor(i / classes);
    return {
      stage,
      rank: stage * ranks.size + ranks.first[i % classes],
      ranks: ranks.count[i % classes],
      breakdown: named(seconds),
    };
  });
}

/** The mean over all ranks. */
export function meanBreakdown(simulated: Simulated): Breakdown {
  const { ranks } = simulated;
  const rows = rankSeconds(simulated);
  const classes = ranks.first.length;
  const total = new Float64Array(timeKinds.length);
  rows.forEach((row, i) =>
    row.forEach((seconds, kind) => total[kind] += seconds * ranks.count[i % classes])
  );
  const all = ranks.size * rows.length / classes;
  return named(total.map((seconds) => seconds / all));
}
