/**
 * How many rows the experts of a rank get under uneven routing: memory of the hottest rank.
 *
 * Without a capacity, every row that is sent must be held, so the kept tensors of a rank's experts
 * grow with its share of all choices. Experts lie on ranks in contiguous groups, unless the workload
 * places them.
 *
 * @module
 */
import { split } from "../../kernels/base/random.ts";
import { layersOfStages } from "../cost/layout.ts";
import { modelPart, stageChunks } from "../plan/stage_layers.ts";
import type { LayerKind } from "../cost/phases.ts";
import type { RoutingLaw, Workload } from "../cost/workload.ts";
import type { Plan } from "../plan/plan.ts";
import type { MoeSizes, Sizes } from "../cost/sizes.ts";
import { placedSlots } from "../placement/placed_slots.ts";
import { type ExpertSlots, slotLoads } from "../placement/slots.ts";

/** Rows of a rank's experts over an even share. */
export interface ExpertLoad {
  /** On average over the layers of a stage. */
  mean: number;
  /** In the layer where it gets most. */
  largest: number;
}

/** An even share. */
export const evenLoad: ExpertLoad = { mean: 1, largest: 1 };

/**
 * Load of each of `ranks` ranks, given the experts' shares of all choices or their counts.
 *
 * @throws {RangeError} where the experts do not divide among the ranks.
 *
 * @example
 * ```ts
 * import { rankLoads } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(rankLoads([3, 3, 1, 1], 2), [1.5, 0.5]);
 * ```
 */
export function rankLoads(share_E: readonly number[], ranks: number): number[] {
  const local = share_E.length / ranks;
  if (!Number.isInteger(local)) {
    throw new RangeError(
      `Cannot place ${share_E.length} experts on ${ranks} ranks: wanted a divisor of them`,
    );
  }
  const total = share_E.reduce((sum, share) => sum + share, 0);
  const load_R = new Array<number>(ranks).fill(0);
  share_E.forEach((share, e) => load_R[Math.floor(e / local)] += (share * ranks) / total);
  return load_R;
}

/** The same where experts are placed. */
function placedLoads(share_E: readonly number[], slots_RS: ExpertSlots): number[] {
  const total = share_E.reduce((sum, share) => sum + share, 0);
  return slotLoads(share_E, slots_RS).map((load) => load * slots_RS.length / total);
}

/** Shares by the law of Zipf, the popular experts of each layer shuffled by the seed. */
function zipfShares(
  { experts }: MoeSizes,
  law: { exponent: number; seed: number },
  layer: number,
): number[] {
  const stream = split(law.seed, `memory/routing/${layer}`);
  const share_E = Array.from({ length: experts }, (_, i) => (i + 1) ** -law.exponent);
  for (let i = experts - 1; i > 0; i--) {
    const j = Math.floor(stream.uniform() * (i + 1));
    [share_E[i], share_E[j]] = [share_E[j], share_E[i]];
  }
  return share_E;
}

function sharesOf(routing: RoutingLaw, moe: MoeSizes, layer: number): readonly number[] {
  switch (routing.kind) {
    case "balanced":
      return new Array<number>(moe.experts).fill(1);
    case "skew":
      return zipfShares(moe, routing, layer);
    case "trace":
      // A trace may hold fewer layers than the model.
      return routing.share_LE[layer % routing.share_LE.length];
  }
}

/** Mixtures of every stage, numbered through the model. */
function mixturesOfStages(
  layout: readonly (readonly (readonly LayerKind[])[])[],
  plan: Plan,
): number[][] {
  const holders: { stage: number; chunk: number }[][] = [];
  for (let stage = 0; stage < plan.pp; stage++) {
    for (let chunk = 0; chunk < stageChunks(plan); chunk++) {
      (holders[modelPart(plan, { stage: stage, chunk: chunk })] ??= []).push({ stage, chunk });
    }
  }
  const mixtures: number[][] = Array.from({ length: plan.pp }, () => []);
  let next = 0;
  for (const places of holders) {
    const [{ stage, chunk }] = places;
    for (const kind of layout[stage][chunk]) {
      if (kind !== "moe" && kind !== "mtp") continue;
      for (const place of places) mixtures[place.stage].push(next);
      next++;
    }
  }
  return mixtures;
}

/**
 * Load of the fullest expert rank of every stage: the rank whose mean over the stage's layers is
 * largest. Even where buffers have a capacity, and where routing is balanced.
 */
export function stageLoads(
  sizes: Sizes,
  plan: Plan,
  workload: Pick<Workload, "routing" | "placement">,
): ExpertLoad[] {
  const { routing } = workload;
  const { moe } = sizes;
  const even = !moe || routing.kind === "balanced" || plan.capacityFactor !== undefined;
  if (even) return new Array<ExpertLoad>(plan.pp).fill(evenLoad);
  return mixturesOfStages(layersOfStages(sizes, plan), plan).map((layers) => {
    if (layers.length === 0) return evenLoad;
    const load_LR = layers.map((layer) => {
      const share_E = sharesOf(routing, moe, layer);
      const placed = placedSlots({ moe, plan, workload }, { layer, share_E });
      return placed ? placedLoads(share_E, placed.slots_RS) : rankLoads(share_E, plan.ep);
    });
    const mean_R = Array.from(
      { length: plan.ep },
      (_, rank) => load_LR.reduce((sum, load_R) => sum + load_R[rank], 0) / layers.length,
    );
    const mean = Math.max(...mean_R);
    const fullest = mean_R.indexOf(mean);
    return { mean, largest: Math.max(...load_LR.map((load_R) => load_R[fullest])) };
  });
}
