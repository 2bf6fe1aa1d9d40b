/**
 * Pipeline schedules by name.
 *
 * @module
 */
import { unknownName, UserError } from "../../kernels/base/errors.ts";
import type { ScheduleName } from "../plan/plan.ts";
import { dualPipeOrder } from "./dual_pipe.ts";
import { checkGroups, interleavedOrder } from "./interleaved.ts";
import { type ListRule, listSchedule } from "./list_scheduler.ts";
import type { PipelineCosts } from "./costs.ts";
import { evenCosts, makespan } from "./makespan.ts";
import { gpipeOrder, oneForwardOneBackwardOrder } from "./one_forward_one_backward.ts";
import type { Operation, PipelineProgram, PipelineShape, Placement } from "./program.ts";
import { vHalfRule, vMinRule, zbvRule } from "./vee.ts";
import { zeroBubbleRule } from "./zero_bubble.ts";

/** The size of a pipeline and what a schedule may choose. */
export interface ScheduleOptions {
  /** Pipeline stages. */
  stages: number;
  /** Micro-batches of a step; with dualpipe of both directions together. */
  microBatches: number;
  /** Chunks of a stage; what the schedule needs unless given, 1 where it may choose. */
  chunks?: number;
  /** Micro-batches that pass a chunk in a row (interleaved); as many as stages unless given. */
  group?: number;
  /** Activations that a stage may hold (zb-bounded); 2 stages - 1 unless given. */
  limit?: number;
  /**
   * What operations take (zb and v schedules): of the order for equal times and three orders for
   * these, the quickest. Without, the order for equal times.
   */
  costs?: PipelineCosts;
}

/** What is fixed about a schedule. */
export interface ScheduleFacts {
  /** How chunks lie on stages. */
  placement: Placement;
  /** Chunks that it needs; undefined where a plan chooses. */
  chunks?: number;
  /** Whether weight gradients are operations of their own. */
  splits: boolean;
  /** Copies of the parameters that a stage holds. */
  copies: 1 | 2;
}

const plain = { placement: "straight", chunks: 1, splits: false, copies: 1 } as const;
const vee = { placement: "vee", chunks: 2, splits: true, copies: 1 } as const;

/** The schedules and what is fixed about each. */
export const scheduleFacts: Readonly<Record<ScheduleName, ScheduleFacts>> = {
  "gpipe": plain,
  "1f1b": plain,
  "interleaved": { placement: "straight", splits: false, copies: 1 },
  "zb-h1": { ...plain, splits: true },
  "zb-bounded": { ...plain, splits: true },
  "zb-v": vee,
  "v-half": vee,
  "v-min": vee,
  "dualpipe": { placement: "two-way", chunks: 2, splits: true, copies: 2 },
  "dualpipe-v": vee,
};

/** The names of the schedules. */
export const scheduleNames: readonly ScheduleName[] = Object.keys(
  scheduleFacts,
) as ScheduleName[];

function checkCount(what: string, count: number): void {
  if (Number.isSafeInteger(count) && count > 0) return;
  throw new UserError(`Cannot schedule ${count} ${what}: wanted a whole number above 0`);
}

/**
 * The shape of a pipeline.
 *
 * @throws {UserError} for an unknown name, and for sizes that the schedule cannot have.
 */
export function pipelineShape(name: ScheduleName, options: ScheduleOptions): PipelineShape {
  if (!Object.hasOwn(scheduleFacts, name)) throw unknownName("schedule", name, scheduleNames);
  const { stages, microBatches } = options;
  const facts = scheduleFacts[name];
  const chunks = options.chunks ?? facts.chunks ?? 1;
  checkCount("stages", stages);
  checkCount("micro-batches", microBatches);
  checkCount("chunks", chunks);
  if (facts.chunks !== undefined && chunks !== facts.chunks) {
    throw new UserError(
      `Cannot schedule ${name} with ${chunks} chunks a stage: wanted ${facts.chunks}` +
        (name === "1f1b" ? `, or the schedule interleaved` : ""),
    );
  }
  return { name, stages, microBatches, chunks, placement: facts.placement };
}

function ruleOf(shape: PipelineShape, options: ScheduleOptions): ListRule {
  switch (shape.name) {
    case "zb-v":
      return zbvRule(shape);
    case "v-half":
      return vHalfRule(shape);
    case "v-min":
      return vMinRule(shape);
    case "zb-h1":
      return zeroBubbleRule(shape, shape.stages);
    default: {
      const limit = options.limit ?? 2 * shape.stages - 1;
      if (Number.isSafeInteger(limit) && limit > 0) return zeroBubbleRule(shape, limit);
      throw new UserError(
        `Cannot bound the activations by ${limit}: wanted a whole number above 0`,
      );
    }
  }
}

const unit = { forward: 1, backwardInput: 1, backwardWeight: 1, sendSeconds: 0 };

/** Shares of a weight gradient that have to fit into a wait, tried in turn. */
const PATIENCE = [0, 0.3, 0.6];

/** The order for equal times, or the quickest of it and of those for the costs. */
function listed(shape: PipelineShape, options: ScheduleOptions): Operation[][] {
  const rule = ruleOf(shape, options);
  const { costs } = options;
  let best = listSchedule(shape, rule, evenCosts(shape, unit));
  if (costs === undefined) return best;
  const secondsOf = (orders: Operation[][]) =>
    makespan(orders.map((operations, stage) => ({ shape, stage, operations })), costs);
  let seconds = secondsOf(best);
  for (const patience of PATIENCE) {
    const other = listSchedule(shape, { ...rule, patience }, costs);
    const time = secondsOf(other);
    if (time < seconds) [best, seconds] = [other, time];
  }
  return best;
}

function orders(shape: PipelineShape, options: ScheduleOptions): Operation[][] {
  const each = (order: (stage: number) => Operation[]) =>
    Array.from({ length: shape.stages }, (_, stage) => order(stage));
  switch (shape.name) {
    case "gpipe":
      return each(() => gpipeOrder(shape));
    case "1f1b":
      return each((stage) => oneForwardOneBackwardOrder(shape, stage));
    case "interleaved": {
      const group = options.group ?? shape.stages;
      checkGroups(shape, group);
      return each((stage) => interleavedOrder(shape, { stage, group }));
    }
    case "dualpipe":
    case "dualpipe-v":
      return each((stage) => dualPipeOrder(shape, stage));
    default:
      return listed(shape, options);
  }
}

/**
 * The programs of all stages.
 *
 * @throws {UserError} for an unknown name, and for sizes that the schedule cannot have.
 *
 * @example What the last of two stages does under 1F1B
 * ```ts
 * import { schedule } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const [, last] = schedule("1f1b", { stages: 2, microBatches: 2 });
 * assertEquals(last.operations.map((op) => `${op.phase}${op.microBatch}`), ["F0", "BW0", "F1", "BW1"]);
 * ```
 */
export function schedule(name: ScheduleName, options: ScheduleOptions): PipelineProgram[] {
  const shape = pipelineShape(name, options);
  return orders(shape, options).map((operations, stage) => ({ shape, stage, operations }));
}
