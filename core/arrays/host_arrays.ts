/**
 * The language of gates and losses in 64-bit floats: the oracle of the device, and the way to run a
 * gate where there is no device at all.
 *
 * @module
 */
import { type Arrays, NONE, type Shape } from "./arrays.ts";
import { hashBucket, hashNoise, mixHash, noiseKey } from "./hash.ts";
import { assignmentOf } from "./host_assignment.ts";
import { hostCalculus } from "./host_calculus.ts";
import { expertRows, intoExperts, outOfExperts } from "./host_experts.ts";
import { columnChoice, largestOf, withinLimit } from "./host_choices.ts";
import { freezer, type Frozen } from "./host_frozen.ts";
import {
  fillIndices,
  fillMatrix,
  type HostIndices,
  hostIndices,
  type HostMatrix,
  hostMatrix,
  requireShape,
  shapeText,
} from "./host_matrix.ts";

/** How a pass on the host begins. */
export interface HostArraysOptions {
  /** Seed of noise and of random choices. */
  seed: number;
  /** Step of training, 0 where absent. */
  step?: number;
  /** What a pass before decided; this one decides the same. */
  frozen?: Frozen;
}

/** The language on the host, and what it decided so far. */
export type HostArrays = Arrays<HostMatrix, HostIndices> & { record(): Frozen };

/** Gives what was made under a name before; a name stands for one shape. */
function remembered<T extends { shape: Shape }>() {
  const known = new Map<string, T>();
  return (name: string, shape: Shape, make: () => T): T => {
    const value = known.get(name) ?? make();
    requireShape(
      shape.every((n, d) => n === value.shape[d]),
      () => `Made "${name}" ${shapeText(shape)}, which was ${shapeText(value.shape)} before`,
    );
    known.set(name, value);
    return value;
  };
}

/**
 * The language on the host; see {@linkcode Arrays}.
 *
 * @example
 * ```ts
 * import { hostArrays, hostMatrix } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const g = hostArrays({ seed: 1 });
 * const logits_TE = hostMatrix([2, 3], [1, 3, 2, 0, 0, 5]);
 * const ids_TK = g.topK(logits_TE, 2);
 * assertEquals([...ids_TK.data], [1, 2, 2, 0]);
 * assertEquals([...g.take(logits_TE, ids_TK).data], [3, 2, 5, 0]);
 * ```
 */
export function hostArrays({ seed, step = 0, frozen }: HostArraysOptions): HostArrays {
  const { freeze, record } = freezer(frozen);
  const constants = remembered<HostMatrix>();
  const indices = remembered<HostIndices>();
  const keyOf = (name: string) => noiseKey(name, { seed, step });
  const chosen = (shape: Shape, decide: () => Uint32Array) => hostIndices(shape, freeze(decide));

  return {
    ...hostCalculus(freeze),
    ...{ expertRows, intoExperts, outOfExperts },
    record,
    shapeOf: (a) => a.shape,
    indexShapeOf: (ids) => ids.shape,
    constant: (name, shape, values) => constants(name, shape, () => hostMatrix(shape, values())),
    indices: (name, shape, values) => indices(name, shape, () => hostIndices(shape, values())),
    noise: (name, kind, shape) => {
      const key = keyOf(name);
      return fillMatrix(shape, (r, c) => hashNoise(kind, key, r * shape[1] + c));
    },
    detach: (a) => hostMatrix(a.shape, freeze(() => a.data)),

    topK: (a, k) => chosen([a.shape[0], k], () => largestOf(a, k)),
    where: (mask) =>
      chosen(
        mask.shape,
        () => Uint32Array.from(mask.data, (v, i) => v > 0 ? i % mask.shape[1] : NONE),
      ),
    keep: (ids, mask) => {
      requireShape(
        shapeText(ids.shape) === shapeText(mask.shape),
        () => `Kept indices ${shapeText(ids.shape)} by a mask ${shapeText(mask.shape)}`,
      );
      return chosen(ids.shape, () => ids.data.map((id, i) => mask.data[i] > 0 ? id : NONE));
    },
    choosePerColumn: (a, options) => hostMatrix(a.shape, freeze(() => columnChoice(a, options))),
    assignEqually: (a) => chosen([a.shape[0], 1], () => assignmentOf(a)),
    limit: (ids, { name, ...options }) =>
      chosen(ids.shape, () => withinLimit(ids, { ...options, key: keyOf(name) })),
    hash: (of, options) =>
      fillIndices([of[0].shape[0], 1], (r) => {
        const ids = of.map(({ data }) => data[r]);
        return ids.includes(NONE) ? NONE : hashBucket(ids, options);
      }),
    lookUpIds: (table, ids) =>
      fillIndices(ids.shape, (r, c) => {
        const id = ids.data[r * ids.shape[1] + c];
        requireShape(
          id === NONE || id < table.data.length,
          () => `Looked up index ${id} in a table of ${table.data.length}`,
        );
        return id === NONE ? NONE : table.data[id];
      }),
    randomIds: (name, shape, below) => {
      const key = keyOf(name);
      return fillIndices(shape, (r, c) => mixHash(key, r * shape[1] + c) % below);
    },
    affine: (ids, { times = 1, plus = 0 }) =>
      fillIndices(ids.shape, (r, c) => {
        const i = r * ids.shape[1] + c;
        const added = typeof plus === "number" ? plus : plus.data[i];
        return ids.data[i] === NONE ? NONE : ids.data[i] * times + added;
      }),
    idsBeside: (...parts) => {
      const [rows] = parts[0].shape;
      const out = Array.from(
        { length: rows },
        (_, r) => parts.flatMap(({ shape: [, k], data }) => [...data.subarray(r * k, r * k + k)]),
      );
      return hostIndices([rows, parts.reduce((k, { shape }) => k + shape[1], 0)], out.flat());
    },
    repeatIds: ({ shape: [rows, k], data }, times) =>
      fillIndices([rows * times, k], (r, c) => data[Math.floor(r / times) * k + c]),
    reshapeIds: ({ data }, shape) => hostIndices(shape, data),
  };
}
