/**
 * Memory of every pipeline stage of a plan, in closed form.
 *
 * A rank holds *states* (weights, gradients, optimiser) all the time, *activations* from the forward
 * pass of a micro-batch to its backward pass, and more for a moment. The peak is the worst of four
 * moments:
 *
 * - `layer`: all activations that the stage ever holds, and the working memory of its widest layer:
 *   gradients under way, a layer computed again, rows on their way to experts;
 * - `loss`: these activations with the logits, before any layer's gradient;
 * - `embedding`: the gradient of the input table, when a micro-batch has given back the rest;
 * - `step`: what the optimiser allocates, with no activations.
 *
 * What the allocator is asked for is `allocatedBytes`; the device must have `peakBytes`: that times
 * the stack's allocator factor, and what driver and libraries reserve.
 *
 * Sources: arXiv 2205.05198 (activations), 1910.02054 (sharding), 2104.04473 (pipelines). Tensors are
 * in `layer_tensors.ts`, working memory in `working.ts`, habits of frameworks in `habits.json`.
 *
 * @module
 */
import type { Sizes } from "../cost/sizes.ts";
import type { Workload } from "../cost/workload.ts";
import type { Plan } from "../plan/plan.ts";
import { type MemoryHabits, memoryHabits } from "./habits.ts";
import { chunksInFlight } from "./in_flight.ts";
import type { MemoryStack } from "./site.ts";
import { type StageParts, stageParts, type StagePartsOptions } from "./stage_parts.ts";

/** When a stage holds most; see the module. */
export type MemoryMoment = "layer" | "loss" | "embedding" | "step";

/** Memory of a stage on its fullest rank, bytes at the peak. */
export interface StageMemory {
  /** Weights, with copies in narrow formats. */
  weightBytes: number;
  /** Gradients between micro-batches. */
  gradientBytes: number;
  /** Master weights and moments. */
  optimizerBytes: number;
  /** Tensors that wait for their backward pass, all micro-batches in flight. */
  activationBytes: number;
  /** Logits and what the loss makes of them. */
  logitBytes: number;
  /** Gradients under way, exchanged rows, a layer computed again, buffers of the optimiser. */
  workingBytes: number;
  /** Buffers of exchanges: between stages, gathered weights. */
  communicationBytes: number;
  /** Workspaces and placeholders of libraries. */
  libraryBytes: number;
  /** All of these: what the allocator is asked for. */
  allocatedBytes: number;
  /** What the allocator holds beyond that, the driver's context, buffers of collectives. */
  reservedBytes: number;
  /** What the device must have. */
  peakBytes: number;
  /** When it is. */
  moment: MemoryMoment;
}

/** What memory may depend on beside model, plan, input and stack. */
export interface MemoryOptions extends Omit<StagePartsOptions, "habits"> {
  /** What the framework keeps; that of the stack's id unless given. */
  habits?: MemoryHabits;
}

type Dynamic = Pick<StageMemory, "moment" | "activationBytes" | "logitBytes" | "workingBytes">;

const sumOf = (d: Dynamic) => d.activationBytes + d.logitBytes + d.workingBytes;

/** The worst of the four moments. */
function worstMoment(stage: number, parts: StageParts, plan: Plan): Dynamic {
  const inFlight = chunksInFlight(stage, plan);
  const { chunks, embeddingBytes, stepBytes } = parts;
  let kept = 0;
  let norms = 0;
  let logits = 0;
  let working = 0;
  // The chunk with the output layer, and its micro-batches whose loss waits.
  let last = chunks[0];
  let losses = 0;
  for (let c = 0; c < chunks.length; c++) {
    const chunk = chunks[c];
    const count = inFlight[c] ?? 0;
    // The backward pass begins right after the loss, unless all forward passes come first.
    const open = plan.schedule === "gpipe" ? count : Math.min(1, count);
    kept += count * chunk.keptBytes;
    norms += open * chunk.normBytes;
    logits += open * chunk.logitBytes;
    working = Math.max(working, chunk.workingBytes);
    if (chunk.normBytes > 0) [last, losses] = [chunk, open];
  }
  const current = losses > 0 ? 1 : 0;
  const worst: Dynamic = {
    moment: "layer",
    activationBytes: kept + norms - current * last.normBytes,
    logitBytes: logits - current * last.logitBytes,
    workingBytes: working,
  };
  const compare = (moment: MemoryMoment, activations: number, logit: number, beside: number) => {
    if (activations + logit + beside <= sumOf(worst)) return;
    worst.moment = moment;
    worst.activationBytes = activations;
    worst.logitBytes = logit;
    worst.workingBytes = beside;
  };
  compare("loss", kept + norms, logits + last.loss.logitBytes, last.loss.workingBytes);
  compare("embedding", Math.max(0, kept - chunks[0].keptBytes), 0, embeddingBytes);
  compare("step", 0, 0, stepBytes);
  return worst;
}

