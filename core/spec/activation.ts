/**
 * Nonlinearities of feed-forward networks.
 *
 * @module
 */

/**
 * Nonlinearity of a feed-forward network: "relu2" is the square of "relu" (Primer, arXiv
 * 2109.08668); the `glu` kinds have a gate projection beside "up".
 */
export type Activation = "relu" | "relu2" | "gelu" | "geglu" | "swiglu";

/** Whether an activation multiplies two projections (three weight matrices instead of two). */
export function isGated(activation: Activation): boolean {
  return activation === "geglu" || activation === "swiglu";
}
