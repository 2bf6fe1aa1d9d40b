/** The lists of `docs/gates.md`, made of the tables that they show; run it to write them anew. */
import { gateRecipes, recipeLine } from "../../../core/gates/recipes.ts";
import { balancers } from "../../../experiments/training/balance/balancers.ts";

/** Cells in columns, the last one left as it is. */
function inColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  return rows.map((row) =>
    row.map((cell, c) => c < row.length - 1 ? cell.padEnd(widths[c]) : cell).join("  ").trimEnd()
  ).join("\n");
}

/** Every recipe: id, arXiv id, section, who it serves, and its stages. */
export function recipeList(): string {
  return inColumns(gateRecipes.map((recipe) => [
    recipe.id,
    recipe.arxiv ?? "-",
    recipe.section,
    recipe.causal ? "decoder" : "encoder",
    recipeLine(recipe).slice(recipe.id.length + 2),
  ]));
}

/** Every balancer of the experiment: id, arXiv id, section and specs. */
export function balancerList(): string {
  return inColumns(balancers.map(({ id, arxiv, section, balance, name }) => [
    id,
    arxiv ?? "-",
    section,
    balance.map(({ kind }) => kind).join(" + ") || "-",
    name,
  ]));
}

const lists = { recipes: recipeList, balancers: balancerList };

/** What the page shows under a heading comment. */
export function shownIn(page: string, list: keyof typeof lists): string | undefined {
  return new RegExp(`<!-- ${list} -->\n\n\`\`\`text\n([\\s\\S]*?)\n\`\`\``).exec(page)?.[1];
}

/** The page with the lists of now. */
export function withLists(page: string): string {
  return Object.entries(lists).reduce((text, [name, of]) => {
    const old = shownIn(text, name as keyof typeof lists);
    if (old === undefined) throw new RangeError(`Found no list "${name}" in docs/gates.md`);
    return text.replace(
      `<!-- ${name} -->\n\n\`\`\`text\n${old}\n`,
      () => `<!-- ${name} -->\n\n\`\`\`text\n${of()}\n`,
    );
  }, page);
}

if (import.meta.main) {
  const page = await Deno.readTextFile("docs/gates.md");
  await Deno.writeTextFile("docs/gates.md", withLists(page));
}
