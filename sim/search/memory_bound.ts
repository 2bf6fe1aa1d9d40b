/**
 * A plan's memory at least: what its stages hold in a layer's backward pass, at the loss, and when a
 * micro-batch has given back all but the gradient of the input table.
 *
 * For routing that is balanced this is the memory itself, but for what the optimiser's step allocates
 * and for buffers of layers that move to the host; where it is not, the fullest rank holds more.
 *
 * @module
 */
import { gatheredBytes } from "../memory/gathered.ts";
import { placeholderBytes } from "../memory/kind_memory.ts";
import { wideBytes } from "../memory/site.ts";
import { type KindCounts, stageParameters } from "../memory/stage_parameters.ts";
import { parameterBytes, shardRanks } from "../memory/states.ts";
import type { Plan } from "../plan/plan.ts";
import { type LayersMemory, type MemoryKind, memoryKinds } from "./layer_memory.ts";
import type { Sharding } from "./leaf_options.ts";
import type { MemoryStage, MemoryStages } from "./memory_stages.ts";
import type { SearchSite } from "./problem.ts";
import { boundSlack } from "./time_bound.ts";
import { type ByWay, ways } from "./ways.ts";

/**
 * Bytes that stages have all the time, by sharding and by way to hold parameters. They follow from
 * degrees, cut and format of products alone.
 */
export type AlwaysBytes = readonly (readonly number[])[];

function heldBytes(counts: KindCounts, plan: Plan, memory: LayersMemory): number {
  const site = { ...memory.site, plan };
  const { habits } = site;
  const ranks = shardRanks(plan);
  const kinds = {
    dense: memory.kinds.dense.plain,
    moe: memory.kinds.moe.plain,
    mtp: memory.kinds.mtp.plain,
  };
  const bytes = {
    matrices: parameterBytes(plan, habits, { ranks: ranks.dense, matrix: true }),
    tables: parameterBytes(plan, habits, { ranks: ranks.dense, matrix: false }),
    experts: parameterBytes(plan, habits, { ranks: ranks.experts, matrix: true }),
  };
  const held = stageParameters([counts], kinds, site);
  let states = 0;
  for (const group of ["matrices", "tables", "experts"] as const) {
    const { weight, gradient, optimizer } = bytes[group];
    states += held[group] * (weight + gradient + optimizer);
  }
  const gathered = plan.zero < 2
    ? 0
    : gatheredBytes({ ...{ site, kinds, ranks, bytes }, head: memory.head }, kinds, [counts]);
  return states + gathered + habits.workspaceBytes + placeholderBytes(site, counts);
}

/** See `AlwaysBytes`. */
export function alwaysBytes(
  plan: Plan,
  of: { memory: LayersMemory; stages: MemoryStages; shardings: readonly Sharding[] },
): AlwaysBytes {
  const { memory, stages: { held }, shardings } = of;
  return shardings.map((sharding) => {
    const own = { ...plan, ...sharding };
    return held.map((counts) => heldBytes(counts, own, memory));
  });
}

/** What a stage holds of micro-batches at least under one of the sets of modules. */
function activationBytes(
  stage: MemoryStage,
  of: { memory: LayersMemory; set: number; paired: boolean },
): number {
  const { memory: { kinds, head, tableBytes }, set, paired } = of;
  const { layers, waiting, first, losses, open, embedding } = stage;
  let kept = 0;
  let given = 0;
  let working = 0;
  for (let k = 0; k < memoryKinds.length; k++) {
    if (layers[k] === 0) continue;
    const { plain, kept: keptBySet, recomputed } = kinds[memoryKinds[k] as MemoryKind];
    kept += waiting[k] * keptBySet[set];
    given += first[k] * keptBySet[set];
    const own = plain.workingBytes + recomputed[set];
    const most = paired ? own + plain.workingBytes + keptBySet[set] : own;
    if (most > working) working = most;
  }
  const loss = losses * (head.normBytes + head.keptLogitBytes);
  // While layers run nothing is left of the last loss.
  const inLayer = Math.max(0, open - 1) * loss + working;
  const atLoss = losses > 0 ? open * loss + head.extraLogitBytes + head.workingBytes : 0;
  const atTable = embedding ? tableBytes - Math.min(given, kept) : 0;
  return kept + Math.max(inLayer, atLoss, atTable);
}

/** The least memory of plans of a shape; see `memoryBound`. */
export interface MemoryBound {
  /** Bytes that none of them is below, by way. */
  least: ByWay;
  /** Bytes that none with a set is below, by the place of the set. */
  smallest(set: number, paired: boolean): number;
  /** Bytes of one of them at least, by its place in the lists of sets and of shardings. */
  bytes(set: number, sharding: number, of: { paired: boolean; pipeline: boolean }): number;
}

/**
 * The least memory of plans that differ in sharding, in what hides what and in sets of modules that
 * are computed again. `paired` is whether another micro-batch hides tokens, `pipeline` whether
 * activations travel beside kernels.
 */
export function memoryBound(
  plan: Plan,
  of: { site: SearchSite; memory: LayersMemory; stages: MemoryStages; always: AlwaysBytes },
): MemoryBound {
  const { site, memory, stages: { stages, held }, always } = of;
  const { allocatorFactor, reservedBytes } = site.stack;
  const { sets } = memory;
  const sent = plan.pp === 1 ? 0 : memory.site.split.ownTokens * site.sizes.dModel * wideBytes;
  // By stage and set, worked out when they are asked for.
  const rows = () => new Float64Array(stages.length * sets).fill(-1);
  let alone: Float64Array | undefined;
  let beside: Float64Array | undefined;
  const least = held.map((_, h) => Math.min(...always.map((states) => states[h])));

  function most(set: number, states: readonly number[], paired: boolean): number {
    const known = paired ? beside ??= rows() : alone ??= rows();
    let most = 0;
    for (let i = 0; i < stages.length; i++) {
      const at = i * sets + set;
      if (known[at] < 0) known[at] = activationBytes(stages[i], { memory, set, paired });
      const bytes = states[stages[i].held] + known[at];
      if (bytes > most) most = bytes;
    }
    return most;
  }

  const scaled = (bytes: number) => (bytes * allocatorFactor + reservedBytes) * boundSlack;
  const leastOfWay = (way: number) => {
    let most = 0;
    for (const stage of stages) {
      const own = activationBytes(stage, { memory, set: sets + way, paired: false });
      most = Math.max(most, least[stage.held] + own);
    }
    return scaled(most + sent);
  };
  return {
    least: ways.map((_, way) => leastOfWay(way)),
    smallest: (set, paired) => scaled(most(set, least, paired) + sent),
    bytes: (set, sharding, { paired, pipeline }) =>
      scaled(most(set, always[sharding], paired) + sent * (pipeline ? 2 : 1)),
  };
}
