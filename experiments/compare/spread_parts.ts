/**
 * What is compared, recorded among the shapes of a profile.
 *
 * @module
 */
import type { RecordedPart } from "../../kernels/mod.ts";

/** Spreads the parts of `among` evenly between lists of parts that stay together. */
export function spreadParts(
  lists: readonly RecordedPart[][],
  among: readonly RecordedPart[],
): RecordedPart[] {
  const share = (list: number) => Math.floor(list * among.length / lists.length);
  return lists.flatMap((list, i) => [...list, ...among.slice(share(i), share(i + 1))]);
}
