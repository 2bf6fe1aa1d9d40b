/** The lists of `docs/gates.md`, made of the tables that they show; run it to write them anew. */
import { gateRecipes, recipeLine } from "../../../core/gates/recipes.ts";
import { balancers } from "../../../experiments/training/balance/balancers.ts";
import { inColumns, type PageLists, writeLists } from "../../gate/page_lists.ts";

/** Every recipe: id, arXiv id, section, who it serves, and its stages. */
function recipeList(): string {
  return inColumns(gateRecipes.map((recipe) => [
    recipe.id,
    recipe.arxiv ?? "-",
    recipe.section,
    recipe.causal ? "decoder" : "encoder",
    recipeLine(recipe).slice(recipe.id.length + 2),
  ]));
}

/** Every balancer of the experiment: id, arXiv id, section and specs. */
function balancerList(): string {
  return inColumns(balancers.map(({ id, arxiv, section, balance, name }) => [
    id,
    arxiv ?? "-",
    section,
    balance.map(({ kind }) => kind).join(" + ") || "-",
    name,
  ]));
}

/** The lists of the page by name. */
export const gateLists: PageLists = { recipes: recipeList, balancers: balancerList };

if (import.meta.main) await writeLists("docs/gates.md", gateLists);
