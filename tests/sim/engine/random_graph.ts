/** Random graphs, and a slow executor that says what their times should be. */
import fc from "fast-check";
import { createGraph, type Graph, NO_LANE } from "../../../sim/engine/graph.ts";

export interface Spec {
  orders: ("ready" | "program")[];
  tasks: { lane: number; seconds: number; after: number[] }[];
}

/** Graphs with many equal times: seconds are small whole numbers, 0 among them. */
export const specs = (orders: fc.Arbitrary<"ready" | "program">): fc.Arbitrary<Spec> =>
  fc.record({
    orders: fc.array(orders, { minLength: 1, maxLength: 4 }),
    tasks: fc.array(
      fc.record({
        lane: fc.integer({ min: -1, max: 3 }),
        seconds: fc.constantFrom(0, 0, 1, 1, 2, 3, 0.1),
        after: fc.array(fc.nat(99), { maxLength: 3 }),
      }),
      { maxLength: 40 },
    ),
  }).map(({ orders, tasks }) => ({
    orders,
    tasks: tasks.map(({ lane, seconds, after }, i) => ({
      lane: lane < 0 ? NO_LANE : lane % orders.length,
      seconds,
      after: i === 0 ? [] : after.map((a) => a % i),
    })),
  }));

/** The graph of a spec, with its tasks added in another order, and where each task went. */
export function build(spec: Spec, order = spec.tasks.map((_, i) => i)): [Graph, number[]] {
  const graph = createGraph();
  spec.orders.forEach((order, rank) => graph.lane({ rank, stream: "compute", order }));
  const id: number[] = [];
  for (const i of order) id[i] = graph.addTask(spec.tasks[i].lane, spec.tasks[i].seconds);
  spec.tasks.forEach(({ after }, i) => after.forEach((a) => graph.edge(id[a], id[i])));
  return [graph, id];
}

/** Starts by the rules of the module of the event loop, looked up from scratch again and again. */
export function slowStarts({ orders, tasks }: Spec): number[] {
  const start: number[] = [];
  const ended = new Set<number>();
  const queues = orders.map((): number[] => []);
  const queued = new Set<number>();
  const all = tasks.map((_, i) => i);
  const end = (i: number) => start[i] + tasks[i].seconds;
  const begun = (i: number) => start[i] !== undefined;
  const free = (lane: number) =>
    all.every((i) => tasks[i].lane !== lane || !begun(i) || ended.has(i));
  const depends = (i: number) => tasks[i].after.every((a) => ended.has(a));
  const ready = (i: number) =>
    !begun(i) && depends(i) && (tasks[i].lane < 0 || (orders[tasks[i].lane] === "program" &&
      all.every((j) => tasks[j].lane !== tasks[i].lane || j >= i || ended.has(j))));
  const waiting = (i: number) =>
    !begun(i) && !queued.has(i) && depends(i) && tasks[i].lane >= 0 &&
    orders[tasks[i].lane] === "ready";
  const serve = (now: number) =>
    queues.forEach((queue, lane) => {
      if (queue.length > 0 && free(lane)) start[queue.shift()!] = now;
    });

  for (let now = 0; ended.size < tasks.length;) {
    let going = true;
    while (going) {
      for (let size = -1; size < ended.size + all.filter(begun).length;) {
        size = ended.size + all.filter(begun).length;
        all.forEach((i) => begun(i) && end(i) <= now && ended.add(i));
        serve(now);
        all.filter(ready).forEach((i) => start[i] = now);
      }
      for (const i of all.filter(waiting)) {
        queued.add(i);
        queues[tasks[i].lane].push(i);
      }
      serve(now);
      going = all.some((i) => begun(i) && !ended.has(i) && end(i) <= now);
    }
    const ends = all.filter((i) => begun(i) && !ended.has(i)).map(end);
    if (ends.length === 0) break;
    now = Math.min(...ends);
  }
  return start;
}
