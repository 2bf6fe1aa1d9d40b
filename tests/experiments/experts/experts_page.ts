/** The lists of `docs/experts.md`, made of the tables that they show; run it to write them anew. */
import { adapterControls, adapterRecipes } from "../../../core/adapters/recipes.ts";
import { applicationControls, applicationRecipes } from "../../../core/applications/table.ts";
import { derivativeControls, derivativeRecipes } from "../../../core/derivatives/table.ts";
import { placementRecipes } from "../../../core/experts/placements.ts";
import { expertRecipes } from "../../../core/experts/recipes.ts";

/** What every row of these tables says of itself. */
interface PageRow {
  id: string;
  arxiv: string | null;
  section: string;
  idea: string;
}

/** Rows in columns: id, arXiv id, section, what else there is to say, and the idea. */
function inColumns<R extends PageRow>(rows: readonly R[], what: (row: R) => string): string {
  const cells = rows.map((row) => [row.id, row.arxiv ?? "-", row.section, what(row), row.idea]);
  const widths = cells[0].map((_, c) => Math.max(...cells.map((row) => row[c].length)));
  return cells.map((row) =>
    row.map((cell, c) => c < row.length - 1 ? cell.padEnd(widths[c]) : cell).join("  ")
  ).join("\n");
}

const distinct = (words: readonly string[]) => [...new Set(words)].join(" + ");

const heldAgainst = ({ against }: { against?: string }) => against ?? "-";

/** The lists of the page by name. */
export const expertLists: Readonly<Record<string, () => string>> = {
  experts: () =>
    inColumns(
      expertRecipes,
      ({ where, routed, beside }) =>
        `${where}: ${routed.kind}${beside ? ` beside ${beside.kind}` : ""}`,
    ),
  placements: () => inColumns(placementRecipes, ({ name }) => name),
  adapters: () =>
    inColumns(
      [...adapterRecipes, ...adapterControls],
      ({ placement, parts }) =>
        `${placement}: ${distinct(parts.map(({ adapter }) => adapter.kind))}`,
    ),
  derivatives: () => inColumns([...derivativeRecipes, ...derivativeControls], heldAgainst),
  applications: () =>
    inColumns(
      [...applicationRecipes, ...applicationControls],
      (row) => `${row.task}, ${heldAgainst(row)}`,
    ),
};

/** What the page shows under a heading comment. */
export function shownIn(page: string, list: string): string | undefined {
  return new RegExp(`<!-- ${list} -->\n\n\`\`\`text\n([\\s\\S]*?)\n\`\`\``).exec(page)?.[1];
}

/** The page with the lists of now. */
export function withLists(page: string): string {
  return Object.entries(expertLists).reduce((text, [name, of]) => {
    const old = shownIn(text, name);
    if (old === undefined) throw new RangeError(`Found no list "${name}" in docs/experts.md`);
    const head = `<!-- ${name} -->\n\n\`\`\`text\n`;
    return text.replace(`${head}${old}\n`, () => `${head}${of()}\n`);
  }, page);
}

if (import.meta.main) {
  const page = await Deno.readTextFile("docs/experts.md");
  await Deno.writeTextFile("docs/experts.md", withLists(page));
}
