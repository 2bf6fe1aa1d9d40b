/**
 * A plan's memory at least: what its fullest stages hold in a layer's backward pass and at the loss.
 *
 * For routing that is balanced this is the memory itself, but for stages that are left out and for
 * moments that seldom count; where it is not, the fullest rank holds more.
 *
 * @module
 */
import { gatheredBytes } from "../memory/gathered.ts";
import { placeholderBytes } from "../memory/kind_memory.ts";
import { chunksInFlight } from "../memory/in_flight.ts";
import { wideBytes } from "../memory/site.ts";
import { type KindCounts, stageParameters } from "../memory/stage_parameters.ts";
import { parameterBytes, shardRanks } from "../memory/states.ts";
import type { Plan } from "../plan/plan.ts";
import { type LayersMemory, memoryKinds } from "./layer_memory.ts";
import type { Cut } from "./cuts.ts";
import type { SearchSite } from "./problem.ts";
import { boundSlack } from "./time_bound.ts";

/** A stage that is looked at. */
interface BoundStage {
  counts: readonly KindCounts[];
  all: KindCounts;
  inFlight: readonly number[];
}

/** Sums of a stage's chunks. */
function together(counts: readonly KindCounts[]): KindCounts {
  const all = { dense: 0, moe: 0, mtp: 0, embedding: false, head: false };
  for (const chunk of counts) {
    for (const kind of memoryKinds) all[kind] += chunk[kind];
    all.embedding ||= chunk.embedding;
    all.head ||= chunk.head;
  }
  return all;
}

/** The ends of a pipeline and its middle: where most is held. */
function stagesOf(plan: Plan, { counts }: Cut): BoundStage[] {
  const { pp } = plan;
  const places = new Set([0, 1, pp >> 1, pp - 2, pp - 1].filter((s) => s >= 0 && s < pp));
  return [...places].map((stage) => ({
    counts: counts[stage],
    all: together(counts[stage]),
    inFlight: chunksInFlight(stage, plan),
  }));
}

/** What a stage holds all the time, bytes. */
function alwaysBytes(stage: BoundStage, plan: Plan, memory: LayersMemory): number {
  const site = { ...memory.site, plan };
  const { habits } = site;
  const ranks = shardRanks(plan);
  const kinds = {
    dense: memory.kinds.dense.plain,
    moe: memory.kinds.moe.plain,
    mtp: memory.kinds.mtp.plain,
  };
  const held = stageParameters(stage.counts, kinds, site);
  const of = (parameters: number, count: number, matrix: boolean) => {
    if (parameters === 0) return 0;
    const { weight, gradient, optimizer } = parameterBytes(plan, habits, { ranks: count, matrix });
    return parameters * (weight + gradient + optimizer);
  };
  const states = of(held.matrices, ranks.dense, true) + of(held.tables, ranks.dense, false) +
    of(held.experts, ranks.experts, true);
  const bytes = (count: number, matrix: boolean) =>
    parameterBytes(plan, habits, { ranks: count, matrix });
  const gathered = plan.zero < 2 ? 0 : gatheredBytes(
    {
      ...{ site, kinds, ranks, head: memory.head },
      bytes: {
        matrices: bytes(ranks.dense, true),
        tables: bytes(ranks.dense, false),
        experts: bytes(ranks.experts, true),
      },
    },
    kinds,
    stage.counts,
  );
  return states + gathered + habits.workspaceBytes +
    placeholderBytes(site, stage.all);
}

/** What a stage holds of micro-batches at least, by set of modules. */
function activationBytes(
  stage: BoundStage,
  of: { plan: Plan; memory: LayersMemory; sets: number; paired: boolean },
): Float64Array {
  const { plan, memory: { kinds, head }, sets, paired } = of;
  const { counts, all, inFlight } = stage;
  const layers = all.dense + all.moe + all.mtp;
  const stays = layers === 0 ? 1 : 1 - Math.min(1, plan.offload.activationLayers / layers);
  const losses = all.head ? 1 + all.mtp : 0;
  // At the loss its gradients are there as well; while layers run nothing of the last loss is left.
  const atLoss = losses === 0
    ? 0
    : losses * (head.normBytes + head.keptLogitBytes) + head.extraLogitBytes + head.workingBytes;
  const there = memoryKinds.filter((kind) => all[kind] > 0).map((kind) => {
    let waiting = 0;
    for (let c = 0; c < counts.length; c++) waiting += counts[c][kind] * (inFlight[c] ?? 0);
    return { ...kinds[kind], waiting: waiting * stays };
  });
  const bytes = new Float64Array(sets);
  for (let s = 0; s < sets; s++) {
    let sum = 0;
    let most = atLoss;
    for (const { plain: { workingBytes }, kept, recomputed, waiting } of there) {
      sum += waiting * kept[s];
      const working = workingBytes + recomputed[s] + (paired ? workingBytes + kept[s] : 0);
      if (working > most) most = working;
    }
    bytes[s] = sum + most;
  }
  return bytes;
}

/** Least memory of plans that differ in sharding, in what hides what and in sets of modules. */
export type MemoryBound = (
  of: { sharding: Pick<Plan, "zero" | "shardRanks">; paired: boolean; pipeline: boolean },
) => Float64Array;

/**
 * The least memory of plans, bytes by set of modules that is computed again. `paired` is whether
 * another micro-batch hides tokens, `pipeline` whether activations travel beside kernels.
 */
export function memoryBound(
  plan: Plan,
  memory: LayersMemory,
  of: { site: SearchSite; cut: Cut; sets: number },
): MemoryBound {
  const { site, cut, sets } = of;
  const { allocatorFactor, reservedBytes } = site.stack;
  const stages = stagesOf(plan, cut);
  const sent = plan.pp === 1 ? 0 : memory.site.split.ownTokens * site.sizes.dModel * wideBytes;
  const activations: Partial<Record<"alone" | "paired", Float64Array[]>> = {};
  const always = new Map<string, number[]>();

  return ({ sharding, paired, pipeline }) => {
    const waiting = activations[paired ? "paired" : "alone"] ??= stages.map((stage) =>
      activationBytes(stage, { plan, memory, sets, paired })
    );
    const key = `${sharding.zero}/${sharding.shardRanks}`;
    let states = always.get(key);
    if (states === undefined) {
      const own = { ...plan, ...sharding };
      always.set(key, states = stages.map((stage) => alwaysBytes(stage, own, memory)));
    }
    const least = new Float64Array(sets);
    for (let s = 0; s < sets; s++) {
      let most = 0;
      for (let i = 0; i < stages.length; i++) {
        const bytes = states[i] + waiting[i][s];
        if (bytes > most) most = bytes;
      }
      const asked = most + sent * (pipeline ? 2 : 1);
      least[s] = (asked * allocatorFactor + reservedBytes) * boundSlack;
    }
    return least;
  };
}
