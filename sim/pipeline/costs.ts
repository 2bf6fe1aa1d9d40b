/**
 * What the parts of a pipeline take.
 *
 * @module
 */

/** Seconds of the parts of a pipeline, by `[stage][chunk]`. */
export interface PipelineCosts {
  /** Forward pass of a micro-batch. */
  forward: readonly (readonly number[])[];
  /** Gradients of the inputs. */
  backwardInput: readonly (readonly number[])[];
  /** Gradients of the weights. */
  backwardWeight: readonly (readonly number[])[];
  /** Both where they are one operation; the sum unless given. */
  backward?: readonly (readonly number[])[];
  /** From the end of an operation until its output is on another stage. Sends delay no kernels. */
  sendSeconds: number;
  /**
   * A forward and the whole backward of another micro-batch that run beside each other, by the
   * stage and the chunk of the forward; the sum of the two unless given. Both wait for what either
   * needs, and end together.
   */
  pair?: readonly (readonly number[])[];
  /** The same where each has its own beginning and end; goes before `pair`. */
  pairs?: PairTimes;
}

/** Pairs in parts, by `(stage * chunks + chunk of the forward) * chunks + chunk of the backward`. */
export interface PairTimes {
  /** From the beginning of the first until the second begins. */
  lead: readonly number[];
  /** From the beginning of the first until its output is there. */
  first: readonly number[];
  /** From the beginning of the first until the output of the second is there. */
  second: readonly number[];
  /** From the beginning of the first until the stage is free. */
  whole: readonly number[];
}
