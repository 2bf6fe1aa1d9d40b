/**
 * Hidden units of a network in groups of equal size, each to become an expert: MoEfication (arXiv
 * 2110.01786), at random (also LLaMA-MoE, arXiv 2406.16554), by clusters of what units read, or by
 * how often units are active together.
 *
 * Clusters are k-means whose groups are kept equal; that it is the gate matrix whose columns are
 * clustered, and how the graph of activations is cut, is not confirmed: here groups grow from their
 * most connected unit, and pairs are then swapped while that helps.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { Stream } from "../../../kernels/base/random.ts";
import { assignmentOf } from "../../arrays/host_assignment.ts";
import { activationOracles } from "../../../kernels/gemm/oracle.ts";
import { activationChoice } from "../../nn/activations.ts";
import type { Activation } from "../../spec/activation.ts";
import type { Network } from "./networks.ts";

/** Units by group. */
export type UnitGroups = readonly (readonly number[])[];

/** The numbers 0 to n - 1 in a random order. */
export function inRandomOrder(n: number, stream: Stream): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = stream.int(0, i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * Units of a group.
 *
 * @throws {UserError} where units cannot be shared equally.
 */
export function groupSize(units: number, groups: number): number {
  if (units % groups === 0) return units / groups;
  throw new UserError(
    `Cannot cut ${units} hidden units into ${groups} equal experts: wanted a divisor of ${units}`,
  );
}

/** Neighbours, in an order of the units. */
export function cutEqually(order: readonly number[], groups: number): number[][] {
  const size = groupSize(order.length, groups);
  return Array.from({ length: groups }, (_, g) => order.slice(g * size, (g + 1) * size));
}

/** Groups of units that read alike: equal k-means of their columns of the first matrix, [D] each. */
export function clusteredUnits(
  { width, units, up }: Network,
  { groups, stream, rounds = 8 }: { groups: number; stream: Stream; rounds?: number },
): number[][] {
  const size = groupSize(units, groups);
  const key = (unit: number) =>
    Float64Array.from({ length: width }, (_, i) => up[i * units + unit]);
  const keys = Array.from({ length: units }, (_, unit) => key(unit));
  let centres = inRandomOrder(units, stream).slice(0, groups).map((unit) => keys[unit]);
  let found: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    const nearness = keys.flatMap((k) =>
      centres.map((c) => -k.reduce((sum, v, i) => sum + (v - c[i]) ** 2, 0))
    );
    const at = assignmentOf({ shape: [units, groups], data: Float64Array.from(nearness) });
    found = centres.map((_, g) => keys.map((_, unit) => unit).filter((unit) => at[unit] === g));
    centres = found.map((own) =>
      centres[0].map((_, i) => own.reduce((sum, unit) => sum + keys[unit][i], 0) / size)
    );
  }
  return found;
}

/** Activations [T, F] of a network's hidden units, before the down matrix, for inputs x[T, D]. */
export function hiddenUnits(
  { planes, width, units, up }: Network,
  { x, activation }: { x: ArrayLike<number>; activation: Activation },
): Float64Array {
  const act = activationOracles[activationChoice(activation).kind];
  const tokens = x.length / width;
  const hidden = new Float64Array(tokens * units);
  for (let t = 0; t < tokens; t++) {
    for (let unit = 0; unit < units; unit++) {
      const sums = Array.from({ length: planes }, (_, plane) => {
        let sum = 0;
        for (let i = 0; i < width; i++) {
          sum += x[t * width + i] * up[(plane * width + i) * units + unit];
        }
        return sum;
      });
      hidden[t * units + unit] = act(sums[0]) * (sums[1] ?? 1);
    }
  }
  return hidden;
}

/** How often each pair of units is active together, [F, F]: tokens at which both are above 0. */
export function coActivations(hidden_TF: ArrayLike<number>, units: number): Float64Array {
  const counts = new Float64Array(units * units);
  for (let at = 0; at < hidden_TF.length; at += units) {
    const active: number[] = [];
    for (let i = 0; i < units; i++) if (hidden_TF[at + i] > 0) active.push(i);
    for (const i of active) for (const j of active) if (i !== j) counts[i * units + j]++;
  }
  return counts;
}

/** Groups of units that are often active together: see the module. */
export function connectedUnits(
  counts_FF: Float64Array,
  { groups, rounds = 4 }: { groups: number; rounds?: number },
): number[][] {
  const units = Math.sqrt(counts_FF.length);
  const size = groupSize(units, groups);
  const count = (a: number, b: number) => counts_FF[a * units + b];
  // How often each unit is active with those of each group; the last one's are still free.
  const ties = Array.from({ length: groups + 1 }, () => new Float64Array(units));
  const put = (unit: number, to: number, sign = 1) =>
    ties[to].forEach((_, other) => ties[to][other] += sign * count(unit, other));
  const free = new Set(Array.from({ length: units }, (_, i) => i));
  free.forEach((unit) => put(unit, groups));
  const found = Array.from({ length: groups }, (_, g) => {
    const own: number[] = [];
    while (own.length < size) {
      const near = ties[own.length > 0 ? g : groups];
      const unit = [...free].reduce((a, b) => near[b] > near[a] ? b : a);
      free.delete(unit);
      put(unit, groups, -1);
      put(unit, g);
      own.push(unit);
    }
    return own;
  });
  /** Swaps a pair of units where that keeps more activity within groups. */
  const swap = ([g, i]: readonly [number, number], [h, j]: readonly [number, number]) => {
    const [a, b] = [found[g][i], found[h][j]];
    const gain = ties[h][a] + ties[g][b] - ties[g][a] - ties[h][b] - 2 * count(a, b);
    if (!(gain > 0)) return false;
    for (const [unit, from, to] of [[a, g, h], [b, h, g]]) {
      put(unit, from, -1);
      put(unit, to);
    }
    [found[g][i], found[h][j]] = [b, a];
    return true;
  };
  let swapped = true;
  for (let round = 0; swapped && round < rounds; round++) {
    swapped = false;
    for (let g = 0; g < groups; g++) {
      for (let h = g + 1; h < groups; h++) {
        for (let at = 0; at < size * size; at++) {
          if (swap([g, Math.floor(at / size)], [h, at % size])) swapped = true;
        }
      }
    }
  }
  return found;
}

/** Length of what a unit reads times length of what it writes: how much it can count. */
export function unitSizes({ planes, width, units, up, down }: Network): number[] {
  return Array.from({ length: units }, (_, unit) => {
    let [read, write] = [0, 0];
    for (let row = 0; row < planes * width; row++) read += up[row * units + unit] ** 2;
    for (let i = 0; i < width; i++) write += down[unit * width + i] ** 2;
    return Math.sqrt(read * write);
  });
}

/** Groups that all have the largest units, a share of a group, and between them the others in turn. */
export function importantUnits(
  network: Network,
  { groups, share }: { groups: number; share: number },
): number[][] {
  const size = groupSize(network.units, groups);
  const sizes = unitSizes(network);
  const order = sizes.map((_, i) => i).sort((a, b) => sizes[b] - sizes[a] || a - b);
  const common = order.slice(0, Math.round(share * size));
  const others = order.slice(common.length);
  return Array.from(
    { length: groups },
    (_, g) =>
      [...common, ...others.filter((_, i) => i % groups === g).slice(0, size - common.length)]
        .sort((a, b) => a - b),
  );
}
