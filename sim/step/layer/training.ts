/**
 * A training step of one device: its operators one after the other, as a single queue runs them.
 *
 * @module
 */
import type { TrainingOps, TrainingPhase } from "../../../core/spec/lower_training.ts";
import { type Estimate, exactly, sum } from "../../../kernels/base/estimate.ts";
import { type AnyOp, bytes, flops } from "../../../kernels/base/op.ts";
import type { Span } from "../../engine/span.ts";

/** What a phase costs. */
export interface PhaseCost {
  /** Seconds, the sum of its operators. */
  seconds: Estimate;
  /** FLOP that count, see `flops`. */
  flops: number;
  /** Bytes moved at the least, see `bytes`. */
  bytes: number;
}

/** A training step, priced. */
export interface TrainingStep {
  /** One span an operator, on the compute lane of rank 0; its name begins with its phase. */
  spans: Span[];
  /** Cost by phase. */
  phases: Record<TrainingPhase, PhaseCost>;
  /** Cost of the step. */
  total: PhaseCost;
}

function costOf(ops: readonly AnyOp[], price: (op: AnyOp) => Estimate): PhaseCost {
  const all = (count: (op: AnyOp) => number) => ops.reduce((total, op) => total + count(op), 0);
  return {
    seconds: sum(ops.map(price), "sum of operators"),
    flops: all(flops),
    bytes: all(bytes),
  };
}

/**
 * Prices a training step on one device. Nothing overlaps, and nothing is waited for in between but
 * `gap`, the seconds before the launches of an op: 0 where it is left out.
 *
 * @example What a step of the tiny model would take on an H100, and how much of it updates weights
 * ```ts
 * import { lowerTrainingStep, modelPreset } from "@moelab/moelab/core";
 * import { deviceProfile, priceOp, trainingStep } from "@moelab/moelab/sim";
 * import { assert, assertAlmostEquals } from "@std/assert";
 *
 * const h100 = deviceProfile("h100");
 * const ops = lowerTrainingStep(modelPreset("tiny"), 1024, { sequence: 256, dtype: "bf16" });
 * const { phases, total, spans } = trainingStep(ops, (op) => priceOp(op, h100));
 * assertAlmostEquals(spans.at(-1)!.endSeconds, total.seconds.value, 1e-12);
 * assert(phases.backward.flops > 1.9 * phases.forward.flops);
 * assert(phases.update.seconds.value < 0.5 * total.seconds.value);
 * ```
 */
export function trainingStep(
  ops: TrainingOps,
  launched: (op: AnyOp) => Estimate,
  options: { gap?: (op: AnyOp) => number } = {},
): TrainingStep {
  const { forward, backward, update } = ops;
  const { gap } = options;
  const price = (op: AnyOp): Estimate => {
    const seconds = launched(op);
    return gap ? sum([seconds, exactly(gap(op), "gap")], seconds.method) : seconds;
  };
  const inOrder = { forward, backward, update };
  const spans: Span[] = [];
  let now = 0;
  for (const [phase, list] of Object.entries(inOrder)) {
    for (const op of list) {
      const startSeconds = now;
      now += price(op).value;
      spans.push({
        ...{ rank: 0, stream: "compute", name: `${phase}: ${op.name ?? op.kind}` },
        ...{ class: "compute", startSeconds, endSeconds: now },
        ...{ flops: flops(op), bytes: bytes(op) },
      });
    }
  }
  return {
    spans,
    phases: {
      forward: costOf(forward, price),
      backward: costOf(backward, price),
      update: costOf(update, price),
    },
    total: costOf([...forward, ...backward, ...update], price),
  };
}
