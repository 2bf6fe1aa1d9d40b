/**
 * Derivatives beside what they are held against.
 *
 * @module
 */
import { derivativeById } from "../../core/derivatives/table.ts";
import { type Estimate, exactly } from "../../kernels/base/estimate.ts";
import type { Row, TableInfo } from "../../reports/result.ts";
import { contentId } from "../hash.ts";
import { measureDifference, measureOf, type TrainedGroup } from "./trained_models.ts";

/** Texts as the table names them. */
const texts = {
  all: "all domains",
  old: "old domains",
  new: "new domains, after the old",
} as const;

/** The group that another is held against, where there is one. */
export function heldAgainst(
  { against }: TrainedGroup,
  groups: readonly TrainedGroup[],
): TrainedGroup | undefined {
  return groups.find(({ id }) => id === against);
}

/** Measures beside the loss, in the order of the columns. */
const others = ["oldLoss", "expectedDepth", "throughFraction"] as const;

const present = (metrics: Record<string, Estimate | undefined>): Record<string, Estimate> =>
  Object.fromEntries(
    Object.entries(metrics).flatMap(([key, one]) => one === undefined ? [] : [[key, one]]),
  );

/** The table: each derivative below what it is held against. */
export async function derivativeTable(
  groups: readonly TrainedGroup[],
): Promise<{ info: TableInfo; rows: Row[] }> {
  const id = "derivatives";
  const rows = await Promise.all(groups.map(async (group): Promise<Row> => {
    const recipe = derivativeById(group.id);
    const control = heldAgainst(group, groups);
    const [{ parameters, trained }] = group.models;
    return {
      id: await contentId({ table: id, run: group.id }),
      table: id,
      labels: {
        model: group.name,
        ...{ arxiv: recipe.arxiv ?? "–", learns: texts[recipe.learns] },
        against: control?.name ?? "–",
      },
      kind: "measured",
      metrics: present({
        loss: measureOf(group, "loss"),
        lossDifference: control && measureDifference(group, control, "loss"),
        ...Object.fromEntries(others.map((name) => [name, measureOf(group, name)])),
        parametersCount: exactly(parameters, "counted"),
        trainedCount: exactly(trained, "counted"),
      }),
      warnings: [
        ...recipe.looksAhead === undefined ? [] : [recipe.looksAhead],
        ...Object.entries(recipe.unverified ?? {})
          .map(([field, value]) => `Default of this suite: ${field}, ${value}.`),
      ],
    };
  }));
  return {
    info: {
      id,
      title: "Derivatives and what they are held against",
      note:
        "Held-out loss in nats a token, of the text that a model learned last; of prompts, of " +
        "the second half of each sequence. The difference is to the model named beside it, on " +
        "equal seeds and batches: below 0 is better. Old loss is that of the old domains after " +
        "the new ones were learned.",
      columns: ["model", "arxiv", "learns", "against", "loss", "lossDifference", ...others]
        .concat("parametersCount", "trainedCount"),
    },
    rows,
  };
}
