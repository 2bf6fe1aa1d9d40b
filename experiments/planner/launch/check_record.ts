/**
 * A checked configuration as a record: what `plan --check FILE --json` prints.
 *
 * @module
 */
import type { LaunchCheck } from "./check_launch.ts";

/** A checked configuration; see the module. */
export interface CheckRecord extends
  Pick<
    LaunchCheck,
    "launcher" | "version" | "source" | "modelAsked" | "said" | "fits" | "limitBytes" | "whyNot"
  >,
  Pick<LaunchCheck, "refused" | "differences" | "mismatches" | "assumed" | "ignored"> {
  /** Version of this format. */
  schema: 1;
  /** Model. */
  model: string;
  /** Cluster, its device, and how many there are. */
  cluster: { id: string; device: string; devices: number };
  /** Tokens of a sequence. */
  sequence: number;
  /** Software. */
  stack: string;
  /** The plan in words; none where it does not hold. */
  plan?: string;
  /** The step in closed form, seconds. */
  closedSeconds?: number;
  /** Memory of the fullest stage, bytes. */
  peakBytes?: number;
}

/** A check as a record, without what is no plain data or can be worked out again. */
export function checkRecord(check: LaunchCheck): CheckRecord {
  const { planning, plan: _, price, words, ...kept } = check;
  const { model, cluster: { id, device, devices }, workload, stack } = planning;
  return {
    schema: 1,
    ...kept,
    ...{ model: model.id, cluster: { id, device, devices } },
    ...{ sequence: workload.sequence, stack: stack.id },
    ...(words !== undefined && { plan: words }),
    ...(price && { closedSeconds: price.stepSeconds, peakBytes: price.peakBytes }),
  };
}
