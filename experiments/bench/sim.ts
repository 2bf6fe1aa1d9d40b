/**
 * How fast the simulator is: events a second, and predicted layers a second.
 *
 * Graphs of tasks are built and run beside a plain loop (`sim_executor.ts`). The queue of the small
 * engine is timed as a simulation uses it
 * (hold: take the next event, plan another), with 100 and with 100,000 events in it; a layer is one
 * forward pass of DeepSeek-V3's experts.
 *
 * @module
 */
import { split } from "../../kernels/base/random.ts";
import { createEngine, createEventQueue, expertParallel } from "../../sim/mod.ts";
import {
  type BenchContest,
  type BenchOptions,
  type BenchResult,
  type BenchRow,
  chosenParts,
} from "./bench.ts";
import { layerInput } from "./layer_input.ts";
import type { SampleOptions } from "./sample.ts";
import { sampleSeconds } from "./sample.ts";
import { benchExecutor } from "./sim_executor.ts";
import { benchPlans } from "./sim_plans.ts";
import { stepRows } from "./sim_step.ts";

const seed = 1;

/** Operations of one timed call, so that a call is long beside the loop around it. */
const batch = 1000;

function queueRow(events: number, options: SampleOptions): BenchRow {
  const stream = split(seed, `bench/queue/${events}`);
  const delays = Float64Array.from({ length: batch }, () => stream.uniform());
  const queue = createEventQueue<number>();
  for (let i = 0; i < events; i++) queue.push(i, { time: stream.uniform() });
  const hold = () => {
    for (const delay of delays) {
      const { item, time } = queue.pop()!;
      queue.push(item, { time: time + delay });
    }
  };
  return {
    id: `queue/${events}`,
    labels: { what: "event queue, take one and add one", size: `${events} waiting` },
    ...sampleSeconds(hold, options),
    items: { name: "events", count: batch },
    warnings: [],
  };
}

function engineRow(options: SampleOptions): BenchRow {
  const run = () => {
    const engine = createEngine();
    const next = (left: number) => {
      if (left > 0) engine.schedule(engine.now + 1, () => next(left - 1));
    };
    next(batch);
    engine.run();
  };
  return {
    id: "engine",
    labels: { what: "engine, a chain of events", size: `${batch} events` },
    ...sampleSeconds(run, options),
    items: { name: "events", count: batch },
    warnings: [],
  };
}

function layerRow(ranks: number, options: SampleOptions): BenchRow {
  const input = layerInput({ model: "deepseek-v3", ranks, tokensPerRank: 4096 });
  return {
    id: `layer/${ranks}`,
    labels: { what: "expert-parallel layer", size: `${ranks} ranks` },
    ...sampleSeconds(() => expertParallel(input), options),
    items: { name: "layers", count: 1 },
    warnings: [],
  };
}

/** What a part gives. */
type PartResult = { rows: BenchRow[]; contests?: BenchContest[] };

/** The parts, by the word that `--only` takes. */
const parts: readonly {
  id: string;
  run(options: SampleOptions, bench: BenchOptions): PartResult | Promise<PartResult>;
}[] = [
  { id: "graph", run: (_, bench) => benchExecutor(bench) },
  { id: "plans", run: (_, bench) => benchPlans(bench) },
  {
    id: "queue",
    run: (options) => ({ rows: [100, 100_000].map((events) => queueRow(events, options)) }),
  },
  { id: "engine", run: (options) => ({ rows: [engineRow(options)] }) },
  {
    id: "layer",
    run: (options, { quick }) => ({
      rows: (quick ? [8, 64] : [8, 32, 64, 128]).map((ranks) => layerRow(ranks, options)),
    }),
  },
  { id: "step", run: (options, { quick }) => ({ rows: stepRows(options, quick) }) },
];

/** Times graphs of tasks, the event queue, the engine and the prediction of a layer. */
export async function benchSim(bench: BenchOptions): Promise<BenchResult> {
  const { quick, only, log, seconds, signal } = bench;
  const options = { seconds, sampleSeconds: quick ? 0.005 : 0.05, samples: quick ? 9 : 31 };
  const rows: BenchRow[] = [];
  const contests: BenchContest[] = [];
  for (const part of chosenParts(parts, only)) {
    signal.throwIfAborted();
    log(`Simulator: ${part.id}`);
    const result = await part.run(options, bench);
    rows.push(...result.rows);
    contests.push(...result.contests ?? []);
  }
  return { bench: "sim", notes: ["On the CPU, one thread"], rows, contests, skipped: [] };
}
