/**
 * The line of items that the compute stream of a stage works through in a step.
 *
 * Operations follow each other as the program says. Two that overlap are laid together like the teeth
 * of a zip: one begins an exchange of tokens, and while that runs the other computes, until it begins
 * one in turn (DeepSeek-V3, arXiv 2412.19437, section 3.2.1). Which overlap: the pairs of DualPipe;
 * and with `overlap.experts` "batches" a backward pass with the forward pass that follows it, where
 * the program is far enough ahead: without a pipeline, and interleaved.
 *
 * @module
 */
import type { Plan } from "../../plan/plan.ts";
import type { PipelineProgram } from "../../pipeline/program.ts";
import type { Item } from "./parts.ts";

/** An item in its line. */
export interface LineEntry {
  /** Operation that it is of, by its place in the program. */
  operation: number;
  /** What is done. */
  item: Item;
  /** Whether the operation begins with it, and whether it ends with it. */
  first: boolean;
  last: boolean;
}

function entriesOf(operation: number, items: readonly Item[]): LineEntry[] {
  return items.map((item, i) => ({
    ...{ operation, item, first: i === 0, last: i === items.length - 1 },
  }));
}

/** Runs of entries up to the beginning of an exchange. */
function turnsOf(entries: readonly LineEntry[]): LineEntry[][] {
  const turns: LineEntry[][] = [[]];
  for (const entry of entries) {
    turns[turns.length - 1].push(entry);
    if (entry.item.starts) turns.push([]);
  }
  return turns.filter((turn) => turn.length > 0);
}

/** Two operations in turns, in proportion where one has more of them. */
function together(a: readonly LineEntry[], b: readonly LineEntry[]): LineEntry[] {
  const [one, other] = [turnsOf(a), turnsOf(b)];
  const line: LineEntry[] = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    const next = j === other.length || (i < one.length && i * other.length <= j * one.length);
    line.push(...(next ? one[i++] : other[j++]));
  }
  return line;
}

/** Whether an operation overlaps with the one after it. */
function overlaps({ operations, shape }: PipelineProgram, at: number, { overlap }: Plan): boolean {
  const [one, next] = [operations[at], operations[at + 1]];
  if (next === undefined) return false;
  if (next.paired) return overlap.experts === "dualpipe";
  if (overlap.experts !== "batches") return false;
  const ahead = shape.stages === 1 || shape.name === "interleaved";
  return ahead && one.phase === "BW" && next.phase === "F";
}

/** The line of a program, given the items of its operations. */
export function lineOf(
  program: PipelineProgram,
  scripts: readonly (readonly Item[])[],
  plan: Plan,
): LineEntry[] {
  const line: LineEntry[] = [];
  for (let at = 0; at < scripts.length; at++) {
    const own = entriesOf(at, scripts[at]);
    if (overlaps(program, at, plan)) {
      at++;
      line.push(...together(own, entriesOf(at, scripts[at])));
    } else line.push(...own);
  }
  return line;
}
