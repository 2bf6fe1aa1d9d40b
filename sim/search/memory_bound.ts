/**
 * A plan's memory at least: what its stages hold in a layer's backward pass, at the loss, and when a
 * micro-batch has given back all but the gradient of the input table.
 *
 * For routing that is balanced this is the memory itself, but for what the optimiser's step allocates
 * and for buffers of layers that move to the host; where it is not, the fullest rank holds more.
 *
 * @module
 */
import { wideBytes } from "../memory/site.ts";
import { type KeptBytes, type LayersMemory, memoryKinds } from "./layer_memory.ts";
import type { MemoryStage, MemoryStages } from "./memory_stages.ts";
import type { SearchSite } from "./problem.ts";
import { boundSlack } from "./time_bound.ts";
import { ways } from "./ways.ts";

/** What memory is worked out from where dispatcher, sharding and sets of modules are open. */
export interface MemoryParts {
  /** Layers. */
  memory: LayersMemory;
  /** Sequences of a micro-batch. */
  microBatch: number;
  /** Stages. */
  stages: MemoryStages;
  /** Bytes that these have all the time, by way to hold parameters and by sharding. */
  always: readonly (readonly number[])[];
}

/** What a stage holds of micro-batches at least under the set of modules, or the way, at a place. */
function activationBytes(
  stage: MemoryStage,
  { memory, microBatch }: MemoryParts,
  of: { dispatcher: number; sums: readonly KeptBytes[]; at: number; paired: boolean },
): number {
  const { working: byKind, head, tableBytes } = memory;
  const { dispatcher, sums, at, paired } = of;
  const { layers, waiting, first, losses, open, embedding } = stage;
  let kept = 0;
  let given = 0;
  let working = 0;
  for (let k = 0; k < memoryKinds.length; k++) {
    if (layers[k] === 0) continue;
    const beside = byKind[k][dispatcher];
    const waits = sums[k].kept[at];
    kept += waiting[k] * waits;
    given += first[k] * waits;
    const own = beside + sums[k].recomputed[at];
    const most = paired ? own + beside + waits : own;
    if (most > working) working = most;
  }
  const loss = losses * (head.normBytes + head.keptLogitBytes);
  // While layers run nothing is left of the last loss.
  const inLayer = Math.max(0, open - 1) * loss + working;
  const atLoss = losses > 0 ? open * loss + head.extraLogitBytes + head.workingBytes : 0;
  const busiest = microBatch * (kept + Math.max(inLayer, atLoss));
  return embedding
    ? Math.max(busiest, microBatch * Math.max(0, kept - given) + tableBytes)
    : busiest;
}

/** Bytes on their way between stages. */
function sentBytes({ memory, microBatch }: MemoryParts, pp: number): number {
  const { sizes, split } = memory.site;
  return pp === 1 ? 0 : microBatch * split.ownTokens * sizes.dModel * wideBytes;
}

/** Where no sharding holds, a rule says so later. */
const leastOf = (states: readonly number[]) => states.length > 0 ? Math.min(...states) : 0;

const scaled = (bytes: number, { allocatorFactor, reservedBytes }: SearchSite["stack"]) =>
  (bytes * allocatorFactor + reservedBytes) * boundSlack;

/** Bytes of plans at least, by way, with the dispatcher at a place of `working` and all shardings. */
export function leastBytes(
  parts: MemoryParts,
  of: { site: SearchSite; pp: number; dispatcher: number },
): number[] {
  const { memory, stages: { stages }, always } = parts;
  const { site: { stack }, pp, dispatcher } = of;
  const sent = sentBytes(parts, pp);
  return ways.map((_, way) => {
    let most = 0;
    for (const stage of stages) {
      const of = { dispatcher, sums: memory.byWay, at: way, paired: false };
      most = Math.max(most, leastOf(always[stage.held]) + activationBytes(stage, parts, of));
    }
    return scaled(most + sent, stack);
  });
}

/** The least memory of plans of a shape; see `memoryBound`. */
export interface MemoryBound {
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
  parts: MemoryParts,
  of: { site: SearchSite; pp: number; dispatcher: number },
): MemoryBound {
  const { memory, stages: { stages }, always } = parts;
  const { site: { stack }, pp, dispatcher } = of;
  const sums = memory.bySet();
  const sets = sums[0].kept.length;
  const sent = sentBytes(parts, pp);
  // By stage and set, worked out when they are asked for.
  const rows = () => new Float64Array(stages.length * sets).fill(-1);
  let alone: Float64Array | undefined;
  let beside: Float64Array | undefined;
  const least = always.map(leastOf);

  function activations(i: number, set: number, paired: boolean): number {
    const known = paired ? beside ??= rows() : alone ??= rows();
    const at = i * sets + set;
    if (known[at] < 0) {
      known[at] = activationBytes(stages[i], parts, { dispatcher, sums, at: set, paired });
    }
    return known[at];
  }

  return {
    smallest: (set, paired) => {
      let most = 0;
      for (let i = 0; i < stages.length; i++) {
        most = Math.max(most, least[stages[i].held] + activations(i, set, paired));
      }
      return scaled(most + sent, stack);
    },
    bytes: (set, sharding, { paired, pipeline }) => {
      let most = 0;
      for (let i = 0; i < stages.length; i++) {
        const states = always[stages[i].held][sharding];
        most = Math.max(most, states + activations(i, set, paired));
      }
      return scaled(most + sent * (pipeline ? 2 : 1), stack);
    },
  };
}
