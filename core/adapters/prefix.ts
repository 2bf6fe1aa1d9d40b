/**
 * Prefixes: keys and values before every sequence, which all its tokens see (prefix tuning, arXiv
 * 2101.00190). Those of E experts lie one below the other; what a token's gate says of an expert
 * scales both its keys and its values, as UniPELT scales a prefix (ACL 2022, section 2.3).
 *
 * A prefix takes part in the softmax from the first step on, so that the base does not begin as it was.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { GateTensor } from "../gates/gate.ts";
import { zeroOnes } from "../programs/blocks.ts";
import type { Prefix } from "./forward.ts";

/** Sizes of prefixes. */
export interface PrefixSizes {
  /** Columns of keys, and of values. */
  width: number;
  /** Places of an expert. */
  length: number;
  /** Experts. */
  experts: number;
}

/** Parameters of prefixes. */
export function prefixParameters(
  { width, length, experts }: PrefixSizes,
): Record<string, GateTensor> {
  const shape = [experts * length, width] as const;
  return { keys: { shape, init: { normal: 1 } }, values: { shape, init: "zeros" } };
}

/** What attention sees, with weights [T, E] of the experts; they count 1 where absent. */
export function prefixOf<A, I>(
  g: Arrays<A, I>,
  w: Readonly<Record<string, A>>,
  options: { length: number; weights?: A },
): Prefix<A> {
  const { keys, values } = w;
  const { length, weights } = options;
  if (weights === undefined) return { keys, values };
  const [, experts] = g.shapeOf(weights);
  const each = zeroOnes(g, `each of ${experts} ${length} times`, {
    shape: [experts, experts * length],
    one: (e, p) => Math.floor(p / length) === e,
  });
  return { keys, values, weights: g.product(weights, each) };
}
