/** What the tests of experts share: small matrices drawn by a seed, and gates that said something. */
import type { ExpertRun } from "../../../core/experts/kind.ts";
import type { ExpertShape, ExpertSpec } from "../../../core/experts/specs.ts";
import { expertParameters, expertStates } from "../../../core/experts/table.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import {
  type HostIndices,
  hostIndices,
  type HostMatrix,
  hostMatrix,
} from "../../../core/arrays/host_matrix.ts";
import type { Shape } from "../../../core/arrays/arrays.ts";
import type { Gated } from "../../../core/gates/gate.ts";
import { split } from "../../../kernels/base/random.ts";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";

export type HostRun = ExpertRun<HostMatrix, HostIndices>;

/** Seeds of 200 cases each. */
export const RUNS = { seed: 1, numRuns: 200 };

/** Small sizes, and a name that all numbers of a case are drawn by. */
export const sizes = fc.record({
  tokens: fc.integer({ min: 1, max: 5 }),
  dModel: fc.integer({ min: 1, max: 5 }),
  experts: fc.integer({ min: 1, max: 5 }),
  width: fc.integer({ min: 1, max: 4 }),
  name: fc.string({ minLength: 1, maxLength: 4 }),
});

/** Normal numbers. */
export function normal(name: string, shape: Shape): HostMatrix {
  const stream = split(7, name);
  return hostMatrix(shape, Array.from({ length: shape[0] * shape[1] }, () => stream.normal()));
}

/** Choices of a gate. */
export function choiceOf(ids: HostIndices, weights: HostMatrix): Gated<HostMatrix, HostIndices> {
  return { dispatch: { kind: "choice", ids, weights }, losses: [], state: {} };
}

/** k different experts for each token, with weights of any size. */
export function drawnChoice(name: string, { tokens, experts, k }: {
  tokens: number;
  experts: number;
  k: number;
}): Gated<HostMatrix, HostIndices> {
  const g = hostArrays({ seed: 1 });
  const ids = g.topK(normal(`${name} ids`, [tokens, experts]), k);
  return choiceOf(ids, normal(`${name} weights`, [tokens, k]));
}

/** Experts that all count `weight`. */
export function allChosen(
  { tokens, experts }: ExpertShape,
  weight = 1,
): Gated<HostMatrix, HostIndices> {
  const each = Array.from({ length: tokens * experts }, (_, i) => i % experts);
  return choiceOf(
    hostIndices([tokens, experts], each),
    hostMatrix([tokens, experts], each.map(() => weight)),
  );
}

/** A run of experts whose parameters are normal numbers. */
export function runOf(
  name: string,
  { spec, shape, gated }: {
    spec: ExpertSpec;
    shape: ExpertShape;
    gated: Gated<HostMatrix, HostIndices>;
  },
): HostRun {
  const drawn = (all: ReturnType<typeof expertParameters>) =>
    Object.fromEntries(
      Object.entries(all).map(([key, { shape }]) => [key, normal(`${name} ${key}`, shape)]),
    );
  const x = normal(`${name} x`, [shape.tokens, shape.dModel]);
  return {
    ...{ g: hostArrays({ seed: 1 }), shape, x, routed: x, gated },
    w: drawn(expertParameters(spec, shape)),
    state: drawn(expertStates(spec, shape)),
  };
}

/** The same numbers up to 64-bit rounding. */
export function assertSame(found: HostMatrix, wanted: HostMatrix, what: string): void {
  assertEquals(found.shape, wanted.shape, what);
  const most = wanted.data.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
  found.data.forEach((v, i) => assertAlmostEquals(v, wanted.data[i], 1e-10 * most, what));
}
