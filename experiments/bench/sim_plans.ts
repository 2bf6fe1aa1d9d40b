/**
 * How fast plans are priced in closed form: step time, its breakdown and the memory of every stage.
 *
 * Each plan is priced once and no two are alike, so nothing is remembered of them; the model, the
 * machine and the schedules' forms are as a search has them. Beside it, in the same samples, a plain
 * loop says how fast the machine is just now.
 *
 * @module
 */
import { modelPreset } from "../../core/spec/mod.ts";
import { median } from "../../kernels/base/estimate.ts";
import {
  closedForm,
  machineOf,
  type Plan,
  planFault,
  type Sizes,
  sizesOf,
  stackById,
  stageMemory,
  stepCosts,
  withDefaults,
  type Workload,
} from "../../sim/mod.ts";
import type { BenchContest, BenchRow } from "./bench.ts";

const devices = 2048;
const sequence = 4096;
/** Steps of the plain loop that is timed with every hundred plans. */
const loopSteps = 100_000;
const together = 100;

/** Every combination of some lists, the last fastest. */
function product<T extends Record<string, readonly unknown[]>>(
  lists: T,
): { [K in keyof T]: T[K][number] }[] {
  return Object.entries(lists).reduce<Record<string, unknown>[]>(
    (all, [key, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [key]: value }))),
    [{}],
  ) as { [K in keyof T]: T[K][number] }[];
}

/** Plans of a model on 2,048 devices that hold, in an order that mixes their degrees. */
export function manyPlans(sizes: Sizes, count: number): Plan[] {
  const choices = product(
    {
      pp: [1, 2, 4, 8, 16],
      tp: [1, 2, 4, 8],
      ep: [8, 16, 32, 64],
      vpp: [1, 2],
      microBatch: [1, 2],
      rounds: [2, 4],
      zero: [0, 1, 2],
      recompute: ["none", "full", ["norm"], ["mla_up", "activation"]],
      dispatcher: ["deepep", "all-to-all"],
      overlap: [true, false],
    } as const,
  );
  const workload: Workload = { sequence, routing: { kind: "balanced" }, causal: true };
  const site = { devices, sizes, workload };
  const plans: Plan[] = [];
  // A stride that shares no factor with the number of choices visits all of them once.
  const stride = 7919;
  for (let i = 0; i < choices.length && plans.length < count; i++) {
    const { rounds, overlap: beside, ...degrees } = choices[(i * stride) % choices.length];
    const dp = devices / (degrees.tp * degrees.pp);
    const overlap = {
      gradients: beside,
      parameters: beside,
      tensor: beside,
      pipeline: beside,
      experts: "none" as const,
    };
    const globalBatch = dp * degrees.microBatch * rounds * Math.max(degrees.pp, 4);
    const plan = withDefaults(
      { ...degrees, dp, globalBatch, overlap, precision: "fp8" },
      site,
    );
    if (planFault(plan, site) === undefined) plans.push(plan);
  }
  return plans;
}

function loop(): void {
  const values = new Float64Array(4096).fill(1);
  let sum = 0;
  for (let i = 0; i < loopSteps; i++) {
    sum = 0.5 * sum + values[i & 4095];
    values[i & 4095] = sum;
  }
}

/** Prices many plans, each once. */
export function benchPlans(
  options: { quick: boolean; seconds: () => number; signal: AbortSignal },
): { rows: BenchRow[]; contests: BenchContest[] } {
  const { quick, seconds, signal } = options;
  const workload: Workload = { sequence, routing: { kind: "balanced" }, causal: true };
  const machine = machineOf(`h800:${devices}`, "fp8").machine(stackById("base"));
  const price = (sizes: Sizes, plan: Plan) => {
    closedForm(stepCosts({ sizes, plan, workload, machine }), plan, machine);
    stageMemory(sizes, plan, workload, machine.stack);
  };
  const sizes = sizesOf(modelPreset("deepseek-v3"));
  const plans = manyPlans(sizes, quick ? 500 : 10_000);
  // Another model's plans compile the code, so that none of those that are timed was seen before.
  const other = sizesOf(modelPreset("deepseek-v2"));
  for (const plan of manyPlans(other, quick ? 500 : 8000)) price(other, plan);
  const timed = (run: () => void) => {
    const began = seconds();
    run();
    return seconds() - began;
  };
  const each: number[] = [];
  const loops: number[] = [];
  for (let i = 0; i < plans.length; i++) {
    if (i % together === 0) {
      signal.throwIfAborted();
      loops.push(timed(loop));
    }
    each.push(timed(() => price(sizes, plans[i])));
  }
  const hundreds = loops.map((_, i) => {
    const own = each.slice(i * together, (i + 1) * together);
    return median(own).value;
  });
  const labels = { what: "plan in closed form, with memory", size: `${each.length} plans` };
  const rows: BenchRow[] = [
    {
      id: "plans",
      labels,
      seconds: median(hundreds),
      samples: hundreds,
      items: { name: "plans", count: 1 },
      warnings: [],
    },
    {
      id: "plans/calibration",
      labels: { what: "a plain loop", size: `${loopSteps} steps` },
      seconds: median(loops),
      samples: loops,
      items: { name: "steps", count: loopSteps },
      warnings: [],
    },
  ];
  const speeds = loops.map((loop, i) => loop / loopSteps / hundreds[i]);
  const contests: BenchContest[] = [{
    id: "plans / plans/calibration",
    says: "plans priced for every step of a plain loop",
    ours: "plans",
    theirs: "plans/calibration",
    speed: median(speeds),
    samples: speeds,
    goal: "",
    verdict: "no goal",
  }];
  return { rows, contests };
}
