/**
 * What the work printed of perplexity: Tables 1, 2, 4, 5 and 6 of BAM, as data, with what is odd
 * about them.
 *
 * Source: BAM, arXiv 2408.08274v2, section 4 and its ablations.
 *
 * @module
 */
import type { StudySize } from "../figures.ts";
import type { RowKey } from "./rows.ts";

/** The domains of the work, that of pre-training first, then in the order of its dense experts. */
export const publishedDomains = ["pretrain", "code", "law", "math"] as const;

/** One of them. */
export type PublishedDomain = typeof publishedDomains[number];

/** A row of a table of perplexities. */
export interface PublishedRow extends RowKey {
  /** As the table names it, in our words. */
  name: string;
  /** Perplexity by domain, in the order of {@linkcode publishedDomains}; lower is better. */
  perplexity: readonly number[];
  /** The average that is printed beside them, where one is. */
  average?: number;
  /** Parameters as printed, rounded to millions. */
  parameters?: { total: number; active: number };
}

/** A table of perplexities. */
export interface PublishedTable {
  /** Its id here, such as "table-1". */
  id: string;
  /** What it compares. */
  title: string;
  /** Where it stands. */
  source: string;
  /** Which of the two sizes. */
  size: StudySize;
  /** Domains that its average goes over. */
  averaged: readonly PublishedDomain[];
  /** What is odd about the printed numbers. */
  errata: readonly string[];
  /** Its rows, in order. */
  rows: readonly PublishedRow[];
}

const work = "arXiv 2408.08274v2";
const special = ["code", "law", "math"] as const;
const M = 1e6;
const sizes = (total: number, active: number) => ({
  parameters: { total: total * M, active: active * M },
});

/** Rows that Tables 1 and 2 have in common, with their numbers put in. */
function mainRows(numbers: readonly (readonly number[])[]): PublishedRow[] {
  const rows: (RowKey & { name: string })[] = [
    { row: "seed", name: "seed model" },
    { row: "dense-1", name: "dense, code" },
    { row: "dense-2", name: "dense, law" },
    { row: "dense-3", name: "dense, math" },
    { row: "btx-4", name: "BTX" },
    { row: "bam-expert-kv", budget: "data", name: "BAM, expert KV" },
    { row: "bam-expert-kv", budget: "compute", name: "BAM, expert KV" },
    { row: "bam-shared-kv", budget: "data", name: "BAM, shared KV" },
    { row: "bam-shared-kv", budget: "compute", name: "BAM, shared KV" },
  ];
  return rows.map((row, i) => ({
    ...row,
    perplexity: numbers[i].slice(0, 4),
    average: numbers[i][4],
  }));
}

