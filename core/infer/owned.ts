/**
 * All that is taken from a pool for one purpose, to be given back together, whatever went wrong in
 * between.
 *
 * @module
 */
import type { Pool, Tensor } from "../../kernels/mod.ts";

/** A pool that remembers what was taken from it. */
export interface OwnedPool {
  /** The pool; what is taken from it is not released one by one. */
  pool: Pool;
  /** Gives all back. */
  release(): void;
}

/** Remembers what is taken from a pool. */
export function ownedFrom(pool: Pool): OwnedPool {
  const taken: Tensor[] = [];
  const own = (tensor: Tensor): Tensor => {
    taken.push(tensor);
    return tensor;
  };
  return {
    pool: {
      ...pool,
      tensor: (...told) => own(pool.tensor(...told)),
      upload: (...told) => own(pool.upload(...told)),
    },
    release: () => pool.release(...taken.splice(0)),
  };
}
