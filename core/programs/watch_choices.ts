/**
 * A language that remembers what was chosen, so that choices on the device and on the host can be
 * compared.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";

/** What was chosen, in the order of the calls. */
export interface Choices<A, I> {
  /** Choices by index. */
  ids: I[];
  /** Choices by a mask of 1 and 0. */
  masks: A[];
}

/** The same language; what it chooses is added to `seen`. */
export function watchChoices<A, I>(g: Arrays<A, I>, seen: Choices<A, I>): Arrays<A, I> {
  const noted = (ids: I) => {
    seen.ids.push(ids);
    return ids;
  };
  return {
    ...g,
    topK: (...of) => noted(g.topK(...of)),
    where: (...of) => noted(g.where(...of)),
    keep: (...of) => noted(g.keep(...of)),
    assignEqually: (...of) => noted(g.assignEqually(...of)),
    limit: (...of) => noted(g.limit(...of)),
    choosePerColumn(...of) {
      const mask = g.choosePerColumn(...of);
      seen.masks.push(mask);
      return mask;
    },
  };
}
