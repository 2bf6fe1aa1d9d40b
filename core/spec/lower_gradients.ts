/**
 * The gradients of single operators: what runs backwards for an op that ran forwards.
 *
 * @module
 */
import { type AnyOp, type DType, op, type OpDims, type OpKind } from "../../kernels/base/op.ts";
import { type Activation, isGated } from "./activation.ts";

/** Storage type and name of a forward op, for its gradients. */
interface Named {
  dtype: DType;
  name: string;
}

const called = ({ dtype, name }: Named, what: string) => ({ dtype, name: `${name} ${what}` });

/** The gradients of a linear map's weights and of its input. */
function linear({ m, n, k }: OpDims["gemm"], of: Named): AnyOp[] {
  return [
    op("gemm_tn", { m: k, n, k: m }, called(of, "dw")),
    op("gemm_nt", { m, n: k, k: n }, called(of, "dx")),
  ];
}

type Gradients = { [K in OpKind]?: (dims: OpDims[K], of: Named) => AnyOp[] };

/** By kind of forward op. A pointwise pass reads the gradient beside what the forward pass read. */
const gradients: Gradients = {
  gemm: linear,
  norm: (d, of) => [op("norm_backward", { ...d, adds: 0 }, called(of, "backward"))],
  attention: (d, of) => [op("attention_backward", d, called(of, "backward"))],
  rope: (d, of) => [op("rope", d, called(of, "backward"))],
  elementwise: ({ n, reads }, of) => [
    op("elementwise", { n, reads: reads + 1 }, called(of, "backward")),
  ],
};

/**
 * The ops of the gradient of some forward ops, the last of them first. Networks and experts have
 * orders of their own and are not among them.
 *
 * @throws {RangeError} for a kind that has no gradient by itself.
 */
export function gradientsOf(forward: readonly AnyOp[]): AnyOp[] {
  return forward.toReversed().flatMap(({ kind, dims, dtype, name = kind }) => {
    const make = gradients[kind] as ((dims: unknown, of: Named) => AnyOp[]) | undefined;
    if (make) return make(dims, { dtype, name });
    throw new RangeError(`Cannot lower the gradient of ${kind}: it has none by itself`);
  });
}

/** The gradient of a network of one group: down, its activation made again, up. */
export function lowerFfnBackward(
  ffn: { dModel: number; width: number; activation: Activation },
  tokens: number,
  of: { dtype: DType; name: string },
): AnyOp[] {
  const { dModel: d, width: f, activation } = ffn;
  const planes = isGated(activation) ? 2 : 1;
  return [
    op("gemm_nt", { m: tokens, n: f, k: d }, called(of, "down dx")),
    op("activation_backward", { m: tokens, n: f, planes }, called(of, "activation backward")),
    op("gemm_tn", { m: f, n: d, k: tokens }, called(of, "down dw")),
    op("gemm_nt", { m: tokens, n: d, k: f, planes }, called(of, "up dx")),
    op("gemm_tn", { m: d, n: f, k: tokens, planes }, called(of, "up dw")),
  ];
}
