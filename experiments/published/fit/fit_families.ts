/**
 * Calibrates every family of stacks on its rows.
 *
 * @module
 */
import { calibrate, type Calibration } from "../../../sim/calibrate/calibrate.ts";
import type { FamilyLayout } from "../../../sim/calibrate/slots.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import type { Stack } from "../../../sim/stack/stack.ts";
import { stackFamilies, type StackFamily } from "./families.ts";
import type { StepRow } from "./step_rows.ts";

/** The family of a stack. */
export function familyOf(stack: string): StackFamily {
  const family = stackFamilies.find(({ stacks }) => stacks.test(stack));
  if (!family) throw new RangeError(`Cannot calibrate: no family has the stack "${stack}"`);
  return family;
}

/** A family's stacks before any row, from what is known of stacks at large. */
export function startStack(id: string): Stack {
  const { description, start = [] } = familyOf(id);
  const changes = start.find(([pattern]) => pattern.test(id))?.[1] ?? {};
  return { ...baseStack, ...changes, id, description };
}

/** The layout of a family for the stacks that rows ran on. */
export function layoutOfFamily(family: StackFamily, stacks: readonly string[]): FamilyLayout {
  return {
    start: Object.fromEntries([...stacks].sort().map((id) => [id, startStack(id)])),
    shared: family.shared,
    byStack: family.byStack ?? [],
    byArchitecture: family.byArchitecture ?? [],
  };
}

/** A family with its rows and its fit. */
export interface FittedFamily {
  /** Family. */
  family: StackFamily;
  /** Rows that it was fitted on. */
  rows: readonly StepRow[];
  /** Layout that was fitted. */
  layout: FamilyLayout;
  /** Result. */
  calibration: Calibration;
}

/** Rows by family, in the order of the families. */
export function rowsByFamily(rows: readonly StepRow[]): [StackFamily, StepRow[]][] {
  return stackFamilies
    .map((family): [StackFamily, StepRow[]] => [
      family,
      rows.filter((row) => familyOf(row.stack) === family),
    ])
    .filter(([, own]) => own.length > 0);
}

/** Calibrates one family. */
export function fitFamily(
  family: StackFamily,
  rows: readonly StepRow[],
  options: { steps?: number; stacks?: readonly string[] } = {},
): FittedFamily {
  const stacks = options.stacks ?? [...new Set(rows.map((row) => row.stack))];
  const layout = layoutOfFamily(family, stacks);
  return { family, rows, layout, calibration: calibrate(rows, layout, options) };
}
