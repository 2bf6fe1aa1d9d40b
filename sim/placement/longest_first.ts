/**
 * Longest-processing-time-first packing (Graham, SIAM J. Appl. Math. 17, 1969) with as many slots on
 * every rank: the heaviest replica that is left goes to the lightest rank with room.
 *
 * @module
 */

/** Loads, and how many slots each expert gets where. */
export interface Packing {
  /** Load of one slot of each expert. */
  each_E: readonly number[];
  /** Slots of each expert, at most one a rank. */
  count_E: readonly number[];
  /** Ranks. */
  ranks: number;
  /** Slots of a rank. */
  slots: number;
}

/**
 * Makes room for an expert where every rank with a free slot has it already: a rank without it is
 * full, and so holds some expert that the rank with a free slot has not.
 */
function makeRoom(slots_RS: number[][], expert: number, slots: number): number {
  const goal = slots_RS.findIndex((own) => !own.includes(expert));
  const free = slots_RS.find((own) => own.length < slots)!;
  const at = slots_RS[goal].findIndex((other) => !free.includes(other));
  free.push(...slots_RS[goal].splice(at, 1));
  return goal;
}

/** Packs; every expert is at most once on a rank. */
export function packLongestFirst({ each_E, count_E, ranks, slots }: Packing): number[][] {
  const slots_RS: number[][] = Array.from({ length: ranks }, () => []);
  const load_R = new Float64Array(ranks);
  const order = each_E.map((_, expert) => expert).sort((a, b) => each_E[b] - each_E[a] || a - b);
  for (const expert of order) {
    for (let replica = 0; replica < count_E[expert]; replica++) {
      let goal = -1;
      for (let rank = 0; rank < ranks; rank++) {
        const own = slots_RS[rank];
        if (own.length >= slots || own.includes(expert)) continue;
        if (goal < 0 || load_R[rank] < load_R[goal]) goal = rank;
      }
      if (goal < 0) {
        goal = makeRoom(slots_RS, expert, slots);
        slots_RS.forEach((own, rank) =>
          load_R[rank] = own.reduce((sum, other) => sum + each_E[other], 0)
        );
      }
      slots_RS[goal].push(expert);
      load_R[goal] += each_E[expert];
    }
  }
  return slots_RS;
}
