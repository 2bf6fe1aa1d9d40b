/**
 * Models of an application side by side: a table for each task.
 *
 * @module
 */
import type { ApplicationTask } from "../../core/applications/recipe.ts";
import { applicationById } from "../../core/applications/table.ts";
import { type Estimate, exactly } from "../../kernels/base/estimate.ts";
import type { Row, TableInfo } from "../../reports/result.ts";
import { measureDifference, measureOf, type TrainedGroup } from "../derivatives/trained_models.ts";
import { contentId } from "../hash.ts";

/** The models of a task that were trained on the same batches. */
export interface ApplicationSet {
  /** The task. */
  task: ApplicationTask;
  /** Correlation of the two tasks of recommendation; absent elsewhere. */
  correlation?: number;
  /** The models, controls first. */
  groups: TrainedGroup[];
}

/** The model that another is held against. */
export const controlIn = ({ groups }: ApplicationSet, { against }: TrainedGroup) =>
  groups.find(({ id }) => id === against);

/** The key of a difference in a measure, with the unit of the measure. */
export const differenceKey = ({ decides: { measure } }: ApplicationTask): string =>
  `difference${measure.endsWith("Fraction") ? "Fraction" : ""}`;

/** Measures of a set in the order of its models, the deciding one first. */
function measuresIn({ task, groups }: ApplicationSet): string[] {
  const all = groups.flatMap(({ models: [model] }) => Object.keys(model.measures));
  return [...new Set([task.decides.measure, ...all])];
}

async function rowOf(set: ApplicationSet, group: TrainedGroup): Promise<Row> {
  const { task, correlation } = set;
  const recipe = applicationById(group.id);
  const control = controlIn(set, group);
  const metrics: Record<string, Estimate> = {};
  for (const measure of measuresIn(set)) {
    const found = measureOf(group, measure);
    if (found) metrics[measure] = found;
  }
  if (control) {
    metrics[differenceKey(task)] = measureDifference(group, control, task.decides.measure);
  }
  metrics.parametersCount = exactly(group.models[0].parameters, "counted");
  return {
    id: await contentId({ table: task.id, run: group.id, correlation }),
    table: task.id,
    labels: {
      model: group.name,
      arxiv: recipe.arxiv ?? "–",
      ...correlation !== undefined && { correlation },
      against: control?.name ?? "–",
    },
    kind: "measured",
    metrics,
    warnings: Object.entries(recipe.unverified ?? {})
      .map(([field, value]) => `Default of this suite: ${field}, ${value}.`),
  };
}

/** The table of a task, over all its sets. */
export async function applicationTable(
  sets: readonly ApplicationSet[],
): Promise<{ info: TableInfo; rows: Row[] }> {
  const [first] = sets;
  const { task } = first;
  const rows = await Promise.all(
    sets.flatMap((set) => set.groups.map((group) => rowOf(set, group))),
  );
  const { measure, best } = task.decides;
  return {
    info: {
      id: task.id,
      title: task.name,
      note: `${task.idea} The difference is in ${
        best === "lowest" ? "error" : "the share that is right"
      }, to the model named beside it, on equal seeds and batches: ${
        best === "lowest" ? "below" : "above"
      } 0 is better.`,
      columns: ["model", "arxiv"]
        .concat(first.correlation === undefined ? [] : ["correlation"], "against", measure)
        .concat(differenceKey(task), measuresIn(first).slice(1), "parametersCount"),
    },
    rows,
  };
}
