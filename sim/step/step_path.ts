/**
 * What a step would have to do faster to be faster: its critical path, by name and by kind.
 *
 * @module
 */
import { criticalPath } from "../engine/critical_path.ts";
import { NO_LABEL, NO_LANE } from "../engine/graph.ts";
import { type TimeKind, timeKinds } from "./tasks/parts.ts";
import { streams } from "./tasks/step_graph.ts";
import type { SimulatedStep } from "./simulate_step.ts";

/** The critical path of a step. */
export interface StepPath {
  /** Its seconds by kind; they sum to the step. */
  secondsByKind: Record<TimeKind, number>;
  /** Its seconds by what was done, longest first. */
  secondsByName: Record<string, number>;
  /** Its seconds by stage; what all stages do together is in none. */
  secondsByStage: number[];
}

/** The critical path of a simulated step; see the module. */
export function stepPath({ graph, times, input: { plan } }: SimulatedStep): StepPath {
  const { lane, label } = graph.graph.columns();
  const byName = new Map<string, number>();
  const secondsByKind = Object.fromEntries(timeKinds.map((kind) => [kind, 0])) as Record<
    TimeKind,
    number
  >;
  const secondsByStage = new Array<number>(plan.pp).fill(0);
  const perStage = streams.length * graph.classes;
  const add = (name: string, kind: TimeKind, seconds: number) => {
    secondsByKind[kind] += seconds;
    if (seconds > 0) byName.set(name, (byName.get(name) ?? 0) + seconds);
  };
  for (const task of criticalPath(graph.graph, times).tasks) {
    const on = lane[task];
    const seconds = times.end[task] - times.start[task];
    if (on !== NO_LANE) secondsByStage[Math.floor(on / perStage)] += seconds;
    if (label[task] === NO_LABEL) continue;
    const { name, kind, parts } = graph.tags[label[task]];
    if (parts === undefined) add(name, kind, seconds);
    else for (const part of parts) add(part.name, part.kind, part.seconds[on % graph.classes]);
  }
  const secondsByName = Object.fromEntries([...byName].sort(([, a], [, b]) => b - a));
  return { secondsByKind, secondsByName, secondsByStage };
}
