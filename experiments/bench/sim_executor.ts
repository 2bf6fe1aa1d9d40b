/**
 * How fast graphs of tasks are built and run. Each is timed in the same rounds as a plain loop, since
 * a busy machine slows both: the times are of the day, the ratios of the code.
 *
 * @module
 */
import { median } from "../../kernels/base/estimate.ts";
import { runGraph } from "../../sim/mod.ts";
import type { BenchContest, BenchRow } from "./bench.ts";
import { race, ratios } from "./race.ts";
import { exchangeGraph, ringGraph } from "./sim_graphs.ts";

/** A thing that is timed: a call gives the number of items done. */
interface Entry extends Pick<BenchRow, "id" | "labels"> {
  items: string;
  run(): number;
}

/** Steps of a plain loop: a load, a product, a sum that waits for the last one, and a store. */
function calibration(steps: number): Entry {
  const values = new Float64Array(4096).fill(1);
  return {
    id: "calibration",
    labels: { what: "a plain loop", size: `${steps} steps` },
    items: "steps",
    run() {
      let sum = 0;
      for (let i = 0; i < steps; i++) {
        sum = 0.5 * sum + values[i & 4095];
        values[i & 4095] = sum;
      }
      return steps;
    },
  };
}

function ring(order: "ready" | "program", ranks: number, tasks: number): Entry {
  return {
    id: `graph/${order}/${ranks}`,
    labels: { what: `graph, lanes of order "${order}"`, size: `${ranks} lanes, ${tasks} tasks` },
    items: "events",
    run: () => runGraph(ringGraph({ ranks, tasks, order })).events,
  };
}

function exchange(ranks: number): Entry {
  return {
    id: `graph/flows/${ranks}`,
    labels: {
      what: "graph, uneven exchange",
      size: `${ranks} ranks, ${ranks * (ranks - 1)} flows`,
    },
    items: "events",
    run: () => runGraph(exchangeGraph(ranks)).events,
  };
}

/** Executor and loop side by side. */
export async function benchExecutor(
  options: { quick: boolean; seconds: () => number; signal: AbortSignal },
): Promise<{ rows: BenchRow[]; contests: BenchContest[] }> {
  const { quick, seconds, signal } = options;
  const tasks = quick ? 10_000 : 300_000;
  const plain = calibration(30 * tasks);
  const others = [
    ring("program", 64, tasks),
    ring("ready", 64, tasks),
    ring("ready", 4096, tasks),
    exchange(quick ? 8 : 32),
  ];
  const entries = [plain, ...others];
  const counts = entries.map(() => 1);
  const samples = await race(
    entries.map(({ run }, i) => () => {
      const began = seconds();
      counts[i] = run();
      return Promise.resolve(seconds() - began);
    }),
    { rounds: quick ? 7 : 15, signal },
  );
  const rows = entries.map(({ id, labels, items }, i): BenchRow => ({
    id,
    labels,
    seconds: median(samples[i]),
    samples: samples[i],
    items: { name: items, count: counts[i] },
    warnings: [],
  }));
  const contests = others.map(({ id, labels }, i): BenchContest => {
    const perItem = counts[i + 1] / counts[0];
    const speeds = ratios(samples[i + 1], samples[0]).map((ratio) => ratio * perItem);
    return {
      id: `${id} / ${plain.id}`,
      says: `${labels.what}, ${labels.size}: events against steps of a plain loop`,
      ours: id,
      theirs: plain.id,
      speed: median(speeds),
      samples: speeds,
      goal: "",
      verdict: "no goal",
    };
  });
  return { rows, contests };
}
