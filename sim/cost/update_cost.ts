/**
 * What the optimiser's step takes.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { planGroup } from "../plan/plan_groups.ts";
import { shardsGradients } from "../plan/sharded_gradients.ts";
import { memorySeconds } from "./device.ts";
import type { Machine } from "./machine.ts";

/** Parameters that a rank holds. */
export interface HeldParameters {
  /** But for experts. */
  dense: number;
  /** Experts. */
  experts: number;
}

/** Bytes of states that an update reads and writes for each parameter that it owns. */
const updateBytes = 30;
/** Bytes of each parameter that it zeroes, checks and clips. */
const gradientBytes = 8;

/** Seconds of an update, bound by memory. */
export function updateSeconds(
  held: HeldParameters,
  plan: Plan,
  { device }: Pick<Machine, "device">,
): number {
  const all = held.dense + held.experts;
  const owned = plan.zero > 0
    ? held.dense / planGroup("shard", plan).size +
      held.experts / planGroup("expert-data", plan).size
    : all;
  const touched = shardsGradients(plan) ? owned : all;
  return memorySeconds(owned * updateBytes + touched * gradientBytes, device);
}
