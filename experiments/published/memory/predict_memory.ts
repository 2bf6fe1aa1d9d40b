/**
 * What the simulator says of a row's memory.
 *
 * @module
 */
import { deviceProfile } from "../../../sim/cluster/profiles.ts";
import { fullestStage, stageMemory } from "../../../sim/memory/stage_memory.ts";
import type { MemoryStack } from "../../../sim/memory/site.ts";
import type { MemoryCase } from "./memory_case.ts";

/**
 * Two figures for all software. PyTorch's allocator: bytes reserved over bytes allocated, mean of
 * the 37 rows of SimuMax (1.028 to 1.093). What a process holds beside: CUDA context and buffers of
 * NCCL, about half and one GiB with a group for each dimension of a plan.
 */
export const memoryOverhead: Omit<MemoryStack, "id"> = {
  allocatorFactor: 1.05,
  reservedBytes: 1.5 * 2 ** 30,
};

/** What of a device's memory a process finds, bytes; its profile's figure unless it is here. */
const usableBytes: Readonly<Record<string, number>> = {
  // nvidia-smi of a card of 80 GB, before anything runs.
  a100: 79.1 * 2 ** 30,
};

/** A prediction beside what a row says. */
export interface MemoryComparison {
  /** The row's id. */
  id: string;
  /** Stack that ran it. */
  stack: string;
  /** Model. */
  model: string;
  /** Tokens of a sequence. */
  sequence: number;
  /** What was computed again. */
  recompute: string;
  /** Bytes predicted for each stage, without overheads. */
  allocatedBytes: readonly number[];
  /** Bytes predicted for the fullest device. */
  peakBytes: number;
  /** Bytes of the device that a process finds. */
  usableBytes: number;
  /** What the row says. */
  evidence: MemoryCase["evidence"];
}

/** Compares a row with its prediction. */
export function compareMemory({ row, description, evidence }: MemoryCase): MemoryComparison {
  const { sizes, plan, workload, stack, cluster } = description;
  const stages = stageMemory(sizes, plan, workload, { id: stack, ...memoryOverhead });
  const device = cluster.split(":")[0];
  const { recompute } = plan;
  return {
    id: row.id,
    stack,
    model: sizes.name,
    sequence: workload.sequence,
    recompute: typeof recompute === "string" ? recompute : "selective",
    allocatedBytes: stages.map((stage) => stage.allocatedBytes),
    peakBytes: fullestStage(stages).peakBytes,
    usableBytes: usableBytes[device] ?? deviceProfile(device).memoryBytes,
    evidence,
  };
}
