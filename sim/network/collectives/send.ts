/**
 * A message from one rank to one other.
 *
 * @module
 */
import type { Collective } from "./collective.ts";

/** `bytes` from one rank to another. */
export function pointToPoint(from: number, to: number, bytes: number): Collective {
  return { name: "send", rounds: [{ transfers: [{ from, to, bytes }] }] };
}