function stageOf(stage: number, parts: StageParts, plan: Plan, stack: MemoryStack): StageMemory {
  const dynamic = worstMoment(stage, parts, plan);
  const { weightBytes, gradientBytes, optimizerBytes, communicationBytes, libraryBytes } = parts;
  const allocatedBytes = weightBytes + gradientBytes + optimizerBytes + communicationBytes +
    libraryBytes + sumOf(dynamic);
  const peakBytes = allocatedBytes * stack.allocatorFactor + stack.reservedBytes;
  return {
    weightBytes,
    gradientBytes,
    optimizerBytes,
    activationBytes: dynamic.activationBytes,
    logitBytes: dynamic.logitBytes,
    workingBytes: dynamic.workingBytes,
    communicationBytes,
    libraryBytes,
    allocatedBytes,
    reservedBytes: peakBytes - allocatedBytes,
    peakBytes,
    moment: dynamic.moment,
  };
}

/**
 * Memory of every stage of a plan, on the rank that holds most; see the module.
 *
 * @param plan Complete: all degrees filled.
 *
 * @example An 8-billion-parameter model on eight devices, with ZeRO 1 and without
 * ```ts
 * import { type Plan, type Sizes, stageMemory } from "@moelab/moelab/sim";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "8b", layers: 32, dModel: 4096, vocab: 128256, tied: false, mtpLayers: 0 },
 *   ...{ ffnWidth: 14336, ffnMatrices: 3, learnedPositions: false },
 *   attention: { heads: 32, kvHeads: 8, qkDim: 128, vDim: 128 },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const off = { gradients: false, parameters: false, tensor: false, pipeline: false };
 * const plan: Plan = {
 *   ...{ tp: 1, cp: 1, dp: 8, pp: 1, vpp: 1, ep: 1, etp: 1, sequenceParallel: false },
 *   ...{ contextExchange: "p2p", zero: 1, schedule: "1f1b", microBatch: 1, globalBatch: 128 },
 *   ...{ recompute: "full", precision: "bf16", formats: {}, dispatcher: "all-to-all" },
 *   ...{ offload: { optimizer: 0, activationLayers: 0 }, overlap: { ...off, experts: "none" } },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" as const }, causal: true };
 * const stack = { id: "megatron-core", allocatorFactor: 1.05, reservedBytes: 1.5e9 };
 * const [sharded] = stageMemory(sizes, plan, workload, stack);
 * const [whole] = stageMemory(sizes, { ...plan, zero: 0 }, workload, stack);
 * assertEquals(whole.optimizerBytes, 8 * sharded.optimizerBytes);
 * assert(sharded.peakBytes < 80e9 && whole.peakBytes > 140e9);
 * ```
 */
export function stageMemory(
  sizes: Sizes,
  plan: Plan,
  workload: Workload,
  stack: MemoryStack,
  options: MemoryOptions = {},
): StageMemory[] {
  const habits = options.habits ?? memoryHabits(stack.id);
  return stageParts(sizes, plan, workload, { habits, loads: options.loads })
    .map((parts, stage) => stageOf(stage, parts, plan, stack));
}

/** The stage that needs most memory. */
export function fullestStage(stages: readonly StageMemory[]): StageMemory {
  return stages.reduce((worst, stage) => stage.peakBytes > worst.peakBytes ? stage : worst);
}
