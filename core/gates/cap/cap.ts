/**
 * Who is dropped where there is no room. A dropped choice becomes NONE and its weight is lost; the
 * token goes on through the residual connection.
 *
 *     factor     each expert keeps its first choices, in the order of the spec
 *     two-kinds  experts without a network have another room (MoE++, arXiv 2410.07348)
 *     device     each device keeps its strongest choices (DeepSeek-V2, arXiv 2405.04434)
 *
 * @module
 */
import { UserError } from "../../../kernels/mod.ts";
import { nameInLayer, onesOf, presence } from "../shorthand.ts";
import { type Capacity, capacityOf } from "./capacity.ts";
import { withinDevices } from "./devices.ts";
import type { CapRun } from "./run.ts";
import type { CapSpec } from "./specs.ts";

/**
 * Choices with NONE for those that found no room: [T, K].
 *
 * @throws {UserError} where room is under one choice, or the order needs weights that are not there.
 *
 * @example
 * ```ts
 * import { applyCap, hostArrays, hostIndices, NONE } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const shape = { dModel: 1, experts: 2, topK: 1, tokens: 4, length: 4, vocabulary: 1, tags: 1 };
 * const kept = applyCap({
 *   ...{ g: hostArrays({ seed: 1 }), shape: { ...shape, layer: 0, layers: 1 }, training: true },
 *   spec: { kind: "factor", factor: 1, order: "sequence" },
 *   ids: hostIndices([4, 1], [0, 0, 0, 1]),
 * });
 * assertEquals([...kept.data], [0, 0, NONE, 1]);
 * ```
 */
export function applyCap<A, I>(run: CapRun<A, I>): I {
  const { spec, shape, training, zero } = run;
  const room = capacityOf(spec, shape, { training, zero });
  if (spec.kind === "factor") return withinFactor({ ...run, spec }, room);
  if (spec.kind === "two-kinds") return withinTwoKinds({ ...run, spec }, room);
  return withinDevices({ ...run, spec }, room.places);
}

/** A number a token, by which the larger goes first. */
function priorityOf<A, I>({ g, gates }: CapRun<A, I>): A {
  if (gates !== undefined) return g.largest(gates);
  throw new UserError(
    'Dropped tokens by "priority", which is their largest weight: this gate has no weights; ' +
      '"sequence" and "random" need none',
  );
}

/** Experts of different sequences count as different ones where each sequence has its own room. */
function withinFactor<A, I>(
  run: CapRun<A, I, Extract<CapSpec, { kind: "factor" }>>,
  room: Capacity,
) {
  const { g, spec: { order }, shape: { experts, tokens }, ids } = run;
  const groups = tokens / room.tokens;
  const options = {
    ...{ experts: experts * groups, capacity: room.places, order },
    priority: order === "priority" ? priorityOf(run) : undefined,
    name: nameInLayer(run.shape, "drop order"),
  };
  if (groups === 1) return g.limit(ids, options);
  const apart = (sign: 1 | -1) => offsets(run, { tokens: room.tokens, sign });
  return g.affine(g.limit(g.affine(ids, { plus: apart(1) }), options), { plus: apart(-1) });
}

/** E times the number of each token's sequence, [T, K]; sums of indices are modulo 2^32. */
function offsets<A, I>(
  { g, shape: { experts }, ids }: CapRun<A, I>,
  { tokens, sign }: { tokens: number; sign: 1 | -1 },
): I {
  const [rows, k] = g.indexShapeOf(ids);
  const words = `${experts} experts of sequences of ${tokens}, ${rows} by ${k}`;
  return g.indices(
    `${sign < 0 ? "back from" : "on to"} ${words}`,
    [rows, k],
    () =>
      Uint32Array.from(
        { length: rows * k },
        (_, i) => sign * experts * Math.floor(Math.floor(i / k) / tokens),
      ),
  );
}

/** Both kinds are limited apart, then put together. */
function withinTwoKinds<A, I>(
  { g, shape, ids, zero = 0 }: CapRun<A, I>,
  { places, zeroPlaces }: Capacity,
): I {
  const { experts, tokens } = shape;
  const first = experts - zero;
  const free_TE = g.constant(
    `experts from ${first} on, ${tokens} by ${experts}`,
    [tokens, experts],
    () => Float64Array.from({ length: tokens * experts }, (_, i) => i % experts < first ? 0 : 1),
  );
  const network_TE = g.map("subtract", onesOf(g, [tokens, experts]), free_TE);
  const within = (mask_TE: A, capacity: number) => {
    const ofKind = g.keep(ids, g.take(mask_TE, ids));
    const name = nameInLayer(shape, "drop order");
    const kept = g.limit(ofKind, { experts, capacity, order: "sequence", name });
    return presence(g, kept, experts);
  };
  const kept_TK = g.map("add", within(network_TE, places), within(free_TE, zeroPlaces));
  return g.keep(ids, kept_TK);
}
