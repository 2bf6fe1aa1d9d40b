/**
 * Gated feed-forward networks and mixtures of them.
 *
 * @module
 */
import type { ClampedGate, RunSettings } from "../../../../core/checkpoints/run_settings.ts";
import type { MoeSpec } from "../../../../core/spec/experts.ts";
import { type Choice, route } from "./router.ts";
import { dot, type Find, part, plus, type Rows, sigmoid, type Tensor, times } from "./tensors.ts";

/** The weights of one network: planes gate and up, and the way back. */
export interface Network {
  /** [2, D, F]. */
  up: Tensor;
  /** [2, F]. */
  upBias?: Tensor;
  /** [F, D]. */
  down: Tensor;
  /** [D]. */
  downBias?: Tensor;
}

/** silu(gate) * up, or both clamped and (up + 1) * gate * sigmoid(alpha * gate) (gpt-oss). */
export function gated(gate: number, up: number, clamped?: ClampedGate): number {
  if (!clamped) return gate * sigmoid(gate) * up;
  const { limit, alpha } = clamped;
  const g = Math.min(gate, limit);
  const u = Math.min(Math.max(up, -limit), limit);
  return (u + 1) * g * sigmoid(alpha * g);
}

/** A network on one token. */
export function feedForward(
  x: Float64Array,
  network: Network,
  clamped?: ClampedGate,
): Float64Array {
  const { up, upBias, down, downBias } = network;
  const [gates, ups] = [0, 1]
    .map((plane) => times(x, part(up, plane), upBias && part(upBias, plane)));
  return times(gates.map((gate, f) => gated(gate, ups[f], clamped)), down, downBias);
}

/** Where a layer's experts find what they need. */
export interface ExpertContext {
  spec: MoeSpec;
  find: Find;
  /** Whether a weight is there at all. */
  has: (name: string) => boolean;
  settings: RunSettings;
  /** Experts of each token, where they are chosen elsewhere. */
  imposed?: readonly (readonly number[])[];
}

/** The shared experts of a token, all side by side, scaled by their gate where there is one. */
function shared(x: Float64Array, { spec, find }: ExpertContext): Float64Array {
  const out = feedForward(x, { up: find("moe.sharedUp"), down: find("moe.sharedDown") });
  if (!spec.sharedGate) return out;
  const gate = sigmoid(dot(x, find("moe.sharedGate").data));
  return out.map((value) => value * gate);
}

function expert(e: number, { spec, find }: ExpertContext): Network {
  return {
    up: part(find("moe.up"), e),
    down: part(find("moe.down"), e),
    ...(spec.bias && {
      upBias: part(find("moe.up.bias"), e),
      downBias: part(find("moe.down.bias"), e),
    }),
  };
}

/** The experts of a layer on its normed input. */
export function experts(x_TD: Rows, context: ExpertContext): { out: Rows; choices: Choice[] } {
  const { spec, find, has, settings, imposed } = context;
  if (!settings.router) throw new RangeError("Cannot route without settings of the router");
  const [bias, balance] = ["moe.router.bias", "moe.balance"]
    .map((name) => has(name) ? find(name) : undefined);
  if (spec.router.bias && !bias && !balance) {
    throw new RangeError(
      "The router has a bias, but neither moe.router.bias nor moe.balance is given",
    );
  }
  const options = {
    settings: settings.router,
    topK: spec.topK,
    balance: balance?.data,
    limit: spec.router.limit,
  };
  const choices = x_TD.map((x, t) => {
    const logits = times(x, find("moe.router"), bias);
    return route(logits, { ...options, imposed: imposed?.[t] });
  });
  const out = x_TD.map((x, t) => {
    const { ids, weights } = choices[t];
    const routed = ids.map((e) => feedForward(x, expert(e, context), settings.clamped));
    const sum = routed.reduce(
      (all, one, i) => all.map((value, d) => value + weights[i] * one[d]),
      new Float64Array(x.length),
    );
    return spec.shared ? plus(sum, shared(x, context)) : sum;
  });
  return { out, choices };
}
