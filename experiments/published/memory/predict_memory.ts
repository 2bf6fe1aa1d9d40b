/**
 * What the simulator says of a row's memory.
 *
 * @module
 */
import { deviceProfile } from "../../../sim/cluster/profiles.ts";
import { fullestStage, stageMemory } from "../../../sim/memory/stage_memory.ts";
import type { MemoryStack } from "../../../sim/memory/site.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { stackPresets } from "../../../sim/stack/stacks.ts";
import type { MemoryCase } from "./memory_case.ts";

/** The software of a row: its stack, or what is assumed where nothing is known of it. */
function memoryStack({ description: { stack: id }, expandable }: MemoryCase): MemoryStack {
  const { allocatorFactor, reservedBytes } = stackPresets[id] ?? baseStack;
  return { id, reservedBytes, allocatorFactor: expandable ? 1 : allocatorFactor };
}

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
  /** Bytes that the allocator of each stage holds. */
  reservedBytes: readonly number[];
  /** Bytes predicted for the fullest device. */
  peakBytes: number;
  /** Bytes of the device that a process finds. */
  usableBytes: number;
  /** What the row says. */
  evidence: MemoryCase["evidence"];
}

/** Compares a row with its prediction. */
export function compareMemory(found: MemoryCase): MemoryComparison {
  const { row, description, evidence } = found;
  const { sizes, plan, workload, stack, cluster } = description;
  const software = memoryStack(found);
  const stages = stageMemory(sizes, plan, workload, software);
  const { recompute } = plan;
  return {
    id: row.id,
    stack,
    model: sizes.name,
    sequence: workload.sequence,
    recompute: typeof recompute === "string" ? recompute : "selective",
    allocatedBytes: stages.map((stage) => stage.allocatedBytes),
    reservedBytes: stages.map((stage) => stage.allocatedBytes * software.allocatorFactor),
    peakBytes: fullestStage(stages).peakBytes,
    usableBytes: deviceProfile(cluster.split(":")[0]).memoryBytes,
    evidence,
  };
}
