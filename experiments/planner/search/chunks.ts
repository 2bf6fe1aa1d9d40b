/**
 * The units of a search dealt into chunks: what a worker does before it tells the others.
 *
 * Units are in the order of their promise. The first ones take the longest and find the most, so that
 * they are chunks of their own; further back chunks grow, as most of their units fall at once.
 *
 * @module
 */

/** Units that follow each other. */
export interface Chunk {
  /** The first of them. */
  from: number;
  /** How many. */
  units: number;
}

/** Chunks of one size before chunks grow by a unit. */
const STEADY = 64;

/** Units of a chunk at most. */
const MOST = 16;

/** Deals units; it follows from their number alone. */
export function dealChunks(units: number): Chunk[] {
  const chunks: Chunk[] = [];
  for (let from = 0; from < units;) {
    const size = Math.min(MOST, 1 + Math.floor(from / STEADY), units - from);
    chunks.push({ from, units: size });
    from += size;
  }
  return chunks;
}

/** Chunks that may be searched at a time at most. */
const MOST_AT_ONCE = 32;

/**
 * Chunks that may be searched at a time, the one at a place the last of them. The first ones find the
 * most, and what they do not know of each other they price twice: two at a time, whatever the cores. A
 * long search soon has as many at once as there are workers.
 */
const atOnce = (index: number) =>
  index < 8 ? 1 : Math.max(2, Math.min(MOST_AT_ONCE, Math.floor(index / 64)));

/** Chunks from the first on whose finds a chunk has to know, no more and no fewer. */
export function chunksKnown(index: number): number {
  // The first chunk is where the climbs are: all others have what they found.
  return index === 0 ? 0 : Math.max(1, index - atOnce(index) + 1);
}
