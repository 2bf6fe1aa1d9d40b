/**
 * Rows of the study: how they are named, and which trainings are of one.
 *
 * @module
 */
import type { Budget, ModelFigures, StudyFigures, StudySize } from "../figures.ts";

/** What names a row: its id, and how much its mixture was trained where that differs. */
export interface RowKey {
  /** Id, such as "btx-4". */
  row: string;
  /** How much it was trained; any where absent. */
  budget?: Budget;
}

/** A row of one size. */
export interface SizedRow extends RowKey {
  /** Which size. */
  size: StudySize;
}

/** Names of rows that are not told from their id. */
const names: Readonly<Record<string, string>> = {
  seed: "seed model",
  "dense-mixed": "dense, all domains",
  "btx-4": "BTX",
  "btx-6-top-3": "BTX, top 3 of 6 experts",
  "bam-expert-kv": "BAM, expert KV",
  "bam-shared-kv": "BAM, shared KV",
  "bam-top-2": "BAM, top-2 attention",
  "bam-top-1": "BAM, top-1 attention",
};

/** What a mixture is equal to BTX in, in words. */
export const budgetWords: Readonly<Record<Budget, string>> = {
  data: "equal data",
  compute: "equal compute",
};

/** A row as it is called here; branches by the domain that they are of. */
export function nameOfRow(row: string, domains: readonly string[]): string {
  const known = names[row];
  if (known !== undefined) return known;
  const [, kind, number] = /^(dense|btx)-(\d+)$/.exec(row) ?? [];
  if (kind === "dense") return `dense, ${domains[Number(number)] ?? number}`;
  return kind === "btx" ? `BTX, ${number} experts` : row;
}

/** What a row is equal to BTX in; nothing of dense models, and of BTX itself. */
export function matchedIn({ row, budget }: RowKey): string | undefined {
  return budget === undefined || row.startsWith("btx") ? undefined : budgetWords[budget];
}

/** A row with its budget, in words. */
export function fullName(key: RowKey, domains: readonly string[]): string {
  const [name, matched] = [nameOfRow(key.row, domains), matchedIn(key)];
  return matched === undefined ? name : `${name}, ${matched}`;
}

/** The same in as few letters as a drawing has room for. */
export function shortName(key: RowKey, domains: readonly string[]): string {
  const name = nameOfRow(key.row, domains).replace(/ (attention|experts)$/, "");
  return matchedIn(key) === undefined ? name : `${name}, ${key.budget}`;
}

/** Whether a training is of a row. */
export function isOf({ row, size, budget }: ModelFigures, key: SizedRow): boolean {
  return row === key.row && size === key.size && (!key.budget || budget === key.budget);
}

/** The trainings of a row by seed, in the order of the seeds. */
export function trainingsOf({ models }: StudyFigures, key: SizedRow): Map<number, ModelFigures> {
  const own = models.filter((model) => isOf(model, key)).sort((a, b) => a.seed - b.seed);
  return new Map(own.map((model) => [model.seed, model]));
}

/** The sizes that something was trained of. */
export function sizesOf({ models }: StudyFigures): StudySize[] {
  return (["small", "large"] as const).filter((size) => models.some((one) => one.size === size));
}

/** The rows of a size, each once, in the order in which they were trained. */
export function rowsOf({ models }: StudyFigures, size: StudySize): SizedRow[] {
  const keys = new Map<string, SizedRow>();
  for (const { row, budget, ...one } of models) {
    if (one.size !== size) continue;
    keys.set(`${row}/${budget}`, { row, size, ...(budget && { budget }) });
  }
  return [...keys.values()];
}
