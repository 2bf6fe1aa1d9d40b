/**
 * Experts behind any gate in f64 on the CPU, slow and plain: what the gradients on the device are
 * judged by, through differences.
 *
 * @module
 */
import { activationOracles, NO_CHOICE } from "../../kernels/mod.ts";
import type { Activation } from "../spec/activation.ts";
import { activationChoice } from "./activations.ts";

/** Sizes of equal networks. */
export interface NetworkSizes {
  /** Model width D. */
  dModel: number;
  /** Hidden width F. */
  dExpert: number;
  /** Networks E. */
  experts: number;
  /** Nonlinearity; "swiglu" where absent. */
  activation?: Activation;
}

/** Networks as dense numbers: up [E, 2, D, F] or [E, D, F], down [E, F, D]. */
export interface NetworkValues {
  /** Gate and up planes, or up matrices. */
  up: ArrayLike<number>;
  /** Down matrices. */
  down: ArrayLike<number>;
}

/** A dispatch as dense numbers; see `Dispatch` in `core/gates/gate.ts`. */
export type DispatchValues =
  | { kind: "choice"; ids: ArrayLike<number>; weights: ArrayLike<number>; topK: number }
  | {
    kind: "slots";
    mix: ArrayLike<number>;
    combine: ArrayLike<number>;
    length: number;
    perExpert: number;
  }
  | { kind: "merged"; weights: ArrayLike<number>; length: number };

/** What network `e` makes of one token. */
export function networkOracle(
  x: ArrayLike<number>,
  options: NetworkSizes & { networks: NetworkValues; e: number },
): Float64Array {
  const { dModel: d, dExpert: f, activation = "swiglu", networks, e } = options;
  const { kind, gated } = activationChoice(activation);
  const { up, down } = networks;
  const act = activationOracles[kind];
  const sum = (at: number, j: number) => {
    let total = 0;
    for (let i = 0; i < d; i++) total += x[i] * up[at + i * f + j];
    return total;
  };
  const first = (gated ? 2 : 1) * e * d * f;
  const y = new Float64Array(d);
  for (let j = 0; j < f; j++) {
    const h = act(sum(first, j)) * (gated ? sum(first + d * f, j) : 1);
    for (let i = 0; i < d; i++) y[i] += h * down[e * f * d + j * d + i];
  }
  return y;
}

/** A bank whose one network is the weighted sum of all. */
function mergedNetwork(
  { up, down }: NetworkValues,
  options: { weights: ArrayLike<number>; row: number; experts: number },
): NetworkValues {
  const { weights, row, experts } = options;
  const merge = (bank: ArrayLike<number>) =>
    Float64Array.from({ length: bank.length / experts }, (_, i) => {
      let total = 0;
      for (let e = 0; e < experts; e++) {
        total += weights[row * experts + e] * bank[e * bank.length / experts + i];
      }
      return total;
    });
  return { up: merge(up), down: merge(down) };
}

/** y[T, D] of x[T, D] behind a dispatch. */
export function gatedExpertsOracle(
  x: ArrayLike<number>,
  options: NetworkSizes & { networks: NetworkValues; dispatch: DispatchValues },
): Float64Array {
  const { dModel: d, experts, networks, dispatch } = options;
  const tokens = x.length / d;
  const y = new Float64Array(tokens * d);
  const row = (t: number) => Float64Array.from({ length: d }, (_, i) => x[t * d + i]);
  const add = (t: number, weight: number, of: Float64Array) =>
    of.forEach((v, i) => y[t * d + i] += weight * v);
  const network = (of: ArrayLike<number>, e: number) => networkOracle(of, { ...options, e });

  if (dispatch.kind === "choice") {
    const { ids, weights, topK } = dispatch;
    for (let choice = 0; choice < tokens * topK; choice++) {
      const t = Math.floor(choice / topK);
      if (ids[choice] === NO_CHOICE) continue;
      add(t, weights[choice], network(row(t), ids[choice]));
    }
    return y;
  }
  for (let first = 0; first < tokens; first += dispatch.length) {
    const members = Array.from({ length: dispatch.length }, (_, i) => first + i);
    if (dispatch.kind === "merged") {
      const at = { weights: dispatch.weights, row: first / dispatch.length, experts };
      const own = { ...options, networks: mergedNetwork(networks, at), e: 0 };
      for (const t of members) add(t, 1, networkOracle(row(t), own));
      continue;
    }
    const { mix, combine, perExpert } = dispatch;
    const slots = experts * perExpert;
    for (let s = 0; s < slots; s++) {
      const input = new Float64Array(d);
      for (const t of members) row(t).forEach((v, i) => input[i] += mix[t * slots + s] * v);
      const output = network(input, Math.floor(s / perExpert));
      for (const t of members) add(t, combine[t * slots + s], output);
    }
  }
  return y;
}
