/** A recipe of given stages, and small matrices by hand. */
import type { GateRecipe } from "../../../core/gates/recipe.ts";

export type Stages = Pick<GateRecipe, "score" | "select" | "weigh"> & Partial<GateRecipe>;

/** A row of a table made of stages. */
export function rowWith(stages: Stages): GateRecipe {
  return {
    ...{ id: "test", name: "Test", arxiv: null, section: "4.1.1", idea: "A test." },
    ...{ balance: [], causal: true },
    ...stages,
  };
}
