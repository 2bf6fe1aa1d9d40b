/**
 * What all losses begin and end with: reading what the gate has, and weighing the result.
 *
 * @module
 */
import { UserError } from "../../kernels/mod.ts";
import type { Balanced, BalanceRun, Routed } from "./run.ts";
import type { BalanceSpec } from "./specs.ts";

/** What a gate may lack, in words. */
const words = {
  logits: "logits",
  scores: "scores",
  gates: "weights",
  wanted: "choices",
  noise: "noise on its logits",
  representations: "a vector for each expert",
} as const;

/** What a run has under a name. */
export function needed<A, I, N extends keyof typeof words>(
  run: BalanceRun<A, I>,
  name: N,
): Required<Routed<A, I>>[N] {
  const value = run[name];
  if (value !== undefined) return value as Required<Routed<A, I>>[N];
  throw new UserError(
    `Balanced a gate by "${run.spec.kind}", which reads ${words[name]}: this gate has none; "z" ` +
      `reads logits alone, "balance" scores and choices`,
  );
}

/** One loss, multiplied by its weight, under the name of its kind. */
export function weighted<A, I>(
  { g, spec }: BalanceRun<A, I, Extract<BalanceSpec, { weight: number }>["kind"]>,
  value: A,
): Balanced<A> {
  return { losses: [{ name: spec.kind, value: g.scale(value, spec.weight) }], state: {} };
}
