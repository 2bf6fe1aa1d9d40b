/**
 * Sweeps of what works on rows: norms, token tables and the loss.
 *
 * @module
 */
import { crossEntropy, crossEntropyBackward } from "../../cross_entropy/cross_entropy.ts";
import { embed, embedBackward } from "../../embedding/embedding.ts";
import { normBackward } from "../../norm/backward.ts";
import { rmsNorm } from "../../norm/norm.ts";
import type { Tensor } from "../../tensor.ts";
import { scattered, staged, type Sweep, type SweepContext, UNTIMED } from "../sweep.ts";

const there = (tensors: (Tensor | undefined)[]) => tensors.filter((t) => t !== undefined);

const norms = { t: [64, 1024], d: [64, 512] };

/** RMSNorm. */
export function normSweep(): Sweep {
  return {
    kind: "norm",
    axes: norms,
    quantum: {},
    fixed: {},
    prepare: staged(({ fill }) => (recorder, { t, d }, label) => {
      const { y, inverse } = rmsNorm(recorder, fill([t, d]), { gamma: fill([d]), label });
      return [y, inverse];
    }),
  };
}

/** The gradients of RMSNorm, with that of the residual added. */
export function normBackwardSweep(): Sweep {
  return {
    kind: "norm_backward",
    axes: norms,
    quantum: {},
    fixed: { adds: 1 },
    prepare: staged(({ fill }) => (recorder, { t, d }, label) => {
      const { dx, dgamma } = normBackward(recorder, fill([t, d], "dy"), {
        ...{ kind: "rms", x: fill([t, d]), normed: { inverse: fill([t]) }, label },
        ...{ gamma: fill([d]), add: fill([t, d], "add") },
      });
      return there([dx, dgamma]);
    }),
  };
}

/** The rows of a table. */
export function embeddingSweep(): Sweep {
  return {
    kind: "embedding",
    axes: norms,
    quantum: {},
    fixed: { v: 4096 },
    prepare: staged(({ fill, count }) => (recorder, { t, d }, label) => [
      embed(recorder, fill([4096, d]), { ids: count(t, "ids", scattered(4096)), label }),
    ]),
  };
}

/** The gradient of a table, added to what the output layer left. */
export function embeddingBackwardSweep(): Sweep {
  return {
    kind: "embedding_backward",
    axes: { ...norms, v: [256, 4096] },
    quantum: {},
    fixed: { adds: 1 },
    prepare: staged(({ fill, count }) => (recorder, { t, d, v }, label) => {
      const ids = count(t, `ids of ${v}`, scattered(v));
      const into = fill([v, d], "table");
      const options = { ids, vocabulary: v, into, accumulate: true, label };
      embedBackward(recorder, fill([t, d]), options);
      return [];
    }),
  };
}

/** Width of the product that makes the logits; it is not timed. */
const NARROW = 8;

const loss = (backwards: boolean) => ({ kernels }: SweepContext): Sweep => ({
  kind: backwards ? "cross_entropy_backward" : "cross_entropy",
  axes: { t: [64, 512], v: [256, 4096] },
  quantum: {},
  fixed: {},
  prepare: staged(({ fill, count }) => (recorder, { t, v }, label) => {
    const x = fill([t, NARROW], "x");
    const targets = count(t, `targets of ${v}`, scattered(v));
    const head = { w: fill([v, NARROW], "w"), targets, variant: kernels.transposed };
    const named = { ...head, keepLogits: true, label: backwards ? UNTIMED : label };
    const forward = crossEntropy(recorder, x, named);
    const { logits, ...rest } = forward;
    if (!backwards) return there([...Object.values(rest), logits]);
    const { dx, dw } = crossEntropyBackward(recorder, x, { ...head, forward, label });
    return [...Object.values(rest), dx, dw];
  }),
});

/** The loss of logits that a product has just written. */
export const lossSweep: (context: SweepContext) => Sweep = loss(false);
/** The gradient of the logits. */
export const lossBackwardSweep: (context: SweepContext) => Sweep = loss(true);
