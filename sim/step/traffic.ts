/**
 * What a step moves between devices.
 *
 * @module
 */
import { NO_LABEL, NO_LANE } from "../engine/graph.ts";
import type { TimeKind } from "./tasks/parts.ts";
import { streams } from "./tasks/step_graph.ts";
import type { SimulatedStep } from "./simulate_step.ts";

/** Bytes of an exchange, over all devices. */
export interface Traffic {
  /** What it is, such as "dispatch". */
  name: string;
  /** What waiting for it counts as. */
  kind: TimeKind;
  /** How often a device takes part in one, on average. */
  times: number;
  /** Bytes that devices send. */
  sentBytes: number;
  /** Bytes that they receive. */
  receivedBytes: number;
}

/**
 * Bytes of a step by exchange. Those between tensor and context ranks are in the costs of the layers
 * as seconds alone, and not here.
 */
export function stepTraffic({ graph, ranks, rows }: SimulatedStep): Traffic[] {
  const { tasks, lane, label, firstEdge, edge } = graph.graph.columns();
  const all = new Map<string, Traffic>();
  const classes = graph.classes;
  const perStage = streams.length * classes;
  const devices = rows.length * ranks.size;
  for (let task = 0; task < tasks; task++) {
    if (label[task] === NO_LABEL) continue;
    const { name, kind, exchange } = graph.tags[label[task]];
    if (!exchange) continue;
    const c = lane[task] % classes;
    const known = all.get(name) ?? { name, kind, times: 0, sentBytes: 0, receivedBytes: 0 };
    all.set(name, known);
    known.times += ranks.count[c] / devices;
    known.sentBytes += ranks.count[c] * exchange.sentBytes[c];
    // A message is received where something on another stage waits for it.
    const stage = Math.floor(lane[task] / perStage);
    const goals = kind === "pipeline" ? elsewhere(task, stage) : [task];
    for (const goal of goals) {
      const at = lane[goal] % classes;
      known.receivedBytes += ranks.count[at] * exchange.receivedBytes[at];
    }
  }
  return [...all.values()];

  function elsewhere(task: number, stage: number): number[] {
    const list: number[] = [];
    for (let e = firstEdge[task]; e > 0; e = edge[2 * e - 1]) {
      const to = edge[2 * e - 2];
      if (lane[to] !== NO_LANE && Math.floor(lane[to] / perStage) !== stage) list.push(to);
    }
    return list;
  }
}
