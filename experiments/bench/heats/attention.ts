/**
 * Attention of one long sequence, forward and backward.
 *
 * @module
 */
import { type Attended, attention } from "../../../kernels/attention/attention.ts";
import { attentionBackward } from "../../../kernels/attention/backward.ts";
import { bytes, flops, op } from "../../../kernels/base/op.ts";
import { createRecorder } from "../../../kernels/recorder.ts";
import type { Tensor } from "../../../kernels/tensor.ts";
import { type Heat, type Operator, operatorHeat } from "../heat.ts";
import type { Ring } from "../ring.ts";
import { tensorsOf } from "./sizes.ts";

const LENGTH = 2048;
const HEADS = 4;
const WIDTH = 64;
const SHAPE = [LENGTH, HEADS * WIDTH] as const;
const shape = `S = ${LENGTH}, ${HEADS} heads of ${WIDTH}, causal`;
const options = { length: LENGTH, heads: HEADS };

const forwardOp = op("attention", {
  t: LENGTH,
  s: LENGTH,
  heads: HEADS,
  dqk: WIDTH,
  dv: WIDTH,
});

/** Five products of the causal half where forward has two; q, k, v, o, do in, dq, dk, dv out. */
const backwardWork = { flops: 2.5 * flops(forwardOp), bytes: 2 * bytes(forwardOp) };

const inputs = ({ fill }: Ring): Record<"q" | "k" | "v", Tensor> => ({
  q: fill("q", SHAPE),
  k: fill("k", SHAPE),
  v: fill("v", SHAPE),
});

const operators: readonly Operator[] = [
  {
    name: "attention",
    shape,
    work: forwardOp,
    prepare(ring) {
      const tensors = inputs(ring);
      return (r) => tensorsOf(attention(r, tensors, options));
    },
  },
  {
    name: "attention backward",
    shape,
    work: backwardWork,
    prepare(ring) {
      const tensors = inputs(ring);
      const grad = ring.fill("do", SHAPE);
      const recorder = createRecorder(ring.pool);
      const attended: Attended = attention(recorder, tensors, options);
      recorder.submit();
      ring.keep(...tensorsOf(attended));
      return (r) => tensorsOf(attentionBackward(r, { ...tensors, ...attended, grad }, options));
    },
  },
];

/** Attention of a sequence of 2048 tokens. */
export const attentionHeat: Heat = operatorHeat({
  id: "attention",
  family: "attention",
  says: `attention, ${shape}, forward and backward`,
  operators: () => operators,
});
