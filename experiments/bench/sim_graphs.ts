/**
 * Graphs to time the executor with: steps in which every rank works and tells a neighbour, and an
 * exchange of every rank with every other.
 *
 * @module
 */
import { split } from "../../kernels/base/random.ts";
import { createGraph, type Graph } from "../../sim/mod.ts";

const seed = 1;

/** Seconds that differ from task to task, so that ends come in no order. */
function seconds(name: string, length = 4096): Float64Array {
  const stream = split(seed, `bench/graph/${name}`);
  return Float64Array.from({ length }, () => 1 + stream.uniform());
}

/**
 * Ranks that each do one task a step, after the last one of their own and of a neighbour: two edges
 * a task where the lanes take what is ready, one where the program already says the first.
 */
export function ringGraph(
  options: { ranks: number; tasks: number; order: "ready" | "program" },
): Graph {
  const { ranks, tasks, order } = options;
  const takes = seconds("ring");
  const graph = createGraph();
  const label = graph.label({ name: "experts", class: "compute" });
  const lanes = Array.from(
    { length: ranks },
    (_, rank) => graph.lane({ rank, stream: "compute", order }),
  );
  for (let task = 0; task < tasks; task++) {
    const rank = task % ranks;
    graph.addTask(lanes[rank], takes[task & 4095], label);
    if (task < ranks) continue;
    if (order === "ready") graph.edge(task - ranks, task);
    graph.edge(rank === ranks - 1 ? task - 2 * ranks + 1 : task - ranks + 1, task);
  }
  return graph;
}

/** Flows from every rank to every other, over a port out and a port in, no two of the same size. */
export function exchangeGraph(ranks: number): Graph {
  const bytes = seconds("exchange");
  const graph = createGraph();
  const ports = (way: string) =>
    Array.from(
      { length: ranks },
      (_, rank) => graph.link({ name: `${rank} ${way}`, bytesPerSecond: 1 }),
    );
  const [up, down] = [ports("up"), ports("down")];
  for (let from = 0; from < ranks; from++) {
    for (let to = 0; to < ranks; to++) {
      if (from === to) continue;
      graph.flow({ links: [up[from], down[to]], bytes: bytes[(from * ranks + to) & 4095] });
    }
  }
  return graph;
}
