/**
 * Kinds of experts by name, and an expert layer put together from them.
 *
 * @module
 */
import type { Gated, GateTensor } from "../gates/gate.ts";
import { attentionExperts } from "./attention.ts";
import { sharedExperts } from "./beside.ts";
import { convolutionExperts } from "./convolution.ts";
import { hyperExpert } from "./hyper.ts";
import type { Applied, BesideKind, ExpertRun, RoutedKind } from "./kind.ts";
import { networkExperts, partialExperts } from "./networks.ts";
import { neuronExperts } from "./neurons.ts";
import type { BesideSpec, ExpertShape, ExpertSpec, RoutedSpec } from "./specs.ts";

/** Kinds of routed experts. */
export const routedKinds: {
  readonly [K in RoutedSpec["kind"]]: RoutedKind<Extract<RoutedSpec, { kind: K }>>;
} = {
  network: networkExperts,
  partial: partialExperts,
  neuron: neuronExperts,
  attention: attentionExperts,
  convolution: convolutionExperts,
};

/** What there is beside routed experts. */
export const besideKinds: {
  readonly [K in BesideSpec["kind"]]: BesideKind<Extract<BesideSpec, { kind: K }>>;
} = { shared: sharedExperts, hyper: hyperExpert };

const routedOf = ({ kind }: RoutedSpec) => routedKinds[kind] as RoutedKind;
const besideOf = ({ kind }: BesideSpec) => besideKinds[kind] as BesideKind;

/** Whether a kind can compute chosen experts alone. */
export const skipsExperts = ({ routed }: ExpertSpec): boolean => routedOf(routed).skips ?? false;

/** Parameters of an expert layer by name; those of its gate are not among them. */
export function expertParameters(
  { routed, beside }: ExpertSpec,
  shape: ExpertShape,
): Record<string, GateTensor> {
  return {
    ...routedOf(routed).parameters(routed, shape),
    ...beside && besideOf(beside).parameters(beside, shape),
  };
}

/** States of an expert layer by name. */
export function expertStates(
  { routed }: ExpertSpec,
  shape: ExpertShape,
): Record<string, GateTensor> {
  return routedOf(routed).states?.(routed, shape) ?? {};
}

/**
 * FLOP of a token in the matrix products of an expert layer whose kernels compute the `chosen` experts
 * alone; those of the gate are left out.
 */
export function expertFlops(
  { routed, beside }: ExpertSpec,
  shape: ExpertShape,
  chosen: number,
): number {
  return routedOf(routed).flops(routed, shape, chosen) +
    (beside ? besideOf(beside).flops(beside, shape) : 0);
}

/** The token itself and constants, where the gate weighs them (MoE++, arXiv 2410.07348). */
function withoutNetworks<A, I>({ g, routed }: ExpertRun<A, I>, y: A, gated: Gated<A, I>): A {
  const { copied, added } = gated;
  const and = (sum: A, term: A | undefined) => term === undefined ? sum : g.map("add", sum, term);
  return and(and(y, copied && g.map("multiply", routed, copied)), added);
}

/**
 * What an expert layer gives its tokens.
 *
 * @throws {RangeError} where the gate gave slots or merged experts: these run in `gatedExperts`.
 *
 * @example Two linear units as experts, and what each token chose of them
 * ```ts
 * import { applyExperts, hostArrays, hostIndices, hostMatrix } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const x = hostMatrix([2, 1], [3, 5]);
 * const ids = hostIndices([2, 1], [0, 1]);
 * const { y } = applyExperts({
 *   g: hostArrays({ seed: 1 }),
 *   w: { up: hostMatrix([1, 2], [1, 10]), down: hostMatrix([2, 1], [1, 1]) },
 *   state: {},
 *   shape: { dModel: 1, experts: 2, width: 1, tokens: 2, length: 2 },
 *   ...{ x, routed: x },
 *   gated: {
 *     dispatch: { kind: "choice", ids, weights: hostMatrix([2, 1], [1, 0.5]) },
 *     ...{ losses: [], state: {} },
 *   },
 * }, { routed: { kind: "network", activation: "relu" } });
 * assertEquals([...y.data], [3, 25]);
 * ```
 */
export function applyExperts<A, I>(run: ExpertRun<A, I>, spec: ExpertSpec): Applied<A> {
  const { routed, beside } = spec;
  const given = withoutNetworks(run, routedOf(routed).apply(run, routed), run.gated);
  return beside ? besideOf(beside).apply(run, { spec: beside, given }) : { y: given, losses: [] };
}
