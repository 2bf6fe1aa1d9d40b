/**
 * The cross-entropy of a language model's head, from activations to loss and back.
 *
 * @module
 */
import {
  crossEntropy,
  crossEntropyBackward,
} from "../../../kernels/cross_entropy/cross_entropy.ts";
import { flops, op } from "../../../kernels/base/op.ts";
import { type Heat, type Operator, operatorHeat } from "../heat.ts";
import type { Ring } from "../ring.ts";
import { tensorsOf } from "./sizes.ts";

const TOKENS = 512;
const WIDTH = 512;
const VOCABULARY = 8192;
const shape = `${TOKENS}x${WIDTH}, ${VOCABULARY} words`;

/** FLOP of one product of all logits. */
const PRODUCT = flops(op("gemm", { m: TOKENS, n: VOCABULARY, k: WIDTH }));
/** Activations and weights; the logits need never be whole. */
const READ = 4 * (TOKENS * WIDTH + VOCABULARY * WIDTH + TOKENS);

function operators({ fill, upload, kernels }: Ring): Operator[] {
  const x = fill("x", [TOKENS, WIDTH]);
  const w = fill("w_VD", [VOCABULARY, WIDTH], { scale: 0.02 });
  const targets = upload(
    "targets",
    [TOKENS],
    Uint32Array.from({ length: TOKENS }, (_, t) => t * 7919 % VOCABULARY),
  );
  const options = { w, targets, variant: kernels.transposed };
  return [
    {
      name: "cross_entropy",
      shape,
      work: { flops: PRODUCT, bytes: READ },
      prepare: () => (r) => tensorsOf(crossEntropy(r, x, options)),
    },
    {
      name: "cross_entropy backward",
      shape,
      work: { flops: 2 * PRODUCT, bytes: 2 * READ },
      prepare: () => (r, begin) => {
        // The gradient uses the kept logits up, and puts them back itself.
        const forward = crossEntropy(r, x, { ...options, keepLogits: true });
        begin();
        const { logits: _, ...kept } = forward;
        return [
          ...tensorsOf(crossEntropyBackward(r, x, { ...options, forward })),
          ...tensorsOf(kept),
        ];
      },
    },
  ];
}

/** Cross-entropy and its gradient. */
export const lossHeat: Heat = operatorHeat({
  id: "loss",
  family: "rows",
  says: `cross-entropy of a head, ${shape}, and its gradient`,
  operators,
});
