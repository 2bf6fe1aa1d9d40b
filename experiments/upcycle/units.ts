/**
 * Where the networks of a made model come from, found by their numbers: the hidden units of a source are
 * known again wherever they stand.
 *
 * @module
 */
import type { Network } from "../../core/mod.ts";

/** A network of a source, and what it is called. */
export interface KnownNetwork {
  /** Such as "source 2" or "expert 0". */
  name: string;
  /** Its place among the networks of its layer. */
  index: number;
  /** The network. */
  network: Network;
}

/** Each unit's two hashes of what it reads and writes, in one number. */
function unitHashes({ planes, width, units, up, down }: Network): Float64Array {
  const [one, two] = [new Uint32Array(units).fill(2166136261), new Uint32Array(units).fill(17)];
  const rising = new Uint32Array(up.buffer, up.byteOffset, up.length);
  const falling = new Uint32Array(down.buffer, down.byteOffset, down.length);
  const add = (unit: number, word: number) => {
    one[unit] = Math.imul(one[unit] ^ word, 16777619);
    two[unit] = Math.imul(two[unit] + word, 0x85ebca6b) ^ (two[unit] >>> 13);
  };
  for (let row = 0; row < planes * width; row++) {
    for (let unit = 0; unit < units; unit++) add(unit, rising[row * units + unit]);
  }
  for (let unit = 0; unit < units; unit++) {
    for (let i = 0; i < width; i++) add(unit, falling[unit * width + i]);
  }
  return Float64Array.from(one, (h, unit) => (h >>> 0) * 2 ** 21 + (two[unit] >>> 11));
}

/** What was found of a network. */
export type FoundNetwork =
  /** It is one of the known. */
  | { kind: "whole"; of: KnownNetwork }
  /** Units of these are in it, and are this share of its units. */
  | { kind: "units"; of: readonly KnownNetwork[]; share: number }
  /** This share of its numbers stands at the same place in a known one. */
  | { kind: "numbers"; of: KnownNetwork; share: number }
  | { kind: "none" };

/** The share of a network's numbers that are those of another at the same place. */
function sharedNumbers(a: Network, b: Network): number {
  if (a.up.length !== b.up.length || a.down.length !== b.down.length) return 0;
  let same = 0;
  a.up.forEach((value, i) => same += value === b.up[i] ? 1 : 0);
  a.down.forEach((value, i) => same += value === b.down[i] ? 1 : 0);
  return same / (a.up.length + a.down.length);
}

/** Shares below this may be chance: zeros, and numbers that are rounded. */
const LEAST = 0.05;

/** A function that finds networks among those known. */
export function networkFinder(
  known: readonly KnownNetwork[],
): (network: Network) => FoundNetwork {
  const hashes = known.map(({ network }) => unitHashes(network));
  const owners = new Map<number, number[]>();
  hashes.forEach((own, i) =>
    new Set(own).forEach((hash) => owners.set(hash, [...owners.get(hash) ?? [], i]))
  );
  return (network) => {
    const own = unitHashes(network);
    const whole = hashes.findIndex((other) =>
      other.length === own.length && other.every((hash, i) => hash === own[i])
    );
    if (whole >= 0) return { kind: "whole", of: known[whole] };
    const found = [...own].map((hash) => owners.get(hash)).filter((one) => one !== undefined);
    const share = found.length / own.length;
    if (share >= LEAST) {
      const all = new Set(found.map(([first]) => first));
      return { kind: "units", of: known.filter((_, i) => all.has(i)), share };
    }
    const shares = known.map((one) => sharedNumbers(network, one.network));
    const best = shares.indexOf(Math.max(...shares));
    if (best < 0 || shares[best] < LEAST) return { kind: "none" };
    return { kind: "numbers", of: known[best], share: shares[best] };
  };
}
