/**
 * Where an operator lies against a profile: on a profiled shape, within the range, or beyond it.
 *
 * @module
 */
import type { AnyOp, Profile } from "../../kernels/mod.ts";
import { insideProfile } from "../../sim/mod.ts";

/** What is asked of a profile: its curves' ranges and tile sizes, not their seconds. */
export type Ranges = Pick<Profile, "curves">;

/** Tile sizes that a kernel may round a dimension up to. */
const TILES = [1, 8, 16, 32, 64, 128];

/**
 * True where an op is one of the profiled shapes, as it is or rounded up to tiles of any size: the
 * answer, and so what is drawn, does not depend on which kernels were tuned.
 */
export function isProfiled(op: AnyOp, profile: Ranges): boolean {
  const curve = profile.curves[op.kind];
  if (!curve) return false;
  const dims = op.dims as unknown as Record<string, number>;
  const onAxis = (name: string, axis: readonly number[]) =>
    TILES.some((tile) => axis.includes(Math.ceil(dims[name] / tile) * tile));
  const sized = (name: string) => name !== "groups" && ("m" in dims || name === "d");
  return Object.entries(curve.axes).every(([name, axis]) =>
    sized(name) ? onAxis(name, axis) : axis.includes(dims[name])
  );
}

/** True where every op lies within the profiled range: the curves alone say so. */
export function isInside(ops: readonly AnyOp[], profile: Ranges): boolean {
  return ops.every((op) => insideProfile(op, profile as Profile));
}
