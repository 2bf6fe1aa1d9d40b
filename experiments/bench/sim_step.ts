/**
 * How fast whole training steps are simulated, event by event.
 *
 * @module
 */
import { modelPreset } from "../../core/spec/mod.ts";
import {
  baseStack,
  completePlan,
  machineOf,
  parsePlan,
  simulateStep,
  sizesOf,
  type StepInput,
} from "../../sim/mod.ts";
import type { BenchRow } from "./bench.ts";
import { type SampleOptions, sampleSeconds } from "./sample.ts";

/** A step that is timed. */
interface TimedStep {
  model: string;
  device: string;
  devices: number;
  plan: string;
  microBatches: number;
}

const dualPipe = "pp=16,ep=64,schedule=dualpipe,dispatcher=deepep";

const steps: readonly TimedStep[] = [
  { model: "deepseek-v2", device: "h100", devices: 64, plan: "pp=4,ep=8", microBatches: 32 },
  { model: "deepseek-v3", device: "h800", devices: 2048, plan: dualPipe, microBatches: 120 },
  { model: "deepseek-v3", device: "h800", devices: 16_384, plan: dualPipe, microBatches: 120 },
];

function inputOf({ model, device, devices, plan: words, microBatches }: TimedStep): StepInput {
  const sizes = sizesOf(modelPreset(model));
  const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
  const part = parsePlan(words);
  const globalBatch = microBatches * devices / (part.pp ?? 1);
  const plan = completePlan({ ...part, globalBatch }, { devices, sizes, workload });
  const machine = machineOf(`${device}:${devices}`, "bf16").machine(baseStack);
  return { sizes, plan, workload, machine };
}

/** Times steps with exchanges that share ports; the largest cluster is left out of quick runs. */
export function stepRows(options: SampleOptions, quick: boolean): BenchRow[] {
  return steps.slice(0, quick ? 2 : 3).map((step) => {
    const { model, devices, microBatches } = step;
    const input = inputOf(step);
    const { events } = simulateStep(input).times;
    return {
      id: `step/${model}/${devices}`,
      labels: {
        what: `whole step of ${model}`,
        size: `${devices} devices, ${microBatches} micro-batches`,
      },
      ...sampleSeconds(() => simulateStep(input), options),
      items: { name: "events", count: events },
      warnings: [],
    };
  });
}
