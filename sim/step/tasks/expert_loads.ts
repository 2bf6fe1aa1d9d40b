/**
 * How many rows the experts of each rank get in each layer, under uneven routing.
 *
 * Every rank draws its choices by the same law, so that all send equally much, and a rank receives in
 * proportion to the popularity of its experts. Experts lie on ranks in contiguous blocks, unless the
 * workload places them; replicas of an expert share its rows equally.
 *
 * @module
 */
import { split as splitSeed } from "../../../kernels/base/random.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import type { MoeSizes, Sizes } from "../../cost/sizes.ts";
import type { Split } from "../../cost/split.ts";
import type { RoutingLaw, Workload } from "../../cost/workload.ts";
import { placeExperts } from "../../placement/place_experts.ts";
import { type PlacedLayer, placedSlots } from "../../placement/placed_slots.ts";
import { replicasOf } from "../../placement/slots.ts";
import type { Plan } from "../../plan/plan.ts";
import { skewedCounts } from "../layer/skew.ts";

/** What one expert rank gets of a micro-batch in a layer. */
export interface RankLoad {
  /** Rows of its experts together. */
  rows: number;
  /** Rows of its fullest expert. */
  largest: number;
  /** Rows that it sends out. */
  sent: number;
  /** Rows that it receives. */
  received: number;
  /** Whether groups that routing confines tokens to are torn apart between nodes. */
  scattered: boolean;
}

/** Tokens from which the popularity of experts is counted. */
const SAMPLE = 4096;

/** Shares of all choices by popularity, the most popular expert first. */
function sharesByPlace({ experts, topK }: MoeSizes, exponent: number, seed: number): number[] {
  const shape = { ranks: 1, tokensPerRank: SAMPLE, experts, topK };
  const [counts_E] = skewedCounts(shape, { exponent, seed, shuffled: false });
  return counts_E.map((count) => count / (SAMPLE * topK));
}

/** The same shares in another order for every layer, as the seed has it. */
function shuffled(share_E: readonly number[], seed: number, layer: number): number[] {
  const stream = splitSeed(seed, `step/routing/${layer}`);
  const order = share_E.slice();
  for (let i = order.length - 1; i > 0; i--) {
    const j = stream.int(0, i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function traced(share_E: readonly number[], layer: number, { experts }: MoeSizes): number[] {
  const total = share_E.reduce((sum, share) => sum + share, 0);
  if (share_E.length === experts && total > 0 && share_E.every((share) => share >= 0)) {
    return share_E.map((share) => share / total);
  }
  throw new UserError(
    `Cannot route layer ${layer} by its trace: found ${share_E.length} shares that sum to ` +
      `${total}, wanted ${experts} of 0 or more`,
  );
}

/**
 * Shares of all choices by layer and expert.
 *
 * @throws {UserError} for a trace that does not fit the model.
 */
export function routedShares(routing: RoutingLaw, moe: MoeSizes, layers: number): number[][] {
  const each = (share: (layer: number) => number[]) =>
    Array.from({ length: layers }, (_, layer) => share(layer));
  switch (routing.kind) {
    case "balanced":
      return each(() => new Array<number>(moe.experts).fill(1 / moe.experts));
    case "skew": {
      const share_E = sharesByPlace(moe, routing.exponent, routing.seed);
      return each((layer) => shuffled(share_E, routing.seed, layer));
    }
    case "trace": {
      const { share_LE } = routing;
      if (share_LE.length === 0) throw new UserError("Cannot route by a trace of no layers");
      // A trace may hold fewer layers than the model.
      return each((layer) => traced(share_LE[layer % share_LE.length], layer, moe));
    }
  }
}

/** Rows by expert rank, where experts have these shares. */
function loadsOf(
  share_E: readonly number[],
  { slots_RS, scattered }: PlacedLayer,
  { plan, split }: { plan: Plan; split: Split },
): RankLoad[] {
  const { ep, etp, capacityFactor } = plan;
  const kept = capacityFactor === undefined ? 1 : Math.min(1, capacityFactor);
  const experts = share_E.length;
  // Rows of an expert where all get as many, before any are dropped.
  const mean = split.expertRows / kept * ep / experts;
  const most = (capacityFactor ?? Infinity) * mean;
  const rows_E = share_E.map((share) => Math.min(most, share * experts * mean));
  const sent = rows_E.reduce((sum, rows) => sum + rows, 0) / (ep * etp);
  const count_E = replicasOf(slots_RS, experts);
  return slots_RS.map((slots) => {
    const own = slots.map((expert) => rows_E[expert] / count_E[expert]);
    const rows = own.reduce((sum, some) => sum + some, 0);
    return { rows, largest: Math.max(...own), sent, received: rows / etp, scattered };
  });
}

/**
 * Loads by `[layer][expert rank]`, layers with experts numbered through the model; undefined where
 * routing is balanced and nothing is placed, or there are no experts.
 *
 * @throws {UserError} for a trace or a placement that does not fit the model.
 */
export function expertLoads(
  site: { sizes: Sizes; plan: Plan; workload: Workload; split: Split },
  options: { layers: number },
): RankLoad[][] | undefined {
  const { sizes: { moe }, workload, plan } = site;
  const { routing, placement } = workload;
  if (!moe || (routing.kind === "balanced" && !placement)) return undefined;
  return routedShares(routing, moe, options.layers).map((share_E, layer) => {
    const placed = placedSlots({ moe, plan, workload }, { layer, share_E }) ?? {
      slots_RS: placeExperts(share_E, { ranks: plan.ep, method: "contiguous" }),
      scattered: false,
    };
    return loadsOf(share_E, placed, site);
  });
}
