/**
 * Redundant experts: slots beyond one for each expert, which go to the hottest.
 *
 * Replicas are counted greedily, one more for the expert whose replicas have most to do, as DeepSeek's
 * load balancer does (github.com/deepseek-ai/EPLB), and packed the heaviest first. Two things differ:
 * an expert is at most once on a rank, since a second replica there takes nothing from anybody; and
 * beside that packing another is tried, which adds replicas to a placement without any, each only
 * where it lowers the maximum. The better of the two is never worse than no replicas.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { packLongestFirst } from "./longest_first.ts";
import { placeExperts } from "./place_experts.ts";
import { expertsPerRank, loadOfSlots, replicasOf, slotLoads } from "./slots.ts";
import { swapExperts } from "./swap_experts.ts";

/** How experts are replicated. */
export interface ReplicateOptions {
  /** Ranks. */
  ranks: number;
  /** Slots beyond one for each expert, over all ranks. */
  redundant: number;
}

/**
 * Slots of each expert where `redundant` more go one by one to the expert with most load a slot, and
 * none has more than `most`.
 */
export function countReplicas(
  load_E: readonly number[],
  options: { redundant: number; most: number },
): number[] {
  const { redundant, most } = options;
  const count_E = load_E.map(() => 1);
  for (let slot = 0; slot < redundant; slot++) {
    let hottest = -1;
    for (let expert = 0; expert < load_E.length; expert++) {
      if (count_E[expert] === most) continue;
      const each = load_E[expert] / count_E[expert];
      if (hottest < 0 || each > load_E[hottest] / count_E[hottest]) hottest = expert;
    }
    count_E[hottest]++;
  }
  return count_E;
}

/** Counts first, then packs. */
function packed(load_E: readonly number[], ranks: number, slots: number): number[][] {
  const redundant = ranks * slots - load_E.length;
  const count_E = countReplicas(load_E, { redundant, most: ranks });
  const each_E = load_E.map((load, expert) => load / count_E[expert]);
  const slots_RS = packLongestFirst({ each_E, count_E, ranks, slots });
  swapExperts(slots_RS, { each_E, slots });
  return slots_RS;
}

/** The replica that lowers the fullest rank most, if one does: an expert of it, on another rank. */
function helpfulReplica(
  load_E: readonly number[],
  slots_RS: readonly number[][],
  slots: number,
): { expert: number; to: number } | undefined {
  const load_R = slotLoads(load_E, slots_RS);
  const count_E = replicasOf(slots_RS, load_E.length);
  let least = Math.max(...load_R) * (1 - 1e-12);
  const from = load_R.indexOf(Math.max(...load_R));
  let best: { expert: number; to: number } | undefined;
  for (const expert of slots_RS[from]) {
    const after = load_E[expert] / (count_E[expert] + 1);
    const relief = load_E[expert] / count_E[expert] - after;
    slots_RS.forEach((own, to) => {
      if (own.length >= slots || own.includes(expert)) return;
      const fuller = Math.max(load_R[from] - relief, load_R[to] + after);
      if (fuller < least) [least, best] = [fuller, { expert, to }];
    });
  }
  return best;
}

/** Adds replicas to a placement without any, as long as they help. */
function grown(load_E: readonly number[], ranks: number, slots: number): number[][] {
  const slots_RS = placeExperts(load_E, { ranks });
  for (;;) {
    const replica = helpfulReplica(load_E, slots_RS, slots);
    if (!replica) return slots_RS;
    slots_RS[replica.to].push(replica.expert);
    swapExperts(slots_RS, { each_E: loadOfSlots(load_E, slots_RS), slots });
  }
}

/** Slots of a rank, redundant ones included; refuses what does not divide. */
function slotsPerRank(experts: number, { ranks, redundant }: ReplicateOptions): number {
  const once = expertsPerRank(experts, ranks);
  const more = redundant / ranks;
  if (!Number.isSafeInteger(more) || more < 0) {
    const below = Math.max(0, Math.floor(more) * ranks);
    throw new UserError(
      `Cannot place ${redundant} redundant experts on ${ranks} ranks: wanted a multiple of ${ranks}, ` +
        `such as ${below} or ${below + ranks}`,
    );
  }
  if (once + more > experts) {
    throw new UserError(
      `Cannot place ${redundant} redundant experts on ${ranks} ranks: found ${
        once + more
      } slots a ` +
        `rank for ${experts} experts, wanted at most as many slots as experts`,
    );
  }
  return once + more;
}

/**
 * Places experts with replicas of the hottest. Every rank has as many slots; one stays free where
 * every replica for it would make the fullest rank fuller.
 *
 * @throws {UserError} where experts or redundant slots do not divide by ranks.
 *
 * @example One expert has half of the load: with a replica on each rank, all have as much
 * ```ts
 * import { placeExperts, replicateExperts, slotLoads } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const load_E = [6, 2, 2, 2];
 * const fullest = (slots: number[][]) => Math.max(...slotLoads(load_E, slots));
 * assertEquals(fullest(placeExperts(load_E, { ranks: 2 })), 8);
 * assertEquals(fullest(replicateExperts(load_E, { ranks: 2, redundant: 2 })), 6);
 * ```
 */
export function replicateExperts(
  load_E: readonly number[],
  options: ReplicateOptions,
): number[][] {
  const { ranks, redundant } = options;
  const slots = slotsPerRank(load_E.length, options);
  if (redundant === 0) return placeExperts(load_E, { ranks });
  const both = [packed(load_E, ranks, slots), grown(load_E, ranks, slots)];
  const [first, second] = both.map((slots_RS) => Math.max(...slotLoads(load_E, slots_RS)));
  return first <= second ? both[0] : both[1];
}
