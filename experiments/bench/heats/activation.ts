/**
 * Activations of feed-forward networks, plain and gated, and their gradients.
 *
 * @module
 */
import { activation, activationGradient } from "../../../kernels/activation/activation.ts";
import { expertBackward } from "../../../kernels/activation/expert_backward.ts";
import { type Heat, type Operator, operatorHeat } from "../heat.ts";
import { OF_COPY_ACTIVATION, tensorsOf } from "./sizes.ts";

const ROWS = 4096;
const F = 1024;
const OUT = [ROWS, F];
const GATED = [2, ROWS, F];

/** FLOP and bytes by element of the result's plane. */
const work = (flops: number, moved: number) => ({
  flops: flops * ROWS * F,
  bytes: 4 * moved * ROWS * F,
});

const shared = { shape: `${ROWS}x${F}`, ofCopy: OF_COPY_ACTIVATION };
const swiglu = { kind: "silu", gated: true } as const;

const operators: readonly Operator[] = [
  {
    ...shared,
    name: "gelu",
    work: work(9, 2),
    prepare({ fill }) {
      const h = fill("h", OUT);
      return (r) => [activation(r, h, { kind: "gelu_tanh" })];
    },
  },
  {
    ...shared,
    name: "swiglu",
    work: work(5, 3),
    prepare({ fill }) {
      const h = fill("h gated", GATED);
      return (r) => [activation(r, h, swiglu)];
    },
  },
  {
    ...shared,
    name: "swiglu gradient",
    work: work(10, 5),
    prepare({ fill }) {
      const [h, da] = [fill("h gated", GATED), fill("da", OUT)];
      return (r) => [activationGradient(r, da, { ...swiglu, h })];
    },
  },
  {
    ...shared,
    name: "expert backward",
    work: work(14, 6),
    prepare({ fill, upload }) {
      const [h, da] = [fill("h gated", GATED), fill("da", OUT)];
      const weights = fill("weights", [ROWS]);
      const rowIds = upload("row_ids", [ROWS], Uint32Array.from({ length: ROWS }, (_, i) => i));
      const row = { weights, rowIds };
      return (r) => tensorsOf(expertBackward(r, da, { ...swiglu, h, row }));
    },
  },
];

/** Activations and gradients. */
export const activationHeat: Heat = operatorHeat({
  id: "activation",
  family: "elements",
  says: `activations of ${shared.shape}, and their gradients`,
  operators: () => operators,
});
