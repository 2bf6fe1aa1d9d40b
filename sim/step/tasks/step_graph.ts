/**
 * The graph of a step while it grows: tasks come in rows, one for each class of ranks of a stage, and
 * a row is known by its first task.
 *
 * Ports. Every rank has one port to its innermost domain and one to what lies outside, each with both
 * directions. An exchange takes its port for as long as its closed form says, so its "bytes" here are
 * seconds of a port and a port gives one second a second: alone it takes its time, and two that are
 * under way share.
 *
 * @module
 */
import { createGraph, type Graph, NO_LABEL } from "../../engine/graph.ts";
import type { SpanStream } from "../../engine/span.ts";
import type { ItemPart, StepExchange, TimeKind } from "./parts.ts";
import type { MeetingKind, StageRanks } from "./stage_ranks.ts";

/** No row. */
export const NO_ROW = -1;

/** What a task is, by its label in the graph. */
export interface TaskTag {
  /** What it is. */
  name: string;
  /** What its time counts as. */
  kind: TimeKind;
  /** What it is made of, where it is an item. */
  parts?: readonly ItemPart[];
  /** What it moves, where it is an exchange. */
  exchange?: StepExchange;
}

/** Streams of a rank that have lanes. */
export const streams = ["compute", "experts", "data", "pipeline"] as const;

/** A graph that grows by rows; see the module. */
export interface StepGraph {
  /** The graph. */
  graph: Graph;
  /** Classes of ranks of a stage. */
  classes: number;
  /** What labels say. */
  tags: TaskTag[];
  /** A label for a tag. */
  label(tag: TaskTag): number;
  /** Adds a row of tasks on a stream of a stage. */
  row(at: { stage: number; stream: SpanStream; label?: number }, seconds: Float64Array): number;
  /** Adds a row of exchanges from a stage, to another stage if that is given. */
  exchange(
    at: { stage: number; stream: SpanStream; label: number; to?: number },
    exchange: StepExchange,
  ): number;
  /** Lets each task of a row come after that of its class in another. */
  after(row: number, before: number): void;
  /** Lets each task of a row come after those that its rank meets. */
  meet(row: number, before: number, kind: MeetingKind): void;
  /** The same, for a row behind that other one on its own stream. */
  sync(row: number, before: number, kind: MeetingKind): void;
}

/** An empty graph of so many stages. */
export function createStepGraph(
  ranks: StageRanks,
  options: { stages: number; contention: boolean },
): StepGraph {
  const graph = createGraph();
  const classes = ranks.first.length;
  const { stages, contention } = options;
  const tags: TaskTag[] = [];
  const laneOf = new Map<string, number>();
  const ports: number[] = [];
  for (let stage = 0; stage < stages; stage++) {
    for (const stream of streams) {
      ranks.first.forEach((place, c) => {
        const rank = stage * ranks.size + place;
        const lane = graph.lane({ rank, stream, order: "program" });
        if (c === 0) laneOf.set(`${stage}/${stream}`, lane);
      });
    }
    for (const place of contention ? ranks.first : []) {
      const rank = stage * ranks.size + place;
      for (const port of ["inner port", "outer port"]) {
        for (const way of ["up", "down"]) {
          ports.push(graph.link({ name: `${port} ${way} of rank ${rank}`, bytesPerSecond: 1 }));
        }
      }
    }
  }
  const portOf = (stage: number, c: number, outside: boolean) =>
    4 * (stage * classes + c) + (outside ? 2 : 0);

  function after(row: number, before: number): void {
    for (let c = 0; c < classes; c++) graph.edge(before + c, row + c);
  }

  function sync(row: number, before: number, kind: MeetingKind): void {
    const { waits, groupOf, members } = ranks.meetings[kind];
    if (!waits) return;
    const joins = members.map((group) => graph.join(group.map((c) => before + c)));
    for (let c = 0; c < classes; c++) graph.edge(joins[groupOf[c]], row + c);
  }

  return {
    graph,
    classes,
    tags,
    label(tag) {
      const exchange = tag.exchange;
      const cls = exchange === undefined ? "compute" as const : "communication" as const;
      tags.push(tag);
      return graph.label({ name: tag.name, class: cls });
    },
    row({ stage, stream, label = NO_LABEL }, seconds) {
      const lane = laneOf.get(`${stage}/${stream}`)!;
      const first = graph.addTask(lane, seconds[0], label);
      for (let c = 1; c < classes; c++) graph.addTask(lane + c, seconds[c], label);
      return first;
    },
    exchange({ stage, stream, label, to = stage }, { seconds, outside }) {
      if (!contention) return this.row({ stage, stream, label }, seconds);
      const lane = laneOf.get(`${stage}/${stream}`)!;
      let first = NO_ROW;
      for (let c = 0; c < classes; c++) {
        const links = [
          ports[portOf(stage, c, outside)],
          ports[portOf(to, c, outside) + 1],
        ];
        const task = graph.flow({ links, bytes: seconds[c], lane: lane + c, label });
        if (c === 0) first = task;
      }
      return first;
    },
    after,
    meet(row, before, kind) {
      if (ranks.meetings[kind].waits) sync(row, before, kind);
      else after(row, before);
    },
    sync,
  };
}
