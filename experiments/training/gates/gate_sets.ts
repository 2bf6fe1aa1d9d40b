/**
 * The sets of trainings that are ranked among themselves, and their tables.
 *
 * @module
 */
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { differenceTable, routerTable, type ToldTable } from "../router_table.ts";
import type { SeedGroup } from "../seed_groups.ts";

/** Trainings that are ranked among themselves. */
export interface GateSet {
  /** Id of its table, such as "decoders-flops". */
  id: string;
  /** "decoders" or "encoders". */
  models: string;
  /** What they are equal in, in words. */
  equal: string;
  /** What differs instead. */
  differs: string;
  /** The trainings. */
  groups: SeedGroup[];
  /** The one that the others are held against. */
  control: SeedGroup;
}

const objectives = { next: "decoders", masked: "encoders" } as const;
const words = {
  flops: { equal: "equal FLOP a token", differs: "parameters" },
  parameters: { equal: "equal parameters", differs: "FLOP a token" },
} as const;

/** The sets of an experiment's trainings; those without a control that ran are left out. */
export function setsOf(groups: readonly SeedGroup[], control: GateRecipe): GateSet[] {
  const sets: GateSet[] = [];
  for (const [objective, models] of Object.entries(objectives)) {
    for (const [equal, said] of Object.entries(words)) {
      const own = groups.filter(({ run }) => run.id.endsWith(`/${equal}/${objective}`));
      const against = own.find(({ run }) => run.recipe?.id === control.id);
      if (!against || against.figures.length === 0) continue;
      sets.push({ id: `${models}-${equal}`, models, ...said, groups: own, control: against });
    }
  }
  return sets;
}

const metricsNote =
  "Rank is shared where intervals overlap. Busiest over mean and load variation " +
  "are 1 and 0 where experts have equal loads; specialisation is the mutual information of expert " +
  "and domain, of the most that can be; router entropy is that of a token's scores, of log E. " +
  "Routers by tag or domain are told the domain of each sequence, which others have to find out. " +
  "Works that are used otherwise than they are trained (by a posterior over domains, by contrast, as " +
  "an ensemble) are compared as they are used. " +
  "Steps are timed by the clock of a machine that may be busy.";

/** What to mind about a router's row. */
function warningsOf({ run: { recipe } }: SeedGroup): string[] {
  if (!recipe) return [];
  const { select, unverified = {} } = recipe;
  const fields = Object.keys(unverified);
  return [
    ...select.kind === "slots" ? [`${select.perExpert} slots an expert`] : [],
    ...fields.length === 0 ? [] : [`defaults of this suite: ${fields.join(", ")}`],
  ];
}

function labelsOf({ run: { name, recipe, model } }: SeedGroup): Record<string, string | number> {
  return {
    router: name,
    section: recipe?.section ?? "–",
    arxiv: recipe?.arxiv ?? "–",
    experts: model.moe?.experts ?? 0,
    expertWidth: model.moe?.width ?? model.ffn!.width,
  };
}

/** Two tables a set: the ranking, and the differences to the control. */
export async function tellSets(sets: readonly GateSet[]): Promise<ToldTable[]> {
  const told: ToldTable[] = [];
  for (const { id, models, equal, differs, groups, control } of sets) {
    const objective = models === "decoders" ? "the next token" : "masked tokens, both ways";
    told.push(
      await routerTable(groups, {
        id,
        title: `Routers as ${models}, ${equal}`,
        note: `Trained on ${objective}; ${differs} differ. ${metricsNote}`,
        labels: labelsOf,
        warnings: warningsOf,
      }),
      await differenceTable(groups, {
        id: `${id}-difference`,
        title: `Held-out loss against ${control.run.name}: ${models}, ${equal}`,
        note: "Loss less that of the control, nats a token, on equal seeds and equal sequences: " +
          "left of 0 is better.",
        control,
      }),
    );
  }
  return told;
}
