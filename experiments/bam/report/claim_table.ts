/**
 * What the work claims, as comparisons of rows: each claim holds where all of its parts do.
 *
 * Source: BAM, arXiv 2408.08274v2, sections 4 and 5; the tables that a part rests on are named.
 *
 * @module
 */
import type { RowKey } from "./rows.ts";

/** Two rows, of which the first is claimed to have the lower perplexity. */
export interface ClaimPart {
  /** In few words what is held against what. */
  name: string;
  /** The row that is claimed to be better. */
  one: RowKey;
  /** The other. */
  against: RowKey;
  /** Ids of the published tables that have both rows, at most one of a size. */
  tables: readonly string[];
}

/** A claim and its parts. */
export interface Claim {
  /** Its id, such as "soft". */
  id: string;
  /** The claim as a sentence without its stop. */
  says: string;
  /** A few words that name it. */
  name: string;
  /** The same in a column of a table. */
  short: string;
  /** Whether the work makes it; false of our own control. */
  published: boolean;
  /** Its parts, the one that says most first. */
  parts: readonly ClaimPart[];
}

const expert = (budget: "data" | "compute") => ({ row: "bam-expert-kv", budget });
const shared = (budget: "data" | "compute") => ({ row: "bam-shared-kv", budget });
const main = ["table-1", "table-2"];

/** The four claims, and a control that the work does not have. */
export const claimTable: readonly Claim[] = [
  {
    id: "btx",
    name: "BAM against BTX",
    short: "BTX",
    says: "BAM has a lower perplexity than BTX at equal compute and at equal data",
    published: true,
    parts: [
      {
        name: "expert KV, equal compute",
        ...{ one: expert("compute"), against: { row: "btx-4" }, tables: main },
      },
      {
        name: "expert KV, equal data",
        ...{ one: expert("data"), against: { row: "btx-4" }, tables: main },
      },
      {
        name: "shared KV, equal compute",
        ...{ one: shared("compute"), against: { row: "btx-4" }, tables: main },
      },
      {
        name: "shared KV, equal data",
        ...{ one: shared("data"), against: { row: "btx-4" }, tables: main },
      },
    ],
  },
  {
    id: "kv",
    name: "Expert keys and values against shared ones",
    short: "keys, values",
    says: "keys and values of each attention expert's own are better than shared ones",
    published: true,
    parts: [
      {
        name: "equal compute",
        ...{ one: expert("compute"), against: shared("compute"), tables: main },
      },
      { name: "equal data", one: expert("data"), against: shared("data"), tables: main },
    ],
  },
  {
    id: "soft",
    name: "Soft routing of attention against a few experts a token",
    short: "soft routing",
    says: "soft routing of attention experts is better than the best one or two a token",
    published: true,
    parts: [
      {
        name: "soft against top-2",
        one: shared("compute"),
        against: { row: "bam-top-2", budget: "compute" },
        tables: ["table-6"],
      },
      {
        name: "soft against top-1",
        one: shared("compute"),
        against: { row: "bam-top-1", budget: "compute" },
        tables: ["table-6"],
      },
    ],
  },
  {
    id: "parameters",
    name: "BAM against a larger BTX",
    short: "larger BTX",
    says: "BTX with more experts stays behind BAM, at equal total and at equal active parameters",
    published: true,
    parts: [
      {
        name: "BTX of 6, equal total",
        ...{ one: expert("data"), against: { row: "btx-6" }, tables: ["table-4"] },
      },
      {
        name: "BTX top 3 of 6, equal active",
        ...{ one: expert("data"), against: { row: "btx-6-top-3" }, tables: ["table-5"] },
      },
      ...[5, 7, 8].map((experts) => ({
        name: `BTX of ${experts}`,
        ...{ one: expert("data"), against: { row: `btx-${experts}` }, tables: ["table-4"] },
      })),
    ],
  },
  {
    id: "control",
    name: "Mixtures against the seed trained on, on mixed text",
    short: "dense control",
    says: "mixing branches is better than training the seed model on with mixed text",
    published: false,
    parts: [
      {
        name: "BAM, expert KV, equal compute",
        ...{ one: expert("compute"), against: { row: "dense-mixed" }, tables: [] },
      },
      {
        name: "BAM, expert KV, equal data",
        ...{ one: expert("data"), against: { row: "dense-mixed" }, tables: [] },
      },
      { name: "BTX", ...{ one: { row: "btx-4" }, against: { row: "dense-mixed" }, tables: [] } },
    ],
  },
];
