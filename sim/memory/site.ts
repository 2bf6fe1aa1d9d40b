/**
 * What the parts of the memory model look at: a model under a plan, with its software's habits.
 *
 * @module
 */
import type { Sizes } from "../cost/sizes.ts";
import { formats } from "../cost/formats.ts";
import { type Split, splitOf } from "../cost/split.ts";
import type { Workload } from "../cost/workload.ts";
import type { Plan } from "../plan/plan.ts";
import type { Stack } from "../stack/stack.ts";
import type { MemoryHabits } from "./habits.ts";

/** The fields of a stack that memory depends on. */
export type MemoryStack = Pick<Stack, "id" | "allocatorFactor" | "reservedBytes">;

/** A model under a plan; see the module. */
export interface MemorySite {
  /** Model. */
  sizes: Sizes;
  /** Plan. */
  plan: Plan;
  /** Tokens of a sequence. */
  sequence: number;
  /** What the framework keeps. */
  habits: MemoryHabits;
  /** A rank's share of a micro-batch. */
  split: Split;
  /** Rows of all experts of a rank where routing is even, or where buffers have a capacity. */
  expertRows: number;
  /** Bytes of an element that a product keeps as its input. */
  inputBytes: number;
}

/** Bytes of an activation. */
export const wideBytes = 2;

/** Collects what the parts look at. */
export function memorySite(
  sizes: Sizes,
  plan: Plan,
  workload: Workload,
  habits: MemoryHabits,
): MemorySite {
  const split = splitOf(sizes, plan, workload);
  const rows = sizes.moe ? split.ownTokens * sizes.moe.topK * plan.etp : 0;
  const own = plan.sequenceParallel ? 1 : 1 / plan.tp;
  return {
    sizes,
    plan,
    sequence: workload.sequence,
    habits,
    split,
    // Buffers with a capacity are filled up to it.
    expertRows: rows * own * (plan.capacityFactor ?? 1),
    inputBytes: Math.min(wideBytes, formats[plan.precision].bytes),
  };
}
