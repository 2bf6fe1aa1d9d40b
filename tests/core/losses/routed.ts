/** A gate's results for tests of losses: what is not given is a plain top-k softmax gate. */
import { type Arrays, NONE } from "../../../core/arrays/arrays.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import {
  type HostIndices,
  hostIndices,
  type HostMatrix,
  hostMatrix,
} from "../../../core/arrays/host_matrix.ts";
import { balanceDefaults } from "./default_specs.ts";
import type { Balanced, BalanceKind, Routed } from "../../../core/losses/run.ts";
import type { BalanceSpec } from "../../../core/losses/specs.ts";
import { applyBalance } from "../../../core/losses/table.ts";

export const matrix = (rows: readonly (readonly number[])[]): HostMatrix =>
  hostMatrix([rows.length, rows[0].length], rows.flat());
export const indices = (rows: readonly (readonly number[])[]): HostIndices =>
  hostIndices([rows.length, rows[0].length], rows.flat());
/** A matrix [1, 1]. */
export const number = (value: number): HostMatrix => matrix([[value]]);
/** A choice that was not made. */
export const none = NONE;

/** What a test says of a gate. */
export interface RoutedOptions extends Partial<Routed<HostMatrix, HostIndices>> {
  experts: number;
  tokens: number;
  topK?: number;
  length?: number;
  /** Tag of each token. */
  tagOf?: readonly number[];
}

/** The results of a gate. */
export function routed(options: RoutedOptions): Routed<HostMatrix, HostIndices> {
  const { experts, tokens, topK = 1, length = tokens, tagOf, ...given } = options;
  const tags = tagOf ?? new Array(tokens).fill(0);
  const column = (values: readonly number[]) => hostIndices([tokens, 1], values);
  return {
    g: hostArrays({ seed: 1 }),
    shape: {
      ...{ dModel: 2, experts, topK, tokens, length, vocabulary: 4, layer: 0, layers: 1 },
      tags: Math.max(...tags) + 1,
    },
    input: {
      x: hostMatrix([tokens, 2], new Float64Array(2 * tokens)),
      tokens: column(new Array(tokens).fill(0)),
      before: column(new Array(tokens).fill(0)),
      tags: column(tags),
    },
    state: {},
    training: true,
    ...given,
  };
}

/** The value of a loss without its coefficient of 1. */
export function lossOf(spec: BalanceSpec, options: RoutedOptions): number {
  return applyBalance([spec], routed(options)).losses[0].value.data[0];
}

/** Sizes of {@linkcode everyLoss}. */
export const everyShape = {
  ...{ dModel: 2, experts: 4, topK: 2, tokens: 8, length: 4, vocabulary: 4, tags: 2 },
  ...{ layer: 0, layers: 1 },
};

/** The inputs of {@linkcode everyLoss}. */
export const everyInputs = { logits: [8, 4], representations: [4, 2] } as const;

/**
 * A loss or controller of a kind on a gate that has all that any of them reads, in any language: the
 * two best of four experts, the last of them no network, and two sequences of a tag each.
 */
export function everyLoss<A, I>(
  g: Arrays<A, I>,
  { logits, representations }: Readonly<Record<string, A>>,
  { kind }: { kind: BalanceKind },
): Balanced<A> {
  const { tokens, experts, topK } = everyShape;
  const scores = g.softmax(logits);
  const wanted = g.topK(logits, topK);
  const weights = g.put(g.take(scores, wanted), wanted, experts);
  const ids = (name: string, of: (t: number) => number) =>
    g.indices(name, [tokens, 1], () => Array.from({ length: tokens }, (_, t) => of(t)));
  const one = (value: number) => g.constant(`one ${value}`, [1, 1], () => [value]);
  const noise = g.scale(g.noise("noise", "normal", [tokens, experts]), 0.3);
  const order = { order: "sequence", name: "order" } as const;
  return applyBalance([balanceDefaults[kind].spec], {
    ...{ g, shape: everyShape, logits, scores, wanted, representations, training: true, zero: 1 },
    gates: kind === "relu-l1" ? g.map("relu", logits) : weights,
    kept: g.limit(wanted, { experts, capacity: 4, ...order }),
    noise: { noisy: g.map("add", logits, noise), deviation: one(0.3) },
    input: {
      x: g.constant("x", [tokens, 2], () => new Float64Array(2 * tokens)),
      tokens: ids("tokens", () => 0),
      before: ids("before", () => 0),
      tags: ids("tags", (t) => Math.floor(t / 4)),
    },
    state: {
      bias: g.constant("bias", [1, experts], () => [0.1, 0, -0.1, 0]),
      ...{ relu_l1: one(1), adaptive_coefficient: one(1), drop_rate: one(0) },
    },
  });
}
