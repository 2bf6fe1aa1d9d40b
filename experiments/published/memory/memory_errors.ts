/**
 * How far predicted memory is from published memory: errors of allocations by source, and whether
 * runs fit that fitted.
 *
 * @module
 */
import type { PublishedCase } from "../case.ts";
import { memoryCase } from "./memory_case.ts";
import { compareMemory, type MemoryComparison } from "./predict_memory.ts";

/** Errors of predicted allocations or reservations, predicted over measured less one. */
export interface PeakErrors {
  /** Stack of the rows. */
  group: string;
  /** Figures, one for each stage that was measured, or for the fullest. */
  n: number;
  /** Median of the sizes of errors. */
  median: number;
  /** Nine tenths of the sizes are below. */
  p90: number;
  /** Median of the errors with their signs. */
  bias: number;
  /** Smallest and largest error. */
  worst: readonly [low: number, high: number];
}

/** Predicted against observed: runs that fit, and runs that end for want of memory. */
export interface FitErrors {
  /** What the rows have in common. */
  group: string;
  /** Rows. */
  n: number;
  /** Fitted, and predicted to. */
  bothFit: number;
  /** Ended, and predicted to. */
  bothEnd: number;
  /** Ended, but predicted to fit. */
  falseFit: number;
  /** Fitted, but predicted to end. */
  falseEnd: number;
  /** Share of rows that are right. */
  right: number;
}

/** The tables; see the module. */
export interface MemoryErrors {
  /** Errors of allocations by stack. */
  peaks: PeakErrors[];
  /** The sweep that holds both outcomes: all rows, then by what distinguishes them. */
  sweep: FitErrors[];
  /** All other rows, by stack: nearly all of them are runs that were there, and so fitted. */
  others: FitErrors[];
  /** Every comparison. */
  comparisons: MemoryComparison[];
  /** Rows left out, by reason. */
  unsupported: Record<string, number>;
}

function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at % 1);
}

/** Errors of the stages that a row measured. */
function peakErrorsOf(comparison: MemoryComparison): number[] {
  const { evidence, allocatedBytes, reservedBytes } = comparison;
  if (evidence.kind === "outcome") return [];
  if (evidence.kind === "reserved") {
    return [Math.max(...reservedBytes) / evidence.reservedBytes - 1];
  }
  const predicted = evidence.stages === "all" ? allocatedBytes : allocatedBytes.slice(-1);
  return evidence.allocatedBytes.map((measured, i) => predicted[i] / measured - 1);
}

function peakErrors(group: string, comparisons: readonly MemoryComparison[]): PeakErrors {
  const errors = comparisons.flatMap(peakErrorsOf).sort((a, b) => a - b);
  const sizes = errors.map(Math.abs).sort((a, b) => a - b);
  return {
    group,
    n: errors.length,
    median: quantile(sizes, 0.5),
    p90: quantile(sizes, 0.9),
    bias: quantile(errors, 0.5),
    worst: [errors[0], errors[errors.length - 1]],
  };
}

/** Whether a row's run fitted; rows that print an allocation ran. */
function fitted({ evidence }: MemoryComparison): boolean {
  return evidence.kind !== "outcome" || evidence.fits;
}

function fitErrors(group: string, comparisons: readonly MemoryComparison[]): FitErrors {
  const count = { bothFit: 0, bothEnd: 0, falseFit: 0, falseEnd: 0 };
  for (const comparison of comparisons) {
    const fits = comparison.peakBytes <= comparison.usableBytes;
    if (fitted(comparison)) count[fits ? "bothFit" : "falseEnd"]++;
    else count[fits ? "falseFit" : "bothEnd"]++;
  }
  const n = comparisons.length;
  return { group, n, ...count, right: (count.bothFit + count.bothEnd) / n };
}

function grouped<T>(
  comparisons: readonly MemoryComparison[],
  options: {
    by: (comparison: MemoryComparison) => string;
    make: (group: string, members: readonly MemoryComparison[]) => T;
  },
): T[] {
  const groups = new Map<string, MemoryComparison[]>();
  for (const comparison of comparisons) {
    const key = options.by(comparison);
    groups.set(key, [...(groups.get(key) ?? []), comparison]);
  }
  return [...groups].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([group, members]) => options.make(group, members));
}

/** How near to the limit a prediction counts as near. */
const nearLimit = 0.15;

function distanceOf({ peakBytes, usableBytes }: MemoryComparison): string {
  const near = Math.abs(peakBytes / usableBytes - 1) <= nearLimit;
  return near ? "within 15 % of the limit" : "further from the limit";
}

/** The sweep of arXiv 2311.05610: 603 layouts of which 340 did not fit. */
const isSweep = ({ stack }: MemoryComparison) => /^aleph/.test(stack);

/**
 * The tables of all rows that say something of memory.
 *
 * @example
 * ```ts
 * import { loadCases, memoryErrors } from "@moelab/moelab/experiments";
 * import { assert } from "@std/assert";
 *
 * const { peaks, sweep } = memoryErrors(await loadCases());
 * assert(peaks.find(({ group }) => group === "megatron-core-simumax")!.median < 0.03);
 * assert(sweep[0].right > 0.9);
 * ```
 */
export function memoryErrors(rows: readonly PublishedCase[]): MemoryErrors {
  const comparisons: MemoryComparison[] = [];
  const unsupported: Record<string, number> = {};
  for (const row of rows) {
    if (!/^(train_|finetune|memory)/.test(row.category)) continue;
    const found = memoryCase(row);
    if (!("unsupported" in found)) comparisons.push(compareMemory(found));
    else unsupported[found.unsupported] = (unsupported[found.unsupported] ?? 0) + 1;
  }
  const sweep = comparisons.filter(isSweep);
  const by = (key: (comparison: MemoryComparison) => string) =>
    grouped(sweep, { by: key, make: fitErrors });
  return {
    peaks: grouped(comparisons.filter(({ evidence }) => evidence.kind !== "outcome"), {
      by: ({ stack }) => stack,
      make: peakErrors,
    }),
    sweep: [
      fitErrors("all", sweep),
      ...by(distanceOf),
      ...by(({ sequence }) => `sequence ${sequence}`),
      ...by(({ recompute }) => `recompute ${recompute}`),
      ...by(({ stack }) => stack),
    ],
    others: grouped(comparisons.filter((comparison) => !isSweep(comparison)), {
      by: ({ stack }) => stack,
      make: fitErrors,
    }),
    comparisons,
    unsupported,
  };
}
