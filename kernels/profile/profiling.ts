/**
 * A profile under way: rounds over all shapes of some operators, as parts of recordings, so that
 * something else can be recorded between them and meets the machine in the same state.
 *
 * @module
 */
import { type Estimate, median } from "../base/estimate.ts";
import type { OpKind } from "../base/op.ts";
import type { Curve } from "../base/profile_schema.ts";
import type { LaunchTime } from "../recorder.ts";
import type { Pool } from "../tensor.ts";
import type { KernelChoice } from "../tune.ts";
import type { RecordedPart } from "./recordings.ts";
import { type Corner, cornerPart, gapsOf, prepare, type Running, takeCorner } from "./rounds.ts";
import { sweepsOf } from "./sweeps/sweeps.ts";
import { undisturbed } from "./undisturbed.ts";

/** Operators that are being profiled. */
export interface Profiling {
  /** One part for each shape of each operator, neighbours with little in common. */
  parts: RecordedPart[];
  /** Ranges and tile sizes of each operator, known before anything is measured; all seconds are 1. */
  outlines: Record<string, Curve>;
  /** Counts a round: the launches of each part. */
  take(times: readonly (readonly LaunchTime[])[]): void;
  /** How many rounds were counted. */
  rounds(): number;
  /** Seconds between a launch and the next, as the rounds show; none where no part has two. */
  gap(): Estimate | undefined;
  /** The curves that the rounds show. */
  curves(): Record<string, Curve>;
  /** Puts the inputs of all shapes back. */
  release(): void;
}

/** The undisturbed time of each corner, 1 where nothing was measured yet. */
const estimatesOf = (corners: readonly Corner[]) =>
  corners.map(({ seconds }) => undisturbed(seconds.length > 0 ? seconds : [1]));

function curveOf({ sweep, grid, begun }: Running): Curve {
  const { quantum, axes, fixed } = sweep;
  const estimates = estimatesOf(grid);
  return {
    quantum,
    axes,
    fixed,
    seconds: estimates.map((e) => e.value),
    lo: estimates.map((e) => e.lo),
    hi: estimates.map((e) => e.hi),
    launches: grid.map(({ launches = 1 }) => Math.max(1, launches)),
    ...sweep.begun && {
      begun: { ...sweep.begun, seconds: estimatesOf(begun).map((e) => e.value) },
    },
  };
}

/**
 * An order of `n` corners in which neighbours have little in common: steps of about the golden
 * ratio. In the order of the grid, a corner would find its operands in the cache, where the corner
 * before left them; in a model, other layers have run since.
 */
export function spreadOrder(n: number): number[] {
  const divisor = (a: number, b: number): number => b === 0 ? a : divisor(b, a % b);
  let step = Math.max(1, Math.round(0.618 * n));
  while (divisor(step, n) !== 1) step++;
  return Array.from({ length: n }, (_, i) => i * step % n);
}

/**
 * Puts the inputs of some operators' shapes on the device.
 *
 * @throws {RangeError} where no kind is given.
 */
export function startProfiling(
  pool: Pool,
  { kernels, kinds }: { kernels: KernelChoice; kinds: readonly OpKind[] },
): Profiling {
  if (kinds.length === 0) throw new RangeError("Cannot profile 0 kinds of operators: wanted one");
  const { device } = pool;
  const running = sweepsOf(kinds, { device, kernels }).map((sweep) => prepare(pool, sweep));
  const corners = running.flatMap((one) =>
    [...one.grid, ...one.begun].map((corner) => ({ one, corner }))
  );
  const order = spreadOrder(corners.length).map((i) => corners[i]);
  const curves = () => Object.fromEntries(running.map((one) => [one.sweep.kind, curveOf(one)]));
  let rounds = 0;
  const gaps: number[] = [];
  return {
    parts: order.map(({ one, corner }) => cornerPart(one, corner)),
    outlines: curves(),
    take(times) {
      order.forEach(({ corner }, i) => takeCorner(corner, times[i]));
      const between = times.flatMap(gapsOf);
      if (between.length > 0) gaps.push(median(between).value);
      rounds++;
    },
    rounds: () => rounds,
    gap: () => gaps.length > 0 ? undisturbed(gaps) : undefined,
    curves,
    release: () => running.forEach(({ prepared }) => pool.release(...prepared.inputs)),
  };
}
