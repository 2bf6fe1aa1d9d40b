/**
 * Memory of a stage in the course of a simulated step.
 *
 * @module
 */
import { evenLoad, type ExpertLoad } from "../memory/expert_load.ts";
import { memoryHabits } from "../memory/habits.ts";
import { stageParts } from "../memory/stage_parts.ts";
import { type MemoryTimeline, memoryTimeline } from "../memory/timeline.ts";
import type { SimulatedStep } from "./simulate_step.ts";

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Load of the fullest expert rank of a stage. */
function loadOf(stage: number, { loads, mixtures, costed, input }: SimulatedStep): ExpertLoad {
  const layers = mixtures.of[stage].flat();
  // Buffers with a capacity are filled up to it.
  if (!loads || layers.length === 0 || input.plan.capacityFactor !== undefined) return evenLoad;
  const { expertRows } = costed.split;
  const loads_RL = Array.from(
    { length: input.plan.ep },
    (_, rank) => layers.map((layer) => loads[layer][rank].rows / expertRows),
  );
  const means = loads_RL.map(mean);
  const fullest = means.indexOf(Math.max(...means));
  return { mean: means[fullest], largest: Math.max(...loads_RL[fullest]) };
}

/**
 * Memory of a stage on its fullest rank, moment by moment, as the operations of the step ran.
 *
 * @throws {RangeError} for a stage that is not there.
 *
 * @example
 * ```ts
 * import {
 *   baseStack, completePlan, machineOf, parsePlan, simulateStep, type Sizes, stepMemory,
 * } from "@moelab/moelab/sim";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 4, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 16, kvHeads: 16, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 2048, routing: { kind: "balanced" }, causal: true } as const;
 * const plan = completePlan(parsePlan("pp=2"), { devices: 2, sizes, workload });
 * const machine = machineOf("h100:2", "bf16").machine(baseStack);
 * const { peak, points, staticBytes } = stepMemory(simulateStep({ sizes, plan, workload, machine }), 0);
 * assert(peak.totalBytes > staticBytes);
 * assertEquals(points.at(-1)!.totalBytes, staticBytes);
 * ```
 */
export function stepMemory(step: SimulatedStep, stage: number): MemoryTimeline {
  const { input, programs, rows, times } = step;
  const { sizes, plan, workload, machine } = input;
  if (!(stage in programs)) {
    throw new RangeError(`Cannot show the memory of stage ${stage}: there are ${programs.length}`);
  }
  const parts = stageParts(sizes, plan, workload, {
    habits: memoryHabits(machine.stack.id),
    loads: programs.map((_, at) => loadOf(at, step)),
  });
  const { first, last } = rows[stage];
  return memoryTimeline(programs[stage], parts[stage], {
    times: programs[stage].operations.map((_, at) => ({
      startSeconds: times.start[first[at]],
      endSeconds: times.end[last[at]],
    })),
  });
}
