/**
 * The gradient of the dropless mixture-of-experts layer, as SonicMoE orders it (arXiv 2512.14080):
 * of the forward pass only the input and the pre-activations are kept. With s the routing weight of
 * a row and dY the gradient of the layer's output:
 *
 *     dA'  = gather(dY) Wdown^T                      rows x F
 *     dH, s act(H), ds = from dA', H and s           one pass: ds = rowsum(dA' * act(H))
 *     dWdown = (s act(H))^T gather(dY)               by expert, over its rows
 *     dX'  = dH Wup^T,  dWup = gather(X)^T dH        both planes of H
 *     dX   = sum of a token's rows of dX', plus what comes through the router and shared experts
 *
 * @module
 */
import {
  combine,
  expertBackward,
  gemm,
  groupedGemmInputGrad,
  groupedGemmWeightGrad,
  type Recorder,
  routerBackward,
  type Tensor,
} from "../../kernels/mod.ts";
import type { MoeLayerOptions, MoeLayerOutput, MoeLayerTensors } from "./moe_layer.ts";

/** Gradients of a layer. */
export interface MoeLayerGradients {
  /** Of its input. */
  dx_TD: Tensor;
  /** Of its weights. */
  w: MoeLayerTensors;
}

/**
 * Records the gradients from dy[T, D], that of the output, and puts back what the forward pass saved
 * (not its input).
 *
 * `dweights` [T * K] and `dscores` [T, E] are what losses add to the gradients of the routing weights
 * and of the scores.
 */
export function moeLayerBackward(
  recorder: Recorder,
  dy_TD: Tensor,
  options: MoeLayerOptions & { forward: MoeLayerOutput; dscores?: Tensor },
): MoeLayerGradients {
  const { gate, w, kernels, forward, dscores } = options;
  const { pool } = recorder;
  const { groups, routing, saved } = forward;
  if (!saved) throw new RangeError("Cannot differentiate a layer that kept nothing: set keep");
  const { x_TD, logits_TE, kept_2RF } = saved;
  const { topK } = gate;
  const rows = { groups, variant: kernels.grouped };
  const sums = { groups, variant: kernels.weightGrad };

  const da_RF = groupedGemmInputGrad(recorder, dy_TD, {
    ...{ ...rows, w: w.down_EFD!, gather: true, label: "expert down dx" },
  });
  const { dh: dh_2RF, dweights } = expertBackward(recorder, da_RF, {
    ...{ kind: "silu", gated: true, h: kept_2RF, label: "expert activation backward" },
    row: { weights: routing.weights, rowIds: groups.rowIds },
  });
  pool.release(kept_2RF);
  // What was dA' is now s act(H).
  const down_EFD = groupedGemmWeightGrad(recorder, da_RF, {
    ...{ ...sums, dc: dy_TD, gather: "b", label: "expert down dw" },
  });
  pool.release(da_RF);
  const dx_RD = groupedGemmInputGrad(recorder, dh_2RF, {
    ...{ ...rows, w: w.up_E2DF!, label: "expert up dx" },
  });
  const up_E2DF = groupedGemmWeightGrad(recorder, x_TD, {
    ...{ ...sums, dc: dh_2RF, gather: "a", label: "expert up dw" },
  });
  pool.release(dh_2RF);
  const dlogits_TE = routerBackward(recorder, logits_TE, {
    ...{
      ids: routing.ids,
      dweights: dweights!,
      dscores,
      topK,
      renormalise: gate.softmax === "after",
    },
  });
  pool.release(dweights!, logits_TE);
  const router_DE = gemm(recorder, x_TD, {
    ...{ b: dlogits_TE, transposeA: true, label: "router dw", variant: kernels.weightGrad },
  });
  const shared = sharedBackward(recorder, dy_TD, options);
  const dx_router = gemm(recorder, dlogits_TE, {
    ...{ b: w.router_DE!, transposeB: true, add: shared?.dx_TD },
    ...{ label: "router dx", variant: kernels.transposed },
  });
  pool.release(dlogits_TE, ...(shared ? [shared.dx_TD] : []));
  const { places } = groups;
  const dx_TD = combine(recorder, dx_RD, { places, topK, extra: dx_router, label: "combine dx" });
  pool.release(dx_RD, dx_router);
  const { sharedUp_2DS = null, sharedDown_SD = null } = shared ?? {};
  return { dx_TD, w: { router_DE, up_E2DF, down_EFD, sharedUp_2DS, sharedDown_SD } };
}

function sharedBackward(
  recorder: Recorder,
  dy_TD: Tensor,
  options: MoeLayerOptions & { forward: MoeLayerOutput },
): { dx_TD: Tensor; sharedUp_2DS: Tensor; sharedDown_SD: Tensor } | undefined {
  const { w, kernels, forward } = options;
  const { x_TD, sharedKept_2TS } = forward.saved!;
  const { sharedUp_2DS: up, sharedDown_SD: down } = w;
  if (!up || !down || !sharedKept_2TS) return undefined;
  const { pool } = recorder;
  const byInput = { transposeB: true, variant: kernels.transposed };
  const byWeights = { transposeA: true, variant: kernels.weightGrad };
  const da_TS = gemm(recorder, dy_TD, { ...byInput, b: down, label: "shared down dx" });
  const { dh } = expertBackward(recorder, da_TS, {
    ...{ kind: "silu", gated: true, h: sharedKept_2TS, label: "shared activation backward" },
  });
  const sharedDown_SD = gemm(recorder, da_TS, { ...byWeights, b: dy_TD, label: "shared down dw" });
  pool.release(sharedKept_2TS, da_TS);
  const dx_TD = gemm(recorder, dh, { ...byInput, b: up, label: "shared up dx" });
  const sharedUp_2DS = gemm(recorder, x_TD, { ...byWeights, b: dh, label: "shared up dw" });
  pool.release(dh);
  return { dx_TD, sharedUp_2DS, sharedDown_SD };
}
