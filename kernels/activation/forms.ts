/**
 * Activations and their slopes as WGSL.
 *
 * All but ReLU are x * f(x) with f between 0 and 1, so that value and slope share one exponential:
 *
 *     relu       max(x, 0)
 *     silu       x sigmoid(x)                                     Elfwing et al., arXiv 1702.03118
 *     gelu       x Phi(x), Phi the normal distribution            Hendrycks & Gimpel, arXiv 1606.08415
 *     gelu_tanh  x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, section 2 there
 *
 * Phi comes from Abramowitz and Stegun's 7.1.26 for erf, which is off by 1.5e-7 at most. Gated forms (act(gate) * up: ReGLU, SwiGLU, GEGLU) are
 * Shazeer's, arXiv 2002.05202.
 *
 * @module
 */

/** Names of the activations. */
export type ActivationKind = "relu" | "silu" | "gelu" | "gelu_tanh";

/** Which activation, and of what form. */
export interface ActivationChoice {
  /** The function. */
  kind: ActivationKind;
  /** True for act(h[0]) * h[1], h [2, rows, F]. */
  gated?: boolean;
}

/** `act(x)` gives value and slope: `2.0 * sqrt(2 / pi)` is 1.5957691. */
const bodies: Readonly<Record<ActivationKind, readonly string[]>> = {
  relu: ["return Act(max(x, vec4f()), select(vec4f(), vec4f(1.0), x > vec4f()));"],
  silu: [
    // Below -88 the fraction is 0, and exp must not overflow.
    "let c = max(x, vec4f(-88.0));",
    "let part = 1.0 / (1.0 + exp(-c));",
    "let value = c * part;",
    "return Act(value, part + value * (1.0 - part));",
  ],
  gelu: [
    "let bell = exp(-0.5 * x * x);",
    "let t = 1.0 / (1.0 + 0.3275911 * 0.70710678 * abs(x));",
    "let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * " +
    "(-1.453152027 + t * 1.061405429))));",
    "let beyond = 0.5 * series * bell;",
    "let part = select(beyond, 1.0 - beyond, x > vec4f());",
    "return Act(x * part, part + 0.39894228 * x * bell);",
  ],
  gelu_tanh: [
    // Beyond 10 the fraction is 0 or 1, and neither its cube nor exp must overflow.
    "let c = clamp(x, vec4f(-10.0), vec4f(10.0));",
    "let square = c * c;",
    "let part = 1.0 / (1.0 + exp(-1.5957691 * c * (1.0 + 0.044715 * square)));",
    "let value = max(x, vec4f(-10.0)) * part;",
    "return Act(value, part + c * part * (1.0 - part) * 1.5957691 * (1.0 + 0.134145 * square));",
  ],
};

/**
 * The WGSL function `act(x: vec4f) -> Act` with the members `value` and `slope`.
 *
 * @example
 * ```ts
 * import { activationForm } from "@moelab/moelab/kernels";
 * import { assertStringIncludes } from "@std/assert";
 *
 * assertStringIncludes(activationForm("relu"), "fn act(x: vec4f) -> Act");
 * ```
 */
export function activationForm(kind: ActivationKind): string {
  return [
    "struct Act { value: vec4f, slope: vec4f };",
    "fn act(x: vec4f) -> Act {",
    ...bodies[kind],
    "}",
  ].join("\n");
}
