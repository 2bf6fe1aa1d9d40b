/**
 * What the work printed of tasks: Table 3 of BAM, of the large size. At the small one its models were
 * near what is drawn at random.
 *
 * Source: BAM, arXiv 2408.08274v2, Table 3.
 *
 * @module
 */
import type { RowKey } from "./rows.ts";

/** Groups of tasks, in the order of the columns; the last is MMLU. */
export const publishedTaskGroups = [
  "math",
  "code",
  "law",
  "knowledge",
  "reasoning",
  "general",
] as const;

/** A row of Table 3. */
export interface PublishedTaskRow extends RowKey {
  /** As the table names it, in our words. */
  name: string;
  /** Share of right answers by group. */
  shares: readonly number[];
  /** Their mean as printed. */
  average: number;
  /** What is odd about it. */
  erratum?: string;
}

const row = (
  key: RowKey & { name: string; erratum?: string },
  percents: readonly number[],
): PublishedTaskRow => {
  const shares = percents.map((percent) => percent / 100);
  return { ...key, shares: shares.slice(0, 6), average: shares[6] };
};

/** Table 3. */
export const publishedTasks: {
  id: string;
  title: string;
  source: string;
  rows: readonly PublishedTaskRow[];
} = {
  id: "table-3",
  title: "Tasks, large size",
  source: "arXiv 2408.08274v2, Table 3",
  rows: [
    row({ row: "seed", name: "seed model" }, [3.68, 9.41, 73.34, 21.33, 47.73, 34.13, 31.60]),
    row({ row: "dense-3", name: "dense, math" }, [4.92, 12.39, 68.21, 13.32, 46.11, 34.29, 29.87]),
    row({ row: "dense-1", name: "dense, code" }, [3.19, 18.80, 21.49, 12.18, 44.29, 31.50, 21.91]),
    row({ row: "dense-2", name: "dense, law" }, [3.05, 0.20, 88.80, 10.41, 44.08, 32.18, 29.79]),
    row({ row: "btx-4", name: "BTX" }, [3.86, 10.05, 81.85, 19.07, 47.36, 34.07, 32.71]),
    row(
      { row: "bam-expert-kv", budget: "data", name: "BAM, expert KV" },
      [4.44, 12.83, 85.47, 19.89, 47.11, 34.42, 34.02],
    ),
    row(
      { row: "bam-expert-kv", budget: "compute", name: "BAM, expert KV" },
      [4.34, 12.48, 82.79, 19.51, 47.43, 34.43, 33.50],
    ),
    row(
      { row: "bam-shared-kv", budget: "data", name: "BAM, shared KV" },
      [4.10, 11.76, 86.73, 19.48, 47.27, 34.55, 33.98],
    ),
    row(
      {
        ...{ row: "bam-shared-kv", budget: "compute", name: "BAM, shared KV" },
        erratum: "printed as data-matched a second time; it is the compute-matched row",
      },
      [3.65, 11.77, 80.98, 19.22, 47.56, 34.16, 32.89],
    ),
  ],
};
