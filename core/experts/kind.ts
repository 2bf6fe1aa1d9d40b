/**
 * What a kind of experts is: parameters, and a function in the language of `core/arrays`, so that it
 * runs on the device and, as its own oracle, on the host.
 *
 * Matrices are all that the language has: the matrices of E experts lie side by side, up [D, E F] and
 * down [E F, D], so that one product computes all experts and weights of 0 leave out those that were
 * not chosen. Kinds whose work is a network of each token can skip them (`compute: "chosen"`); what
 * such kernels compute is said by `flops`.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { AuxiliaryLoss, Gated, GateTensor } from "../gates/gate.ts";
import type { ExpertCompute } from "../programs/chosen_experts.ts";
import type { BesideSpec, ExpertShape, RoutedSpec } from "./specs.ts";

/** Where experts run. */
export interface ExpertRun<A, I> {
  /** The language. */
  g: Arrays<A, I>;
  /** Their parameters. */
  w: Readonly<Record<string, A>>;
  /** What is given and never trained by a gradient, such as which positions are static. */
  state: Readonly<Record<string, A>>;
  /** Sizes. */
  shape: ExpertShape;
  /** The layer's normalised input, [T, D]. */
  x: A;
  /** What the routed experts read, [T, D]: x, or what an earlier layer left. */
  routed: A;
  /** What the gate said about `routed`. */
  gated: Gated<A, I>;
  /** Which experts compute for a token; "all" where absent, and for kinds that know no other way. */
  compute?: ExpertCompute;
}

/** What experts give. */
export interface Applied<A> {
  /** [T, D]. */
  y: A;
  /** Losses of their own, already multiplied by their coefficients. */
  losses: AuxiliaryLoss<A>[];
}

/** A kind of routed experts. */
export interface RoutedKind<S extends RoutedSpec = RoutedSpec> {
  /** Parameters by name. */
  parameters(spec: S, shape: ExpertShape): Record<string, GateTensor>;
  /** States by name; none where absent. */
  states?(spec: S, shape: ExpertShape): Record<string, GateTensor>;
  /** What the chosen experts give a token, [T, D]. */
  apply<A, I>(run: ExpertRun<A, I>, spec: S): A;
  /** Whether it can compute chosen experts alone. */
  skips?: boolean;
  /** FLOP of a token that `chosen` experts compute for, in matrix products. */
  flops(spec: S, shape: ExpertShape, chosen: number): number;
}

/** Something that every token passes beside its experts. */
export interface BesideKind<S extends BesideSpec = BesideSpec> {
  /** Parameters by name. */
  parameters(spec: S, shape: ExpertShape): Record<string, GateTensor>;
  /** Both together, from what the routed experts gave. */
  apply<A, I>(run: ExpertRun<A, I>, options: { spec: S; given: A }): Applied<A>;
  /** FLOP of a token, in matrix products. */
  flops(spec: S, shape: ExpertShape): number;
}

/** Normal with a variance of 1 / rows, or `fan` where other than the rows add up. */
export function matrix(rows: number, columns: number, fan = rows): GateTensor {
  return { shape: [rows, columns], init: { normal: 1 / Math.sqrt(fan) } };
}

/**
 * What each expert counts for a token, [T, E], 0 where it was not chosen.
 *
 * @throws {RangeError} where the gate chose none but mixed tokens or merged experts.
 */
export function weightsOf<A, I>(run: ExpertRun<A, I>): A {
  const { g, shape } = run;
  const { weights, ids } = choiceOf(run);
  return g.put(weights, ids, shape.experts);
}

/** Who goes to which expert; throws as {@linkcode weightsOf} does. */
export function choiceOf<A, I>({ gated: { dispatch } }: ExpertRun<A, I>): { ids: I; weights: A } {
  if (dispatch.kind === "choice") return dispatch;
  throw new RangeError(
    `Applied experts behind a gate that gave ${dispatch.kind}, wanted chosen experts; slots and ` +
      "merged experts run in gatedExperts",
  );
}
