/**
 * The numbers of a family of stacks that move together, laid out in a row.
 *
 * @module
 */
import { resolveStack, type Stack } from "../stack/stack.ts";
import { type StackParameterName, stackParameters } from "./parameters.ts";

/** A step that can be predicted under any stack. */
export interface PredictedStep {
  /** Id for messages. */
  id: string;
  /** Id of the stack that ran it. */
  stack: string;
  /** Architecture of its device. */
  architecture: string;
  /** Predicted seconds under a stack. */
  predict: (stack: Stack) => number;
}

/** Which parameters move. */
export interface FamilyLayout {
  /** Stacks before any row, by id. */
  start: Readonly<Record<string, Stack>>;
  /** Parameters that all stacks share. */
  shared: readonly StackParameterName[];
  /** Parameters with a value for each stack. */
  byStack: readonly StackParameterName[];
  /** Parameters with a value for each architecture: `productFactor` and `attentionFactor`. */
  byArchitecture: readonly ("productFactor" | "attentionFactor" | "groupedFactor")[];
}

/** A number that moves. */
export interface StackSlot {
  /** Which. */
  name: StackParameterName;
  /** Id of the one stack that it holds for. */
  stack?: string;
  /** Architecture that it holds for. */
  architecture?: string;
}

/**
 * Where to begin. A host that is fast enough leaves no slope to follow: steps that wait for it are
 * found from a start where they do.
 */
export function startsOf(
  start: readonly number[],
  slots: readonly StackSlot[],
): (readonly number[])[] {
  if (!slots.some(({ name }) => name === "hostSeconds")) return [start];
  const slowHost = 4;
  return [start, start.map((v, i) => slots[i].name === "hostSeconds" ? v * slowHost : v)];
}

/** The numbers that a layout lets move for some rows. */
export function slotsOf(rows: readonly PredictedStep[], layout: FamilyLayout): StackSlot[] {
  const stacks = Object.keys(layout.start).sort();
  const architectures = [...new Set(rows.map((row) => row.architecture))].sort();
  return [
    ...layout.shared.map((name): StackSlot => ({ name })),
    ...stacks.flatMap((stack) => layout.byStack.map((name): StackSlot => ({ name, stack }))),
    ...architectures.flatMap((architecture) =>
      layout.byArchitecture.map((name): StackSlot => ({ name, architecture }))
    ),
  ];
}

/** The stacks of a layout with their numbers at some values. */
export function stacksAt(
  values: readonly number[],
  slots: readonly StackSlot[],
  start: FamilyLayout["start"],
): Record<string, Stack> {
  const result: Record<string, Stack> = {};
  for (const [id, from] of Object.entries(start)) {
    let stack = from;
    slots.forEach(({ name, stack: only, architecture }, i) => {
      if (only !== undefined && only !== id) return;
      if (stackParameters[name].read(from) === 0) return;
      if (architecture === undefined) stack = stackParameters[name].write(stack, values[i]);
      else {
        const known = stack.byArchitecture?.[architecture] ?? {};
        const changed = { ...known, [name]: values[i] };
        stack = { ...stack, byArchitecture: { ...stack.byArchitecture, [architecture]: changed } };
      }
    });
    result[id] = stack;
  }
  return result;
}

/** Where a number is before any row. */
export function startOf(
  { name, stack, architecture }: StackSlot,
  start: FamilyLayout["start"],
): number {
  const { read } = stackParameters[name];
  const some = stack ?? Object.keys(start).sort().find((id) => read(start[id]) > 0);
  if (some === undefined) throw new RangeError(`Cannot calibrate ${name}: every stack has it at 0`);
  return read(architecture ? resolveStack(start[some], architecture) : start[some]);
}
