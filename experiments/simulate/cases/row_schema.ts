/**
 * What of a row a prediction looks at, and what that may hold. Rows of other collections may leave
 * out what they like and say more than anybody here knows; a field that is known has to be of its
 * kind, and `null` says nothing.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig } from "../../../kernels/base/config.ts";
import { type PublishedCase, trainingCategories } from "../../published/case.ts";
import { trainingFields } from "../../published/case_schema.ts";

const text = z.string().optional();
const said = { source: z.looseObject({ ref: z.string(), file: text, section: text }), notes: text };
const { workload, hardware, plan, recipe } = trainingFields;

const training = z.looseObject({
  ...said,
  workload: workload.partial().loose(),
  hardware: hardware.partial().required({ gpu: true }).loose(),
  plan: plan.partial().loose(),
  recipe: recipe.loose().optional(),
  result: z.looseObject({
    peak_allocated_MB_by_rank: z.record(z.string(), z.number()).optional(),
  }),
});

const measurement = z.looseObject({
  ...said,
  workload: z.looseObject({ topk: z.int().positive().optional() }),
});

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A record without the fields that say nothing, its records likewise. */
function withoutNulls(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, isRecord(value) ? withoutNulls(value) : value]),
  );
}

/**
 * The row, checked as far as its prediction looks at it.
 *
 * @throws {UserError} that names the field that holds something else than its kind.
 */
export function checkedRow(row: PublishedCase): PublishedCase {
  const isStep = trainingCategories.includes(row.category) || row.category === "memory";
  const schema = isStep ? training : measurement;
  const spoken = withoutNulls(row as unknown as Record<string, unknown>);
  return parseConfig(schema, spoken, `row "${row.id}"`) as unknown as PublishedCase;
}
