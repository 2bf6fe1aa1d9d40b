/** The lists of `docs/experts.md`, made of the tables that they show; run it to write them anew. */
import { adapterControls, adapterRecipes } from "../../../core/adapters/recipes.ts";
import { applicationControls, applicationRecipes } from "../../../core/applications/table.ts";
import { derivativeControls, derivativeRecipes } from "../../../core/derivatives/table.ts";
import { placementRecipes } from "../../../core/experts/placements.ts";
import { expertRecipes } from "../../../core/experts/recipes.ts";
import { inColumns, type PageLists, writeLists } from "../../gate/page_lists.ts";

/** What every row of these tables says of itself. */
interface PageRow {
  id: string;
  arxiv: string | null;
  section: string;
  idea: string;
}

/** Rows in columns: id, arXiv id, section, what else there is to say, and the idea. */
const rowsOf = <R extends PageRow>(rows: readonly R[], what: (row: R) => string): string =>
  inColumns(rows.map((row) => [row.id, row.arxiv ?? "-", row.section, what(row), row.idea]));

const distinct = (words: readonly string[]) => [...new Set(words)].join(" + ");

const heldAgainst = ({ against }: { against?: string }) => against ?? "-";

/** The lists of the page by name. */
export const expertLists: PageLists = {
  experts: () =>
    rowsOf(
      expertRecipes,
      ({ where, routed, beside }) =>
        `${where}: ${routed.kind}${beside ? ` beside ${beside.kind}` : ""}`,
    ),
  placements: () => rowsOf(placementRecipes, ({ name }) => name),
  adapters: () =>
    rowsOf(
      [...adapterRecipes, ...adapterControls],
      ({ placement, parts }) =>
        `${placement}: ${distinct(parts.map(({ adapter }) => adapter.kind))}`,
    ),
  derivatives: () => rowsOf([...derivativeRecipes, ...derivativeControls], heldAgainst),
  applications: () =>
    rowsOf(
      [...applicationRecipes, ...applicationControls],
      (row) => `${row.task}, ${heldAgainst(row)}`,
    ),
};

if (import.meta.main) await writeLists("docs/experts.md", expertLists);
