/**
 * Placement by affinity: experts that tokens choose one after the other lie near each other ("ExFlow",
 * arXiv 2401.08383).
 *
 * Where tokens stay on the device of their last expert instead of going home after each layer, a token
 * travels only where its next expert lies on another device. A pair of choices in consecutive layers
 * costs nothing on one rank, one hop on two ranks of a node, and two between nodes. ExFlow solves an
 * integer program for each pair of layers; here is a heuristic for all layers together.
 *
 * *Start.* The first layer is placed by its loads. In each further layer pairs of expert and rank are
 * taken in the order of what they save, while the rank has room.
 *
 * *Sweeps.* Layers in turn, forwards: two experts of a layer change places where that saves hops towards
 * the layers on both sides, and where the fullest rank stays under its limit; until a sweep saves
 * nothing. Every exchange saves hops, so that it ends.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { placeExperts } from "./place_experts.ts";
import { expertsPerRank, slotLoads } from "./slots.ts";
import { rankOfExperts } from "./transitions.ts";

/** How experts are placed by affinity. */
export interface AffinityOptions {
  /** Ranks. */
  ranks: number;
  /** Neighbouring ranks of a node; all are one node unless given. */
  perNode?: number;
  /** Loads by layer; even unless given. */
  load_LE?: readonly (readonly number[])[];
  /**
   * What the fullest rank of a layer may have over what it has by loads alone; 1.1 unless given.
   * With Infinity, loads count for nothing.
   */
  slack?: number;
  /** Sweeps over the layers at most; 20 unless given. */
  sweeps?: number;
}

/** Pairs of choices by expert and expert, in the order of a layer's own experts. */
type Pairs = readonly (readonly number[])[];

/** A layer while it is placed. */
interface Layer {
  rank_E: number[];
  load_E: readonly number[];
  load_R: number[];
  limit: number;
}

/** Hops between two ranks. */
const hopsOf = (perNode: number) => (a: number, b: number) =>
  a === b ? 0 : Math.floor(a / perNode) === Math.floor(b / perNode) ? 1 : 2;

/** Hops of every expert on every rank, given the experts of a neighbouring layer. */
function addHops(
  hops_ER: Float64Array[],
  pairs: { of: (own: number, other: number) => number; rank_E: readonly number[] },
  hop: (a: number, b: number) => number,
): void {
  const ranks = hops_ER[0].length;
  const toRank = new Float64Array(ranks);
  hops_ER.forEach((hops_R, own) => {
    toRank.fill(0);
    pairs.rank_E.forEach((rank, other) => toRank[rank] += pairs.of(own, other));
    for (let at = 0; at < ranks; at++) {
      for (let rank = 0; rank < ranks; rank++) hops_R[at] += toRank[rank] * hop(at, rank);
    }
  });
}

/** The ranks of a layer's experts, each where it saves most while there is room in slots and load. */
function greedy(
  hops_ER: readonly Float64Array[],
  { load_E, limit, slots }: { load_E: readonly number[]; limit: number; slots: number },
): number[] {
  const ranks = hops_ER[0].length;
  const mean = hops_ER.map((hops_R) => hops_R.reduce((sum, hops) => sum + hops, 0) / ranks);
  const pairs = hops_ER.flatMap((hops_R, expert) =>
    Array.from(hops_R, (hops, rank) => ({ expert, rank, saves: mean[expert] - hops }))
  ).sort((a, b) => b.saves - a.saves || a.expert - b.expert || a.rank - b.rank);
  const rank_E = new Array<number>(hops_ER.length).fill(-1);
  const room = new Array<number>(ranks).fill(slots);
  const load_R = new Array<number>(ranks).fill(0);
  // A second round takes whoever was too heavy everywhere; whether the limit holds is seen later.
  for (const most of [limit, Infinity]) {
    for (const { expert, rank } of pairs) {
      if (rank_E[expert] >= 0 || room[rank] === 0) continue;
      if (load_R[rank] + load_E[expert] > most) continue;
      rank_E[expert] = rank;
      load_R[rank] += load_E[expert];
      room[rank]--;
    }
  }
  return rank_E;
}

function loadsBy(rank_E: readonly number[], load_E: readonly number[], ranks: number): number[] {
  const load_R = new Array<number>(ranks).fill(0);
  rank_E.forEach((rank, expert) => load_R[rank] += load_E[expert]);
  return load_R;
}

