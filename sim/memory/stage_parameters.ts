/**
 * Parameters of a stage on one rank, in the groups that memory treats alike.
 *
 * @module
 */
import { modelPart, modelParts, partLayers, stageChunks } from "../plan/stage_layers.ts";
import type { Sizes } from "../cost/sizes.ts";
import type { Plan } from "../plan/plan.ts";
import type { KindCounts } from "./kind_counts.ts";
import type { KindMemory } from "./kind_memory.ts";
import type { MemorySite } from "./site.ts";

/** Parameters on one rank. */
export interface StageParameters {
  /** Matrices of layers that data ranks share, with the small vectors beside them. */
  matrices: number;
  /** Tables: input, output, positions. */
  tables: number;
  /** Routed experts. */
  experts: number;
}

/** Mixtures among the first `layers` of a model. */
function mixturesBefore(layers: number, { moe }: Sizes): number {
  return moe ? Math.max(0, Math.floor((layers - moe.firstDense) / moe.every)) : 0;
}

/** Layers by kind of every part of the model, in order. */
function countParts(sizes: Sizes, plan: Plan): KindCounts[] {
  const parts = modelParts(plan);
  let layers: number[];
  if (plan.stageLayers === undefined) layers = partLayers(sizes.layers, parts);
  else {
    layers = new Array<number>(parts).fill(0);
    plan.stageLayers.forEach((chunks, stage) =>
      chunks.forEach((count, chunk) =>
        layers[modelPart(plan, { stage: stage, chunk: chunk })] = count
      )
    );
  }
  let next = 0;
  return layers.map((count, part) => {
    const moe = mixturesBefore(next + count, sizes) - mixturesBefore(next, sizes);
    next += count;
    const last = part === parts - 1;
    const mtp = last ? sizes.mtpLayers : 0;
    return { dense: count - moe, moe, mtp, embedding: part === 0, head: last };
  });
}

/** Layers by kind of every chunk, `[stage][chunk]`: those of `layersOfStages`, counted. */
export function countLayers(sizes: Sizes, plan: Plan): KindCounts[][] {
  const parts = countParts(sizes, plan);
  const chunks = stageChunks(plan);
  const stages: KindCounts[][] = [];
  for (let stage = 0; stage < plan.pp; stage++) {
    const own: KindCounts[] = [];
    for (let chunk = 0; chunk < chunks; chunk++) {
      own.push(parts[modelPart(plan, { stage: stage, chunk: chunk })]);
    }
    stages.push(own);
  }
  return stages;
}

/** Tables of the vocabulary that a stage holds. */
export function vocabularyTables(
  chunks: readonly KindCounts[],
  { sizes, plan }: MemorySite,
): number {
  const input = chunks.some((chunk) => chunk.embedding);
  const output = chunks.some((chunk) => chunk.head);
  if (sizes.tied) return input || output ? 1 : 0;
  // Modules that predict further tokens look them up where they are.
  const again = output && !input && plan.pp > 1 && sizes.mtpLayers > 0;
  return Number(input) + Number(output) + Number(again);
}

/**
 * Parameters of a stage on one rank, copies counted: a tied table on both of its stages, and with
 * DualPipe two parts of the model.
 */
export function stageParameters(
  chunks: readonly KindCounts[],
  kinds: { dense: KindMemory; moe: KindMemory; mtp: KindMemory },
  site: MemorySite,
): StageParameters {
  const { sizes, plan } = site;
  let matrices = 0;
  let experts = 0;
  let positions = 0;
  for (const { dense, moe, mtp, embedding } of chunks) {
    matrices += dense * kinds.dense.parameters + moe * kinds.moe.parameters +
      mtp * kinds.mtp.parameters;
    experts += moe * kinds.moe.expertParameters + mtp * kinds.mtp.expertParameters;
    if (embedding && sizes.learnedPositions) positions = site.sequence * sizes.dModel;
  }
  const table = (sizes.vocab * sizes.dModel) / plan.tp;
  return { matrices, experts, tables: vocabularyTables(chunks, site) * table + positions };
}
