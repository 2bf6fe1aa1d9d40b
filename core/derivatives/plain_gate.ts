/**
 * The gate of derivatives whose works are about something else.
 *
 * @module
 */
import type { GateRecipe } from "../gates/recipe.ts";

/** The best two by softmax, without drops, with the auxiliary loss of Switch. */
export const plainGate: GateRecipe = {
  id: "plain",
  name: "best two",
  arxiv: null,
  section: "4.1.1",
  idea: "The best two experts by softmax; no token is dropped.",
  score: { kind: "linear" },
  select: { kind: "top-k", k: 2 },
  weigh: { kind: "softmax", over: "all" },
  balance: [{ kind: "balance", weight: 0.01 }],
  causal: true,
};
