/**
 * Batches in DeepSpeed's JSON: of a step, of a replica at a time, and rounds of these; each follows
 * from the others and the number of replicas.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { PlanInput } from "../../plan/plan_input.ts";
import type { Settings } from "../settings.ts";

type Batches = Pick<PlanInput, "dp" | "globalBatch" | "microBatch">;

/** Batches as they are said, and replicas where all three are. */
function said(settings: Settings): Batches & { steps?: number } {
  const at = (name: string) => settings[name] as number | undefined;
  const globalBatch = at("train_batch_size");
  const microBatch = at("train_micro_batch_size_per_gpu");
  const steps = at("gradient_accumulation_steps");
  if (globalBatch === undefined || microBatch === undefined || steps === undefined) {
    return {
      ...(globalBatch !== undefined && { globalBatch }),
      ...(microBatch !== undefined && { microBatch }),
      ...(steps !== undefined && { steps }),
    };
  }
  const dp = globalBatch / (microBatch * steps);
  if (Number.isInteger(dp)) return { dp, globalBatch, microBatch };
  throw new UserError(
    `Cannot read train_batch_size ${globalBatch}: expected a multiple of ` +
      `train_micro_batch_size_per_gpu ${microBatch} times gradient_accumulation_steps ${steps}`,
  );
}

/**
 * What a JSON says of batches, with what follows from the replicas where their number is known.
 *
 * @throws {UserError} for batches that are no whole rounds.
 */
export function readBatches(settings: Settings, replicas: number | undefined): Batches {
  const { steps, ...batches } = said(settings);
  if (batches.dp !== undefined || replicas === undefined) return batches;
  const { globalBatch, microBatch } = batches;
  // One round, where nobody says how many.
  if (microBatch !== undefined) {
    return { microBatch, globalBatch: globalBatch ?? microBatch * (steps ?? 1) * replicas };
  }
  const each = globalBatch === undefined ? NaN : globalBatch / (replicas * (steps ?? 1));
  return { ...batches, ...(Number.isInteger(each) && { microBatch: each }) };
}
