/**
 * A published work that runs here: a row of a table of recipes, and the experiment that runs it.
 *
 * @module
 */

/** What of works there are tables of. */
export const workKinds = [
  "gate",
  "loss",
  "capacity",
  "granularity",
  "derivative",
  "application",
  "expert",
  "placement",
  "adapter",
  "scheme",
  "together",
] as const;

/** One of them. */
export type WorkKind = typeof workKinds[number];

/** A work, and where it runs. */
export interface WorkRow {
  /** What of it runs. */
  kind: WorkKind;
  /** Id of the row within its kind. */
  id: string;
  /** Name, as people write it. */
  name: string;
  /** Section of the survey (arXiv 2407.06204); "later" for what it leaves out. */
  section: string;
  /** arXiv id; null where there is none. */
  arxiv: string | null;
  /** Id of the experiment that runs it, or the command: one of {@linkcode workCommands}. */
  experiment: string;
}

/** Commands that run works which no experiment runs. */
export const workCommands = ["upcycle"] as const;

/** What a table of recipes says of each work. */
export type NamedWork = Pick<WorkRow, "id" | "name" | "section" | "arxiv">;

/** The rows of a table of recipes, all of one kind and run by one experiment. */
export function rowsOfTable(
  works: readonly NamedWork[],
  { kind, experiment }: Pick<WorkRow, "kind" | "experiment">,
): WorkRow[] {
  return works.map(({ id, name, section, arxiv }) => ({
    ...{ kind, id, name, section, arxiv, experiment },
  }));
}
