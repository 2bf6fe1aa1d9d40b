/**
 * What an op costs on a device, from the device's profile alone.
 *
 * On a measured device the seconds of the nearest profiled shapes are interpolated in the logarithms
 * of the dimensions, after these are rounded up to the kernel's tiles; beyond the grid the last
 * slope goes on. A dimension that was held fixed scales a price as it scales the FLOP. Where a
 * profile has no curve for an op, its laws hold (`price_law.ts`).
 *
 * @module
 */
import { type Estimate, exactly } from "../../kernels/base/estimate.ts";
import { type AnyOp, flops, type OpKind } from "../../kernels/base/op.ts";
import {
  type BegunTiles,
  type Curve,
  type Profile,
  sortedAxes,
} from "../../kernels/base/profile_schema.ts";
import { lawSeconds, rowsOf } from "./price_law.ts";

const ceilTo = (x: number, step: number) => Math.ceil(x / step) * step;

/** The dimension of a gradient of products that its planes multiply. */
const planesOf: Partial<Record<OpKind, string>> = {
  gemm_nt: "k",
  gemm_tn: "n",
  grouped_gemm_nt: "k",
  grouped_gemm_tn: "n",
};

/**
 * The dimensions of an op as a curve looks them up: rounded up to its quanta, each group's rows on
 * their own where the groups are uneven, and each plane's columns or inner size on its own. Where a
 * curve tells of begun tiles, they count as the rows of full ones that take as long.
 */
export function paddedDims(op: AnyOp, curve: Curve): Record<string, number> {
  const dims = { ...op.dims } as Record<string, number>;
  const { planes = 1 } = dims;
  for (const name of Object.keys(curve.axes)) {
    const step = curve.quantum[name] ?? 1;
    const padded = op.rows && name === rowsOf(op)
      ? op.rows.reduce((sum, r) => sum + ceilTo(r, step), 0)
      : ceilTo(dims[name] ?? 1, step);
    dims[name] = name === planesOf[op.kind] ? planes * padded : padded;
  }
  if (curve.begun) dims.m = fullRows(op, { curve, begun: curve.begun, dims });
  return dims;
}

/** Rows of full tiles that take as long as the groups' full and begun tiles. */
function fullRows(
  op: AnyOp,
  options: { curve: Curve; begun: BegunTiles; dims: Record<string, number> },
): number {
  const { curve, begun, dims } = options;
  const { m, groups = begun.groups } = op.dims as { m: number; groups?: number };
  const tile = curve.quantum.m;
  const full = { ...dims, groups: begun.groups, m: begun.groups * tile };
  const share = interpolate(begun.axes, begun.seconds, dims) /
    interpolate(curve.axes, curve.seconds, full);
  const least = begun.rows / tile;
  const timeOf = (part: number) => share + (1 - share) * Math.max(0, (part - least) / (1 - least));
  const rows = op.rows ?? new Array<number>(groups).fill(m / groups);
  return rows.reduce((sum, r) => {
    const rest = r % tile;
    return sum + r - rest + (rest > 0 ? tile * timeOf(rest / tile) : 0);
  }, 0);
}

/** How the FLOP of an op compare with those at the dimensions that its curve holds fixed. */
function fixedScale(op: AnyOp, { fixed }: Curve): number {
  const held = flops({ ...op, dims: { ...op.dims, ...fixed } } as AnyOp);
  return held > 0 ? flops(op) / held : 1;
}

/** True where every dimension of the op lies within the profiled range (or no curve is used). */
export function insideProfile(op: AnyOp, profile: Profile): boolean {
  const curve = curveOf(op, profile);
  if (!curve) return true;
  const dims = paddedDims(op, curve);
  return Object.entries(curve.axes).every(([name, axis]) =>
    dims[name] >= axis[0] && dims[name] <= axis[axis.length - 1]
  );
}

function curveOf(op: AnyOp, profile: Profile): Curve | undefined {
  return op.dtype === "f32" ? profile.curves[op.kind] : undefined;
}

/** Multilinear interpolation of log(values) over log(axes); the end segments go on outside. */
function interpolate(
  axes: Curve["axes"],
  values: readonly number[],
  at: Record<string, number>,
): number {
  let corners: { index: number; weight: number }[] = [{ index: 0, weight: 1 }];
  for (const [name, axis] of sortedAxes(axes)) {
    const n = axis.length;
    const x = Math.log(Math.max(at[name], 1e-9));
    let i = 0;
    while (i < n - 2 && at[name] > axis[i + 1]) i++;
    const [low, high] = [Math.log(axis[i]), Math.log(axis[Math.min(i + 1, n - 1)])];
    const share = high > low ? (x - low) / (high - low) : 0;
    corners = corners.flatMap(({ index, weight }) => [
      { index: index * n + i, weight: weight * (1 - share) },
      { index: index * n + Math.min(i + 1, n - 1), weight: weight * share },
    ]);
  }
  return Math.exp(corners.reduce((s, c) => s + c.weight * Math.log(values[c.index]), 0));
}

/**
 * Seconds that a device waits before the launches of an op, as its profile measured them; 0 where it
 * did not. Prices hold launches alone: a training step of small ones waits hundreds of times.
 */
export function gapOf(op: AnyOp, profile: Profile): number {
  const { gapSeconds = 0 } = profile;
  const curve = curveOf(op, profile);
  if (!curve?.launches) return gapSeconds;
  const dims = paddedDims(op, { ...curve, begun: undefined });
  return gapSeconds * interpolate(curve.axes, curve.launches, dims);
}

/** Seconds of an op on a device. */
export function priceOp(op: AnyOp, profile: Profile): Estimate {
  const curve = curveOf(op, profile);
  if (!curve) return exactly(lawSeconds(op, profile), "law");
  const dims = paddedDims(op, curve);
  if (Object.keys(curve.axes).some((name) => dims[name] <= 0)) {
    const value = profile.launchSeconds;
    return { value, lo: value, hi: value, n: 0, method: "empty launch" };
  }
  const scale = fixedScale(op, curve);
  const value = scale * interpolate(curve.axes, curve.seconds, dims);
  // Beyond the grid each bound goes on along its own slope, and may cross the value.
  return {
    value,
    lo: Math.min(value, scale * interpolate(curve.axes, curve.lo, dims)),
    hi: Math.max(value, scale * interpolate(curve.axes, curve.hi, dims)),
    n: 0,
    method: insideProfile(op, profile) ? "profile" : "profile, extrapolated",
  };
}
