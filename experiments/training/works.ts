/**
 * Which published works run here, and in which experiment: what `experiment list --json` gives as
 * `rows`. A table of recipes adds its rows with a line in {@linkcode workTables}.
 *
 * @module
 */
import { adapterRecipes } from "../../core/adapters/recipes.ts";
import { applicationRecipes } from "../../core/applications/table.ts";
import { derivativeRecipes } from "../../core/derivatives/table.ts";
import { placementRecipes } from "../../core/experts/placements.ts";
import { expertRecipes } from "../../core/experts/recipes.ts";
import { gateRecipes } from "../../core/gates/recipes.ts";
import { schemeRecipes } from "../../core/train/schemes/table.ts";
import { togetherRecipes } from "../../core/train/schemes/table_several.ts";
import { studyRows } from "../bam/rows.ts";
import { balancers } from "./balance/balancers.ts";
import { type NamedWork, rowsOfTable, type WorkKind, type WorkRow } from "./work_row.ts";

export * from "./work_row.ts";

const capacity = { section: "4.1.1" } as const;

/** Ways to make room for choices. */
const capacities: readonly NamedWork[] = [
  { ...capacity, id: "sequence", name: "GShard: in the order of tokens", arxiv: "2006.16668" },
  { ...capacity, id: "priority", name: "V-MoE: by priority", arxiv: "2106.05974" },
  { ...capacity, id: "random", name: "Z-code M3: at random", arxiv: "2109.10465" },
  {
    ...capacity,
    id: "dropless",
    name: "MegaBlocks: no drops",
    arxiv: "2211.15841",
    section: "5.1",
  },
];

/** Domains of language: the application that gates are compared in. */
const languageDomains: NamedWork = {
  ...{ id: "language-domains", name: "Domains of language", section: "6", arxiv: null },
};

/** How experts are cut. */
const granularities: readonly NamedWork[] = [
  {
    ...{ id: "fine-grained", name: "DeepSeekMoE: fine-grained experts" },
    ...{ section: "4.2.2", arxiv: "2401.06066" },
  },
];

/** Ids of the schemes whose models the BAM study trains; the command `upcycle` makes all others. */
const studied: ReadonlySet<string> = new Set(
  studyRows.flatMap(({ make }) =>
    make.kind === "bam" ? [make.scheme] : make.kind === "btx" ? ["btx"] : []
  ),
);

/** The tables, each with its kind and the experiment that runs its rows. */
export const workTables: readonly {
  kind: WorkKind;
  experiment: string;
  works: readonly NamedWork[];
}[] = [
  { kind: "gate", experiment: "gates", works: gateRecipes },
  { kind: "loss", experiment: "balance", works: balancers.filter((one) => one.balance.length > 0) },
  { kind: "capacity", experiment: "capacity", works: capacities },
  { kind: "granularity", experiment: "granularity", works: granularities },
  { kind: "derivative", experiment: "derivatives", works: derivativeRecipes },
  { kind: "application", experiment: "applications", works: applicationRecipes },
  { kind: "application", experiment: "gates", works: [languageDomains] },
  { kind: "adapter", experiment: "adapters", works: adapterRecipes },
  { kind: "expert", experiment: "expert-kinds", works: expertRecipes },
  { kind: "placement", experiment: "expert-placement", works: placementRecipes },
  { kind: "scheme", experiment: "bam", works: schemeRecipes.filter(({ id }) => studied.has(id)) },
  {
    kind: "scheme",
    experiment: "upcycle",
    works: schemeRecipes.filter(({ id }) => !studied.has(id)),
  },
  { kind: "together", experiment: "fusion", works: togetherRecipes },
];

/** Every work of the tables, by kind. */
export function workRows(): WorkRow[] {
  return workTables.flatMap(({ works, ...table }) => rowsOfTable(works, table));
}