/** Exchanges of one layer that save hops; says whether there was one. */
function exchange(layer: Layer, hops_ER: readonly Float64Array[]): boolean {
  const { rank_E, load_E, load_R, limit } = layer;
  const experts = rank_E.length;
  let any = false;
  for (let e = 0; e < experts; e++) {
    for (let f = e + 1; f < experts; f++) {
      const [a, b] = [rank_E[e], rank_E[f]];
      if (a === b) continue;
      const saved = hops_ER[e][a] + hops_ER[f][b] - hops_ER[e][b] - hops_ER[f][a];
      if (!(saved > 1e-9)) continue;
      const moved = load_E[e] - load_E[f];
      // A rank that is over its limit may become less full, not fuller.
      if (load_R[a] - moved > Math.max(limit, load_R[a])) continue;
      if (load_R[b] + moved > Math.max(limit, load_R[b])) continue;
      [rank_E[e], rank_E[f]] = [b, a];
      load_R[a] -= moved;
      load_R[b] += moved;
      any = true;
    }
  }
  return any;
}

function check(pairs_LEE: readonly Pairs[], load_LE: AffinityOptions["load_LE"]): number {
  const experts = pairs_LEE[0]?.length ?? load_LE?.[0]?.length ?? 0;
  const fits = pairs_LEE.every((pairs_EE) =>
    pairs_EE.length === experts && pairs_EE.every((pairs_E) => pairs_E.length === experts)
  );
  const loads = load_LE === undefined || load_LE.length === pairs_LEE.length + 1 &&
      load_LE.every((load_E) => load_E.length === experts);
  if (experts > 0 && fits && loads) return experts;
  throw new UserError(
    `Cannot place by affinity: wanted pairs of the same experts between all layers, and loads of ` +
      `${pairs_LEE.length + 1} layers`,
  );
}

/**
 * Places the experts of all layers by affinity; see the module.
 *
 * @param pairs_LEE As `countTransitions` gives them.
 * @returns Experts of every rank, by layer.
 * @throws {UserError} for pairs and loads of different shapes, and ranks that do not divide experts.
 *
 * @example Tokens that go on from expert 0 to 3 and from 1 to 2
 * ```ts
 * import { countCrossings, placeByAffinity } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const pairs_LEE = [[[0, 0, 0, 9], [0, 0, 9, 0], [0, 5, 0, 0], [5, 0, 0, 0]]];
 * const slots_LRS = placeByAffinity(pairs_LEE, { ranks: 2 });
 * assertEquals(countCrossings(pairs_LEE, { slots_LRS, perNode: 2 }).hops, 0);
 * ```
 */
export function placeByAffinity(
  pairs_LEE: readonly (readonly (readonly number[])[])[],
  options: AffinityOptions,
): number[][][] {
  const { ranks, perNode = ranks, load_LE, slack = 1.1, sweeps = 20 } = options;
  const experts = check(pairs_LEE, load_LE);
  const slots = expertsPerRank(experts, ranks);
  const hop = hopsOf(perNode);
  const count = pairs_LEE.length + 1;
  const layers: Layer[] = [];
  const hopsAt = (at: number): Float64Array[] => {
    const hops_ER = Array.from({ length: experts }, () => new Float64Array(ranks));
    const [before, after] = [layers[at - 1], layers[at + 1]];
    if (before) {
      const of = (own: number, other: number) => pairs_LEE[at - 1][other][own];
      addHops(hops_ER, { of, rank_E: before.rank_E }, hop);
    }
    if (after) {
      const of = (own: number, other: number) => pairs_LEE[at][own][other];
      addHops(hops_ER, { of, rank_E: after.rank_E }, hop);
    }
    return hops_ER;
  };
  for (let at = 0; at < count; at++) {
    const load_E = load_LE?.[at] ?? new Array<number>(experts).fill(1);
    const byLoad = placeExperts(load_E, { ranks });
    const limit = slack * Math.max(...slotLoads(load_E, byLoad));
    let rank_E = rankOfExperts(byLoad, experts);
    if (at > 0) {
      const near_E = greedy(hopsAt(at), { load_E, limit, slots });
      // What saves most may crowd a rank: then loads come first, and exchanges save what they can.
      if (Math.max(...loadsBy(near_E, load_E, ranks)) <= limit) rank_E = near_E;
    }
    layers.push({ rank_E, load_E, load_R: loadsBy(rank_E, load_E, ranks), limit });
  }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let any = false;
    for (let at = 0; at < count; at++) any = exchange(layers[at], hopsAt(at)) || any;
    if (!any) break;
  }
  return layers.map(({ rank_E }) => {
    const slots_RS: number[][] = Array.from({ length: ranks }, () => []);
    rank_E.forEach((rank, expert) => slots_RS[rank].push(expert));
    return slots_RS;
  });
}