/** Tables of perplexities, in the order of the work. */
export const publishedTables: readonly PublishedTable[] = [
  {
    id: "table-1",
    title: "Perplexity, small size",
    source: `${work}, Table 1`,
    size: "small",
    averaged: publishedDomains,
    errata: ["Its average goes over all four columns, that of Table 2 over three"],
    rows: mainRows([
      [23.98, 8.62, 8.92, 14.12, 13.91],
      [39.50, 3.71, 10.83, 8.77, 15.70],
      [87.82, 23.45, 7.53, 30.79, 37.40],
      [57.61, 6.78, 10.43, 5.67, 20.12],
      [26.72, 3.78, 6.63, 5.77, 10.72],
      [24.02, 3.45, 6.04, 5.31, 9.70],
      [24.84, 3.53, 6.21, 5.43, 10.00],
      [25.67, 3.64, 6.39, 5.57, 10.32],
      [26.00, 3.72, 6.50, 5.63, 10.46],
    ]),
  },
  {
    id: "table-2",
    title: "Perplexity, large size",
    source: `${work}, Table 2`,
    size: "large",
    averaged: special,
    errata: ["Its average leaves the pre-training column out, which that of Table 1 holds"],
    rows: mainRows([
      [9.83, 2.41, 3.86, 3.71, 3.33],
      [15.39, 2.18, 5.22, 4.34, 3.91],
      [32.69, 6.84, 3.09, 8.61, 6.18],
      [20.32, 3.20, 5.11, 3.20, 3.84],
      [10.35, 2.40, 3.76, 3.64, 3.27],
      [10.11, 2.36, 3.66, 3.55, 3.19],
      [10.19, 2.37, 3.69, 3.57, 3.21],
      [10.20, 2.37, 3.69, 3.59, 3.22],
      [10.28, 2.38, 3.72, 3.61, 3.24],
    ]),
  },
  {
    id: "table-4",
    title: "BTX with more experts",
    source: `${work}, Table 4`,
    size: "small",
    averaged: publishedDomains,
    errata: [
      "It prints no average: the one beside its rows is ours",
      "Active parameters of BAM are 663 million here and 662 in Table 5",
    ],
    rows: [
      {
        ...{ row: "bam-expert-kv", budget: "data", name: "BAM, expert KV" },
        perplexity: [24.06, 3.44, 6.04, 5.31],
        ...sizes(776, 663),
      },
      {
        ...{ row: "btx-4", name: "BTX, 4 experts" },
        perplexity: [26.72, 3.78, 6.63, 5.77],
        ...sizes(700, 587),
      },
      {
        ...{ row: "btx-5", name: "BTX, 5 experts" },
        perplexity: [29.08, 4.11, 7.19, 6.25],
        ...sizes(738, 587),
      },
      {
        ...{ row: "btx-6", name: "BTX, 6 experts" },
        perplexity: [28.50, 3.99, 7.03, 6.10],
        ...sizes(776, 587),
      },
      {
        ...{ row: "btx-7", name: "BTX, 7 experts" },
        perplexity: [27.36, 3.90, 6.84, 6.00],
        ...sizes(813, 587),
      },
      {
        ...{ row: "btx-8", name: "BTX, 8 experts" },
        perplexity: [27.79, 3.94, 6.92, 6.05],
        ...sizes(851, 587),
      },
    ],
  },
  {
    id: "table-5",
    title: "BTX with as many total and active parameters",
    source: `${work}, Table 5`,
    size: "small",
    averaged: publishedDomains,
    errata: ["It prints no average: the one beside its rows is ours"],
    rows: [
      {
        ...{ row: "bam-expert-kv", budget: "data", name: "BAM, expert KV" },
        perplexity: [24.06, 3.44, 6.04, 5.31],
        ...sizes(776, 662),
      },
      {
        ...{ row: "btx-6-top-3", name: "BTX, top 3 of 6 experts" },
        perplexity: [24.13, 3.55, 6.23, 5.48],
        ...sizes(776, 662),
      },
    ],
  },
  {
    id: "table-6",
    title: "Routing of attention experts",
    source: `${work}, Table 6`,
    size: "small",
    averaged: publishedDomains,
    errata: [
      "Its soft row is that of BAM with shared keys and values at equal compute in Table 1, but " +
      "for 0.01: so this ablation shares them, while Tables 4 and 5 do not",
    ],
    rows: [
      { row: "btx-4", name: "BTX", perplexity: [26.72, 3.78, 6.63, 5.77], average: 10.72 },
      {
        ...{ row: "bam-shared-kv", budget: "compute", name: "BAM, soft attention" },
        perplexity: [26.00, 3.72, 6.51, 5.64],
        average: 10.47,
      },
      {
        ...{ row: "bam-top-2", budget: "compute", name: "BAM, top-2 attention" },
        perplexity: [26.68, 3.78, 6.69, 5.75],
        average: 10.72,
      },
      {
        ...{ row: "bam-top-1", budget: "compute", name: "BAM, top-1 attention" },
        perplexity: [26.89, 3.83, 6.69, 5.82],
        average: 10.81,
      },
    ],
  },
];

/** Mean perplexity of a row over the domains that its table averages. */
export function publishedAverage(row: PublishedRow, { averaged }: PublishedTable): number {
  const own = row.perplexity.filter((_, i) => averaged.includes(publishedDomains[i]));
  return own.reduce((sum, x) => sum + x, 0) / own.length;
}
