/**
 * Sweeps of gated activations and of their gradients, as feed-forward networks and experts run them.
 *
 * @module
 */
import { activation } from "../../activation/activation.ts";
import { expertBackward } from "../../activation/expert_backward.ts";
import { scattered, staged, type Sweep } from "../sweep.ts";

const silu = { kind: "silu", gated: true } as const;
const columns = [64, 512];

/** The activation by itself. */
export function activationSweep(): Sweep {
  return {
    kind: "activation",
    axes: { m: [64, 1024], n: columns },
    quantum: {},
    fixed: { planes: 2 },
    prepare: staged(({ fill }) => (recorder, { m, n }, label) => [
      activation(recorder, fill([2, m, n]), { ...silu, label }),
    ]),
  };
}

const backward = (ofExperts: boolean) => (): Sweep => ({
  kind: ofExperts ? "expert_backward" : "activation_backward",
  axes: { m: ofExperts ? [32, 256, 2048] : [32, 256, 1024], n: [64, 192, 512] },
  quantum: {},
  fixed: { planes: 2 },
  prepare: staged(({ fill, count }) => (recorder, { m, n }, label) => {
    const rowIds = count(m, "row ids", scattered(m));
    const row = ofExperts ? { weights: fill([m]), rowIds } : undefined;
    const options = { ...silu, h: fill([2, m, n]), row, label };
    const { dh, dweights } = expertBackward(recorder, fill([m, n], "da"), options);
    return [dh, ...(dweights ? [dweights] : [])];
  }),
});

/** The gradient of a network's activation. */
export const activationBackwardSweep: () => Sweep = backward(false);
/** The gradient of experts' activations and of routing weights. */
export const expertBackwardSweep: () => Sweep = backward(true);
