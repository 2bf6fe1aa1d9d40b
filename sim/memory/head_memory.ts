/**
 * Memory of the output layer and the loss.
 *
 * @module
 */
import { type MemorySite, wideBytes } from "./site.ts";

/** What the output layer and the loss hold, for one micro-batch. */
export interface HeadMemory {
  /** Input and output of the last norm. */
  normBytes: number;
  /** Logits and what the loss keeps of them, until the backward pass. */
  keptLogitBytes: number;
  /** What the loss adds to them at its worst. */
  extraLogitBytes: number;
  /**
   * Gradient of the layer's input: under sequence parallelism also scattered, and the input; where
   * the loss goes by pieces also summed in FP32.
   */
  workingBytes: number;
}

/** Memory of the output layer and the loss, for one micro-batch. */
export function headMemory({ sizes, plan, split, habits }: MemorySite): HeadMemory {
  const whole = split.tokens * sizes.dModel;
  const own = split.ownTokens * sizes.dModel;
  const { whole: everywhere, chunks } = habits.logits;
  const logits = (split.tokens * sizes.vocab) / (everywhere ? 1 : plan.tp) / chunks;
  const scattered = plan.tp > 1 && plan.sequenceParallel ? whole + own : 0;
  return {
    normBytes: own * (habits.normBytes + wideBytes),
    keptLogitBytes: logits * habits.logits.keptBytes,
    extraLogitBytes: logits * habits.logits.extraBytes,
    workingBytes: (whole + scattered) * wideBytes + (chunks > 1 ? 4 * whole : 0),
  };
}
