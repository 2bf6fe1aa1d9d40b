/**
 * What a pass on the host decided without a gradient, kept for later passes.
 *
 * Between the point where a gate is differentiated and its neighbours a choice may fall otherwise,
 * and a straight-through term would follow what it was detached from. A first pass therefore writes
 * down everything that has no gradient, in the order of its calls; a later pass reads it.
 *
 * @module
 */

/** One decision. */
export type FrozenEntry = Float64Array | Uint32Array;

/** The decisions of a pass, in order. */
export type Frozen = readonly FrozenEntry[];

/** Gives what `decide` gives, or what a pass before gave at this point. */
export type Freeze = <T extends FrozenEntry>(decide: () => T) => T;

/** Records decisions, or replays those of `frozen`. */
export function freezer(frozen?: Frozen): { freeze: Freeze; record(): Frozen } {
  const entries: FrozenEntry[] = [];
  const freeze: Freeze = (decide) => {
    if (!frozen) {
      const entry = decide();
      entries.push(entry);
      return entry;
    }
    const entry = frozen[entries.length];
    if (!entry) {
      throw new RangeError(
        `Replayed decision ${entries.length}, where the pass before made only ${frozen.length}`,
      );
    }
    entries.push(entry);
    return entry as ReturnType<typeof decide>;
  };
  return { freeze, record: () => entries };
}
