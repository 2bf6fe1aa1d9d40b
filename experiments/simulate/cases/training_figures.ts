/**
 * What the simulator says of a published training step: its time, its memory, whether it fits.
 *
 * @module
 */
import { closedForm } from "../../../sim/cost/closed_form.ts";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import { stepCosts } from "../../../sim/cost/step_costs.ts";
import type { Stack } from "../../../sim/stack/stack.ts";
import { memoryCase } from "../../published/memory/memory_case.ts";
import { compareMemory } from "../../published/memory/predict_memory.ts";
import {
  type CaseDescription,
  type CasePrediction,
  describeCase,
  type PublishedCase,
  type ResultFigure,
  resultKeys,
  type UnsupportedCase,
} from "../../published/mod.ts";

/** Finds the software of a row by the id that its description has. */
export type StackOf = (id: string) => Stack;

/** Seconds of a described step in closed form. */
export function describedSeconds(
  { sizes, plan, workload, cluster, flags }: CaseDescription,
  stack: Stack,
): number {
  const machine = machineOf(cluster, plan.precision, flags).machine(stack);
  return closedForm(stepCosts({ sizes, plan, workload, machine }), plan, machine).stepSeconds;
}

/** What of a row's memory can be said. */
function memoryOf(row: PublishedCase): Omit<CasePrediction, "stepSeconds"> {
  const found = memoryCase(row);
  if ("unsupported" in found) return {};
  const { allocatedBytes, reservedBytes, peakBytes, usableBytes } = compareMemory(found);
  return {
    peakAllocatedBytes: allocatedBytes,
    peakReservedBytes: Math.max(...reservedBytes),
    outcome: peakBytes <= usableBytes ? "fits" : "oom",
  };
}

/**
 * The figures of a training row, and whether it fits where that can be said; or why there are none.
 *
 * @throws {UserError} where its device knows no such format.
 */
export function trainingFigures(
  row: PublishedCase,
  stackOf: StackOf,
): Record<string, ResultFigure> | UnsupportedCase {
  const described = describeCase(row);
  if ("unsupported" in described) return described;
  const stepSeconds = describedSeconds(described, stackOf(described.stack));
  const memory = memoryOf(row);
  // A run that printed a time has fitted, so that the outcome is a figure of every row.
  return {
    ...(memory.outcome && { outcome: memory.outcome === "fits" ? "fits" : "OOM" }),
    ...resultKeys(row, { stepSeconds, ...memory }),
  };
}

/** The figures of a row of category "memory". */
export function memoryFigures(
  row: PublishedCase,
): Record<string, ResultFigure> | UnsupportedCase {
  const found = memoryCase(row);
  if ("unsupported" in found) return found;
  const { allocatedBytes } = compareMemory(found);
  const wanted = Object.keys(row.result);
  const said = { mem_max_allocated_bytes: allocatedBytes[allocatedBytes.length - 1] };
  return wanted.length === 0 || "mem_max_allocated_bytes" in row.result
    ? said
    : { unsupported: `no form for ${wanted.join(", ")}` };
}
