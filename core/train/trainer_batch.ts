/**
 * What a trainer is fed with.
 *
 * @module
 */

/** A batch on the host: sequences one behind the other, T tokens in all. */
export interface TrainerBatch {
  /** Token ids [T]. */
  ids: Uint32Array;
  /** What is to be predicted at each [T]; 0xffffffff where nothing is. */
  targets: Uint32Array;
  /** The id before each in its sequence [T], its own for the first; made from the ids where absent. */
  before?: Uint32Array;
  /** The tag of each token [T]; 0 where absent. */
  tags?: Uint32Array;
}
