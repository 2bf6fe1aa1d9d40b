/**
 * Choices of a trained router as a file that `simulate --routing` reads.
 *
 * @module
 */
import type { SeedGroup } from "../seed_groups.ts";

/** A trace: choices counted by layer and expert, and where they come from. */
export interface RoutingTrace {
  /** Choices of held-out tokens, before any was dropped: layers in rows, experts in columns. */
  counts_LE: number[][];
  /** Recipe of the router. */
  recipe: string;
  /** Seed of the training that they are of. */
  seed: number;
  /** Steps of that training. */
  steps: number;
  /** Tokens that were counted. */
  tokens: number;
}

/** The trace of a group's first seed; nothing where it did not run or chooses no experts. */
export function traceOf({ run, figures }: SeedGroup): RoutingTrace | undefined {
  const [first] = figures;
  if (!first || !run.recipe) return undefined;
  const counts_LE = first.layers.map(({ wanted_E }) => wanted_E);
  const empty = counts_LE.length === 0 || counts_LE.some((counts) => counts.every((n) => n === 0));
  if (empty) return undefined;
  const { recipe: { id: recipe }, seed, training: { steps } } = run;
  return { counts_LE, recipe, seed, steps, tokens: first.heldOutTokens };
}
