/**
 * Each expert on one rank, as many on every rank.
 *
 * @module
 */
import { unknownName } from "../../kernels/base/errors.ts";
import { split } from "../../kernels/base/random.ts";
import { packLongestFirst } from "./longest_first.ts";
import { expertsPerRank, slotLoads } from "./slots.ts";
import { swapExperts } from "./swap_experts.ts";

/**
 * Ways to place experts: in their order; at random; the heaviest first; that and then exchanges
 * until none helps; groups of experts to nodes first, and within these to ranks.
 */
export const placementMethods = [
  "contiguous",
  "random",
  "longest-first",
  "swaps",
  "hierarchical",
] as const;

/** One of them. */
export type PlacementMethod = typeof placementMethods[number];

/** The method of a name, or an error with the nearest. */
export function placementMethod(name: string): PlacementMethod {
  const found = placementMethods.find((method) => method === name);
  if (!found) throw unknownName("placement", name, placementMethods);
  return found;
}

/** How experts are placed on equal ranks. */
export interface PlaceOptions {
  /** Ranks. */
  ranks: number;
  /** "swaps" unless given; "hierarchical" is `placeByNodes`. */
  method?: Exclude<PlacementMethod, "hierarchical">;
  /** Seed of a placement at random. */
  seed?: number;
}

/** Deals a list of experts to ranks in its order. */
function dealt(expert_E: readonly number[], ranks: number): number[][] {
  const slots = expert_E.length / ranks;
  return Array.from(
    { length: ranks },
    (_, rank) => expert_E.slice(rank * slots, (rank + 1) * slots),
  );
}

function shuffled(experts: number, seed: number): number[] {
  const stream = split(seed, "placement/random");
  const order = Array.from({ length: experts }, (_, expert) => expert);
  for (let i = experts - 1; i > 0; i--) {
    const j = stream.int(0, i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * Places experts by their loads: longest-processing-time first with as many experts on every rank,
 * and then exchanges of two experts until none lowers the maximum; the same from contiguous blocks,
 * and the better of both.
 *
 * @param load_E Load of each expert, in any unit.
 * @returns Experts of every rank.
 * @throws {UserError} where experts do not divide by ranks.
 *
 * @example
 * ```ts
 * import { placeExperts, slotLoads } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const load_E = [9, 7, 3, 1];
 * assertEquals(slotLoads(load_E, placeExperts(load_E, { ranks: 2, method: "contiguous" })), [16, 4]);
 * assertEquals(slotLoads(load_E, placeExperts(load_E, { ranks: 2 })), [10, 10]);
 * ```
 */
export function placeExperts(load_E: readonly number[], options: PlaceOptions): number[][] {
  const { ranks, method = "swaps", seed = 1 } = options;
  const slots = expertsPerRank(load_E.length, ranks);
  const blocks = () => dealt(load_E.map((_, expert) => expert), ranks);
  if (method === "contiguous") return blocks();
  if (method === "random") return dealt(shuffled(load_E.length, seed), ranks);
  const once = load_E.map(() => 1);
  const packed = packLongestFirst({ each_E: load_E, count_E: once, ranks, slots });
  if (method === "longest-first") return packed;
  // Exchanges end in what no single one mends, which depends on where they began.
  const both = [packed, blocks()];
  for (const slots_RS of both) swapExperts(slots_RS, { each_E: load_E, slots });
  const [first, second] = both.map((slots_RS) => Math.max(...slotLoads(load_E, slots_RS)));
  return first <= second ? both[0] : both[1];
}
