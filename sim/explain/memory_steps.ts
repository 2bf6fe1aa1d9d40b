/**
 * What memory buys: the fastest step by the bytes that a plan may take, a falling staircase.
 *
 * Exact as far as the front is: from its smallest plan up to the limit that was searched.
 *
 * @module
 */
import type { PlanPrice } from "../search/evaluate.ts";

/** A step of the staircase. */
export interface MemoryStep {
  /** Bytes from which on this plan is the fastest. */
  fromBytes: number;
  /** Bytes from which on another one is; none for the last. */
  toBytes?: number;
  /** Seconds of a step. */
  stepSeconds: number;
  /** Seconds that this plan is faster than the one before; 0 for the first. */
  savedSeconds: number;
  /** The plan. */
  price: PlanPrice;
}

/**
 * The staircase of a front, from little memory to much.
 *
 * @example
 * ```ts
 * import { memorySteps, searchPlans, type Sizes } from "@moelab/moelab/sim";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 16, kvHeads: 16, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const fix = { cp: 1, precision: "bf16" } as const;
 * const { front } = searchPlans({ sizes, cluster: "h100:8", workload, globalBatch: 32, fix });
 * const steps = memorySteps(front);
 * assertEquals(steps.at(-1)?.stepSeconds, front[0].stepSeconds);
 * assert(steps.slice(1).every(({ savedSeconds }) => savedSeconds > 0));
 * ```
 */
export function memorySteps(front: readonly PlanPrice[]): MemoryStep[] {
  const byMemory = [...front].sort((a, b) =>
    a.peakBytes - b.peakBytes || a.stepSeconds - b.stepSeconds
  );
  const steps: MemoryStep[] = [];
  for (const price of byMemory) {
    const last = steps[steps.length - 1];
    if (last && price.stepSeconds >= last.stepSeconds) continue;
    if (last) last.toBytes = price.peakBytes;
    const savedSeconds = last ? last.stepSeconds - price.stepSeconds : 0;
    const { peakBytes: fromBytes, stepSeconds } = price;
    steps.push({ fromBytes, stepSeconds, savedSeconds, price });
  }
  return steps;
}

/** The fastest plan of a front that fits so many bytes; undefined where none does. */
export function fastestWithin(front: readonly PlanPrice[], bytes: number): PlanPrice | undefined {
  return memorySteps(front).findLast(({ fromBytes }) => fromBytes <= bytes)?.price;
}
