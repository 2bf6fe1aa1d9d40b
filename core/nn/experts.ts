/**
 * Expert networks as operations on a tape: rows go to the network of their group and come back,
 * whoever chose the groups. The gradients are ordered as in the fused layer (`moe_layer_backward.ts`):
 * of the forward pass only pre-activations are kept, and those of the routing weights are row sums.
 *
 * @module
 */
import {
  activation,
  combine,
  expertBackward,
  groupedGemm,
  groupedGemmGated,
  groupedGemmInputGrad,
  groupedGemmWeightGrad,
  type GroupedOptions,
  groupTensors,
  groupTokens,
  type KernelChoice,
  type Recorder,
  type Tensor,
  type TokenGroups,
} from "../../kernels/mod.ts";
import type { Activation } from "../spec/activation.ts";
import { activationChoice } from "./activations.ts";
import type { Tape, Variable } from "./tape.ts";

/** Networks of equal shape. */
export interface ExpertNetworks {
  /** Gate and up planes [E, 2, D, F] of gated activations, up matrices [E, D, F] of others. */
  up: Variable;
  /** Down matrices [E, F, D]. */
  down: Variable;
  /** Nonlinearity; "swiglu" where absent. */
  activation?: Activation;
  /** Kernel variants. */
  kernels: KernelChoice;
}

/** What becomes of rows beside their networks. */
export interface ExpertRows {
  /** Which rows go where. */
  groups: TokenGroups;
  /** Rows that each row of x has. */
  topK: number;
  /** Factor of what each row gives, f32 of T * K elements; 1 where absent. */
  weights?: Variable;
  /** Added to the result [T, D]. */
  residual?: Variable;
}

/** The first half of the networks: pre-activations, and what they are activated to. */
function rise(
  recorder: Recorder,
  x: Tensor,
  options: ExpertNetworks & { by: Omit<GroupedOptions, "label"> },
): { h: Tensor; kept: Tensor } {
  const { up, by } = options;
  const { kind, gated } = activationChoice(options.activation ?? "swiglu");
  const named = { ...by, w: up.value, label: "expert up" };
  if (gated) {
    const { y, kept } = groupedGemmGated(recorder, x, { ...named, gate: kind, keep: true });
    return { h: y, kept: kept! };
  }
  const kept = groupedGemm(recorder, x, { ...named, gather: true });
  return { h: activation(recorder, kept, { kind, label: "expert activation" }), kept };
}

/**
 * y[T, D] = residual + sum over the K rows of each token of weight * network(x), for x [T, D]; takes the
 * groups over. Rows that no network has give nothing.
 */
export function groupedExperts(
  tape: Tape,
  x: Variable,
  options: ExpertNetworks & ExpertRows,
): Variable {
  const { up, down, groups, topK, weights, residual, kernels } = options;
  const { recorder } = tape;
  const { pool } = recorder;
  const { kind, gated } = activationChoice(options.activation ?? "swiglu");
  const rows = { groups, variant: kernels.grouped };
  const sums = { groups, variant: kernels.weightGrad };
  const { places, rowIds } = groups;

  const { h, kept } = rise(recorder, x.value, { ...options, by: rows });
  const out = groupedGemm(recorder, h, { ...rows, w: down.value, label: "expert down" });
  pool.release(h);
  const y = combine(recorder, out, {
    ...{ places, topK, weights: weights?.value, extra: residual?.value },
  });
  pool.release(out);

  return tape.variable(y, (dy) => {
    const da = groupedGemmInputGrad(recorder, dy, {
      ...{ ...rows, w: down.value, gather: true, label: "expert down dx" },
    });
    const { dh, dweights } = expertBackward(recorder, da, {
      ...{ kind, gated, h: kept, label: "expert activation backward" },
      row: weights && { weights: weights.value, rowIds, partial: true },
    });
    pool.release(kept);
    // What was the gradient of the activations is now the activations, times their weights.
    const ddown = groupedGemmWeightGrad(recorder, da, {
      ...{ ...sums, dc: dy, gather: "b", label: "expert down dw" },
    });
    pool.release(da);
    const dRows = groupedGemmInputGrad(recorder, dh, {
      ...{ ...rows, w: up.value, label: "expert up dx" },
    });
    const dup = groupedGemmWeightGrad(recorder, x.value, {
      ...{ ...sums, dc: dh, gather: "a", label: "expert up dw" },
    });
    pool.release(dh);
    const dx = combine(recorder, dRows, { places, topK, label: "combine dx" });
    pool.release(dRows, ...groupTensors(groups));
    if (weights) tape.addGrad(weights, dweights!);
    tape.addGrad(up, dup);
    tape.addGrad(down, ddown);
    tape.addGrad(x, dx);
    if (residual) tape.addGrad(residual, dy);
    else pool.release(dy);
  }, [kept, ...groupTensors(groups)]);
}

/**
 * Routed experts without their router: y[T, D] = residual + sum over the slots of weights[t, slot] *
 * network ids[t, slot] of x[T, D]. An id that is no expert's, such as NONE, adds nothing, and the
 * gradient of its weight is 0.
 *
 * Gradients go to x, weights, networks and residual. SonicMoE's order, arXiv 2512.14080.
 */
export function routedExperts(
  tape: Tape,
  x: Variable,
  options: ExpertNetworks & {
    /** Expert of each choice, u32 [T * K]. */
    ids: Tensor;
    /** Weight of each choice, f32 of T * K elements. */
    weights: Variable;
    /** Choices of a token. */
    topK: number;
    /** Added to the result [T, D]. */
    residual?: Variable;
  },
): Variable {
  const { ids, up, topK, kernels } = options;
  const groups = groupTokens(tape.recorder, ids, {
    ...{ experts: up.value.shape[0], tileRows: kernels.grouped.rows, topK },
  });
  return groupedExperts(tape, x, { ...options, groups });
}
