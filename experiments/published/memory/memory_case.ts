/**
 * Rows that say something of memory: how much was allocated, that it was too much, or that a run was
 * there at all and so must have fitted.
 *
 * @module
 */
import type { Sizes } from "../../../sim/cost/sizes.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import type { PublishedCase } from "../case.ts";
import { type CaseDescription, describeCase, type UnsupportedCase } from "../describe_case.ts";

/** What a row says. */
export type MemoryEvidence =
  /** Largest allocation of a rank of every pipeline stage, or of the last stage alone, bytes. */
  | { kind: "peak"; stages: "all" | "last"; allocatedBytes: readonly number[] }
  /** What the allocator held at the most on any rank, bytes. */
  | { kind: "reserved"; reservedBytes: number }
  /** The run was there, or ended for want of memory. */
  | { kind: "outcome"; fits: boolean };

/** A row with its description; see the module. */
export interface MemoryCase {
  /** The row. */
  row: PublishedCase;
  /** What the simulator takes. */
  description: CaseDescription;
  /** What the row says. */
  evidence: MemoryEvidence;
  /** Whether segments of the allocator grow in place, so that no fragments are lost. */
  expandable: boolean;
}

const mebi = 2 ** 20;
const gibi = 2 ** 30;

/** Largest figure of each stage, ranks of a stage lying next to each other. */
function byStage(byRank: Record<string, number>, stages: number): number[] {
  const ranks = Object.entries(byRank).sort(([a], [b]) => Number(a) - Number(b));
  const each = ranks.length / stages;
  return Array.from({ length: stages }, (_, stage) => {
    const own = ranks.slice(stage * each, (stage + 1) * each);
    return Math.max(...own.map(([, megabytes]) => megabytes)) * mebi;
  });
}

function evidenceOf(row: PublishedCase, stages: number): MemoryEvidence {
  const { result } = row;
  const byRank = result.peak_allocated_MB_by_rank as Record<string, number> | undefined;
  if (byRank !== undefined) {
    return { kind: "peak", stages: "all", allocatedBytes: byStage(byRank, stages) };
  }
  const largest = result.mem_max_allocated_bytes as number | undefined;
  if (largest !== undefined) return { kind: "peak", stages: "last", allocatedBytes: [largest] };
  // torchtitan prints GiB under either heading.
  const held = (result.memory_GiB ?? result.peak_memory_GB) as number | undefined;
  if (held !== undefined) return { kind: "reserved", reservedBytes: held * gibi };
  return { kind: "outcome", fits: !/oom/i.test(String(result.outcome ?? "")) };
}

/** Rows of the table of Megatron's tests, whose tokenizer is GPT-2's. */
const testVocabulary = 50257;

/** Reads a functional test of Megatron as a step of training. */
function asTraining(row: PublishedCase): PublishedCase {
  if (row.category !== "memory") return row;
  const { workload } = row;
  const shared = workload.shared_expert_ffn === undefined ? {} : { shared_experts: 1 };
  return {
    ...row,
    category: "train_moe",
    workload: { vocab: testVocabulary, ...shared, ...workload },
  };
}

/** Megatron pads its tables to a multiple of 128 rows on each tensor rank. */
function padded(sizes: Sizes, tp: number): Sizes {
  const rows = 128 * tp;
  return { ...sizes, vocab: Math.ceil(sizes.vocab / rows) * rows };
}

/**
 * What launch configurations set of memory that no table prints. torchtitan's, config_registry.py of
 * llama3 and qwen3: selective checkpoints by operator. NeMo's for fine-tuning, NeMo-Framework-Launcher
 * 0da9ad9, conf/peft/llama/sft.yaml: moments in 16 bits (its optimiser then has no master weights
 * either, which no plan can say).
 */
function launched(row: PublishedCase, { plan, stack }: CaseDescription): Plan {
  if (stack === "torchtitan" && plan.recompute === "none") {
    return { ...plan, recompute: ["norm", "activation"] };
  }
  if (/^nemo/.test(stack) && row.category === "finetune") {
    return { ...plan, formats: { ...plan.formats, moments: "bf16" } };
  }
  return plan;
}

/**
 * Rows whose launch scripts set expandable_segments: Megatron-Bridge 0022e9d,
 * scripts/performance/perf_plugins.py.
 */
function expandableSegments({ source, workload, hardware, category }: PublishedCase): boolean {
  if (!/Megatron-Bridge/.test(source.ref) || category === "finetune") return false;
  const { model = "", precision = "" } = workload;
  const { gpu = "" } = hardware;
  return (/405B/.test(model) && /GB200/.test(gpu) && /FP8/.test(precision)) ||
    (/DeepSeek-?V3/i.test(model) && /GB200|H100/.test(gpu));
}

/**
 * The evidence of a row and its description, or why there is none.
 *
 * @example
 * ```ts
 * import { loadCases, memoryCase } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const rows = await loadCases();
 * const row = rows.find((r) => r.id === "aleph-13B-s2048-32gpu-trial131869")!;
 * const found = memoryCase(row);
 * if ("unsupported" in found) throw new Error(found.unsupported);
 * assertEquals(found.evidence, { kind: "outcome", fits: false });
 * ```
 */
export function memoryCase(row: PublishedCase): MemoryCase | UnsupportedCase {
  if (/grpo/.test(row.id)) return { unsupported: "it generates text between steps" };
  if (/activation offloading \(/.test(row.notes ?? "")) {
    return { unsupported: "it moves single tensors to the host, which no plan can say" };
  }
  const found = describeCase(asTraining(row));
  if ("unsupported" in found) return found;
  const megatron = /^megatron/.test(found.stack);
  const sizes = megatron ? padded(found.sizes, found.plan.tp) : found.sizes;
  const description = { ...found, sizes, plan: launched(row, found) };
  const width = row.workload.shared_expert_ffn as number | undefined;
  if (width !== undefined && description.sizes.moe) description.sizes.moe.sharedWidth = width;
  const evidence = evidenceOf(row, found.plan.pp);
  return { row, description, evidence, expandable: expandableSegments(row) };
}
