/**
 * The memory of every stage in parts: what is always there, and what a micro-batch adds to each
 * chunk. The closed form adds them up for the worst moment, the timeline moment by moment.
 *
 * @module
 */
import type { Sizes } from "../cost/sizes.ts";
import type { Workload } from "../cost/workload.ts";
import type { Plan } from "../plan/plan.ts";
import { type ChunkMemory, chunkMemory } from "./chunk_memory.ts";
import { evenLoad, type ExpertLoad, stageLoads } from "./expert_load.ts";
import { type MemoryHabits } from "./habits.ts";
import { gatheredBytes } from "./gathered.ts";
import { placeholderBytes } from "./kind_memory.ts";
import { type Kinds, kindsOf, type PlanMemory, planMemory } from "./plan_memory.ts";
import { memorySite, wideBytes } from "./site.ts";
import type { KindCounts } from "./kind_counts.ts";
import { countLayers, type StageParameters, stageParameters } from "./stage_parameters.ts";
import type { ParameterBytes } from "./states.ts";

/** A stage in parts, bytes on its fullest rank; see the module. */
export interface StageParts {
  /** Weights, with copies in narrow formats. */
  weightBytes: number;
  /** Gradients between micro-batches. */
  gradientBytes: number;
  /** Master weights and moments. */
  optimizerBytes: number;
  /** Buffers of exchanges: between stages, gathered weights. */
  communicationBytes: number;
  /** Workspaces and placeholders of libraries. */
  libraryBytes: number;
  /** Gradient of the input table, where it is. */
  embeddingBytes: number;
  /** What the optimiser's step allocates. */
  stepBytes: number;
  /** Its chunks. */
  chunks: readonly ChunkMemory[];
}

/** Activations on their way from and to other stages. */
function sentBytes({ site: { plan, sizes, split } }: PlanMemory): number {
  if (plan.pp === 1) return 0;
  return split.ownTokens * sizes.dModel * wideBytes * (plan.overlap.pipeline ? 2 : 1);
}

function stepBytes({ site, ranks }: PlanMemory, held: StageParameters): number {
  const { plan: { zero, offload }, habits: { step } } = site;
  const shared = held.matrices + held.tables;
  const sharded = zero >= 1
    ? shared / ranks.dense + held.experts / ranks.experts
    : shared + held.experts;
  return Math.min(step.bucketElements, shared + held.experts) * step.bucketBytes +
    sharded * step.shardBytes * (1 - offload.optimizer);
}

/**
 * A chunk of a stage that moves activations of so many of its layers to the host. One layer's are on
 * their way; where others stay they come back when the first of these is freed, as Transformer
 * Engine's windows do (pytorch/cpu_offload.py), and so count where all layers are moved.
 */
function offloaded(chunk: ChunkMemory, share: number): ChunkMemory {
  if (share === 0 || chunk.layers === 0) return chunk;
  const moving = share === 1 ? chunk.keptBytes / chunk.layers : 0;
  return {
    ...chunk,
    keptBytes: chunk.keptBytes * (1 - share),
    workingBytes: chunk.workingBytes + moving,
  };
}

function partsOf(counts: readonly KindCounts[], kinds: Kinds, memory: PlanMemory): StageParts {
  const { site, bytes } = memory;
  const { plan, sizes, habits } = site;
  const held = stageParameters(counts, kinds, site);
  const { matrices, tables, experts } = bytes;
  const of = (field: keyof ParameterBytes) =>
    held.matrices * matrices[field] + held.tables * tables[field] + held.experts * experts[field];
  const all = { dense: 0, moe: 0, mtp: 0, embedding: false, head: false };
  for (const chunk of counts) {
    all.dense += chunk.dense;
    all.moe += chunk.moe;
    all.mtp += chunk.mtp;
    all.embedding ||= chunk.embedding;
    all.head ||= chunk.head;
  }
  const layers = all.dense + all.moe + all.mtp;
  const moved = layers === 0 ? 0 : Math.min(1, plan.offload.activationLayers / layers);
  return {
    weightBytes: of("weight"),
    gradientBytes: of("gradient"),
    optimizerBytes: of("optimizer"),
    communicationBytes: gatheredBytes(memory, kinds, counts) + sentBytes(memory),
    libraryBytes: habits.workspaceBytes + placeholderBytes(site, all),
    embeddingBytes: all.embedding ? (sizes.vocab * sizes.dModel * wideBytes) / plan.tp : 0,
    stepBytes: stepBytes(memory, held),
    chunks: counts.map((chunk) => offloaded(chunkMemory(chunk, kinds, memory), moved)),
  };
}

/** What the parts depend on beside model, plan and input. */
export interface StagePartsOptions {
  /** What the framework keeps. */
  habits: MemoryHabits;
  /** Load of the experts on the fullest rank of every stage; by the workload's routing unless given. */
  loads?: readonly ExpertLoad[];
}

/** The memory of every stage in parts. */
export function stageParts(
  sizes: Sizes,
  plan: Plan,
  workload: Workload,
  options: StagePartsOptions,
): StageParts[] {
  const memory = planMemory(memorySite(sizes, plan, workload, options.habits));
  const loads = options.loads ?? stageLoads(sizes, plan, workload);
  return countLayers(sizes, plan).map((counts, stage) => {
    const load = loads[stage] ?? evenLoad;
    const kinds = load === evenLoad ? memory.kinds : kindsOf(memory.site, load);
    return partsOf(counts, kinds, memory);
  });
}
