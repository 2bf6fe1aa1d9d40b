/**
 * The top-k softmax gate: score linearly, select the k largest, weigh by softmax.
 *
 * @module
 */
import {
  gemm,
  type Recorder,
  router,
  type Routing,
  type Tensor,
  type Variant,
} from "../../kernels/mod.ts";

/** How the K chosen experts are weighed. */
export interface TopKGate {
  /** Experts a token. */
  topK: number;
  /**
   * "before": softmax over all experts, then the k largest (GShard, Switch; sums below 1).
   * "after": softmax over the k largest logits (Shazeer, Mixtral; sums to 1).
   * Survey, sections 2.2 and 4.4.1.
   */
  softmax: "before" | "after";
}

/** Records the gate over x[T, D] with weights [D, E]; gives the logits and the choice. */
export function topKGate(
  recorder: Recorder,
  x_TD: Tensor,
  options: { gate: TopKGate; w_DE: Tensor; variant: Variant },
): { logits_TE: Tensor; routing: Routing } {
  const { gate, w_DE, variant } = options;
  const logits_TE = gemm(recorder, x_TD, { b: w_DE, label: "router logits", variant });
  const renormalise = gate.softmax === "after";
  const routing = router(recorder, logits_TE, { topK: gate.topK, renormalise });
  return { logits_TE, routing };
}
