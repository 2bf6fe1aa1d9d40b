/**
 * A plan as a user gives it: any part of it, from JSON or from words.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig, type Schema } from "../../kernels/base/config.ts";
import { scheduleNames } from "../pipeline/schedule.ts";
import {
  contextExchanges,
  dispatchers,
  expertOverlaps,
  type Overlap,
  type Plan,
  precisions,
  recomputeModules,
} from "./plan.ts";

/** Part of a plan; `completePlan` fills in the rest. */
export interface PlanInput extends Partial<Omit<Plan, "overlap" | "offload" | "formats">> {
  /** What runs beside what, where it is not as usual. */
  overlap?: Partial<Overlap>;
  /** What lives in the host's memory; nothing unless given. */
  offload?: Partial<Plan["offload"]>;
  /** Formats where they differ from what `precision` implies. */
  formats?: Plan["formats"];
}

const degree = z.int().min(1);
const precision = z.enum(precisions);

/** Checks the fields of a plan in JSON; how they fit together is for `completePlan` to say. */
export const planSchema: Schema<PlanInput> = z.strictObject({
  tp: degree,
  cp: degree,
  dp: degree,
  pp: degree,
  vpp: degree,
  ep: degree,
  etp: degree,
  sequenceParallel: z.boolean(),
  contextExchange: z.enum(contextExchanges),
  zero: z.literal([0, 1, 2, 3]),
  shardRanks: degree,
  schedule: z.enum(scheduleNames),
  stageLayers: z.array(z.array(z.int().min(0)).min(1)).min(1),
  microBatch: degree,
  globalBatch: degree,
  recompute: z.union([z.enum(["none", "full"]), z.array(z.enum(recomputeModules))]),
  offload: z.strictObject({
    optimizer: z.number().min(0).max(1),
    activationLayers: z.int().min(0),
  }).partial(),
  precision,
  formats: z.strictObject({
    dispatch: precision,
    combine: precision,
    gradients: precision,
    parameters: precision,
    mainGradients: precision,
    moments: precision,
  }).partial(),
  dispatcher: z.enum(dispatchers),
  overlap: z.strictObject({
    gradients: z.boolean(),
    parameters: z.boolean(),
    tensor: z.boolean(),
    pipeline: z.boolean(),
    experts: z.enum(expertOverlaps),
  }).partial(),
  capacityFactor: z.number().positive(),
}).partial();

/**
 * A plan from JSON.
 *
 * @param value What was read.
 * @param source Its name, for messages.
 * @throws {UserError} that names every wrong field.
 *
 * @example
 * ```ts
 * import { readPlan } from "@moelab/moelab/sim";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(readPlan({ tp: 2 }, "plan.json").tp, 2);
 * assertThrows(() => readPlan({ tp: 0 }, "plan.json"), TypeError, "at /tp expected at least 1");
 * ```
 */
export function readPlan(value: unknown, source: string): PlanInput {
  return parseConfig(planSchema, value, source);
}
