/**
 * Experts behind any gate: what a gate says happens to the tokens, on the kernels.
 *
 * @module
 */
import type { Tensor } from "../../kernels/mod.ts";
import { flat } from "../arrays/device_arrays.ts";
import type { Arrays } from "../arrays/arrays.ts";
import type { Gated } from "../gates/gate.ts";
import { type ExpertNetworks, routedExperts } from "./experts.ts";
import { mergedExperts } from "./merged.ts";
import { plus, stored } from "./pointwise.ts";
import { slotExperts } from "./slots.ts";
import type { Tape, Variable } from "./tape.ts";

/** What experts behind a gate are made of. */
export interface GatedExpertsOptions extends ExpertNetworks {
  /** What the gate gave. */
  gated: Gated<Variable, Tensor>;
  /** The language over the same tape. */
  g: Arrays<Variable, Tensor>;
  /** Added to the result [T, D]. */
  residual?: Variable;
}

/**
 * y[T, D] = residual + what experts make of x[T, D] as a gate says: of chosen experts, of slots or of
 * merged ones, plus the token itself and constants where the gate gives them weights.
 *
 * Gradients go to x, to the networks, to the residual and to all that the gate gave. Where x is stored
 * in f16, slots and merged experts are computed on tokens in f32, as the gate gives them.
 */
export function gatedExperts(tape: Tape, x: Variable, options: GatedExpertsOptions): Variable {
  const { g, gated: { dispatch, copied, added }, residual, ...networks } = options;
  const dtype = x.value.dtype === "f16" ? "f16" : "f32";
  const like = (term: Variable) => stored(tape, term, dtype);
  const sum = (terms: (Variable | undefined)[]) =>
    terms.filter((term) => term !== undefined)
      .reduce<Variable | undefined>((all, term) => all ? plus(tape, all, term) : term, undefined);
  const rest = sum([
    residual,
    copied && like(g.map("multiply", stored(tape, x, "f32"), copied)),
    added && like(added),
  ]);
  switch (dispatch.kind) {
    case "choice": {
      const [, topK] = g.shapeOf(dispatch.weights);
      const weights = flat(tape, dispatch.weights);
      const { ids } = dispatch;
      return routedExperts(tape, x, { ...networks, ids, weights, topK, residual: rest });
    }
    case "slots": {
      const y = slotExperts(tape, stored(tape, x, "f32"), { ...networks, ...dispatch });
      return sum([like(y), rest])!;
    }
    case "merged": {
      const y = mergedExperts(tape, stored(tape, x, "f32"), { ...networks, ...dispatch });
      return sum([like(y), rest])!;
    }
  }
}
