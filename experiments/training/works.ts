/**
 * Which published works run here, and in which experiment: what `experiment list --json` gives as
 * `rows`.
 *
 * @module
 */
import { gateRecipes } from "../../core/gates/recipes.ts";
import { balancers } from "./balance/balancers.ts";

/** A work, and where it runs. */
export interface WorkRow {
  /** What of it runs. */
  kind: "gate" | "loss" | "capacity" | "granularity";
  /** Id of the row within its kind. */
  id: string;
  /** Name, as people write it. */
  name: string;
  /** Section of the survey (arXiv 2407.06204); "later" for what it leaves out. */
  section: string;
  /** arXiv id; null where there is none. */
  arxiv: string | null;
  /** Id of the experiment that runs it. */
  experiment: string;
}

const capacity = { kind: "capacity", section: "4.1.1", experiment: "capacity" } as const;

/** Ways to make room for choices. */
const capacities: readonly WorkRow[] = [
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

/** Every work of the tables, by kind. */
export function workRows(): WorkRow[] {
  return [
    ...gateRecipes.map(({ id, name, section, arxiv }): WorkRow => ({
      ...{ kind: "gate", id, name, section, arxiv, experiment: "gates" },
    })),
    ...balancers.filter(({ balance }) => balance.length > 0)
      .map(({ id, name, section, arxiv }): WorkRow => ({
        ...{ kind: "loss", id, name, section, arxiv, experiment: "balance" },
      })),
    ...capacities,
    {
      ...{ kind: "granularity", id: "fine-grained", name: "DeepSeekMoE: fine-grained experts" },
      ...{ section: "4.2.2", arxiv: "2401.06066", experiment: "granularity" },
    },
  ];
}
