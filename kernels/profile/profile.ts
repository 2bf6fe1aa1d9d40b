/**
 * Measures this device on a grid of shapes: peaks, launch cost, and a curve for each operator.
 *
 * Samples are taken in rounds over all shapes of all operators, so that a slow spell of the machine
 * spreads over all of them instead of spoiling one; the corners of an operator share one wait.
 *
 * @module
 */
import { type Estimate, median } from "../base/estimate.ts";
import { type AnyOp, bytes, flops, op, type OpDims, type OpKind } from "../base/op.ts";
import { type Curve, gridCorners, type Law, type Profile } from "../base/profile_schema.ts";
import { adapterKey, type Device } from "../device.ts";
import { createPool, type Pool } from "../tensor.ts";
import { choiceWords, type KernelChoice } from "../tune.ts";
import { now, time } from "../time.ts";
import { copyProbe } from "./copy_probe.ts";
import { onPace, prepare, type Running, sampleOnce } from "./rounds.ts";
import { profiledKinds, sweepsOf } from "./sweeps/sweeps.ts";

/** How a profile is measured. */
export interface ProfileOptions {
  /** Kernels to measure; runs that use the profile replay them. */
  kernels: KernelChoice;
  /** Operators to measure; all unless given. The law prices what has no curve. */
  kinds?: readonly OpKind[];
  /** Fewer repeats. */
  quick?: boolean;
  /** Told the operator and the share that is done. */
  progress?: (what: string, share: number) => void;
  /** Stops the measurement between repeats. */
  signal?: AbortSignal;
}

function curveOf({ sweep, samples }: Running): Curve {
  const estimates: Estimate[] = samples.map((s) => median(s));
  const { quantum, axes, fixed } = sweep;
  return {
    quantum,
    axes,
    fixed,
    seconds: estimates.map((e) => e.value),
    lo: estimates.map((e) => e.lo),
    hi: estimates.map((e) => e.hi),
  };
}

/** Bytes a second, read and written, of the driver's own copy of a large tensor. */
async function copyBandwidth(pool: Pool, repeats: number): Promise<number> {
  const probe = copyProbe(pool);
  const timing = await time(pool, probe.record, { repeats });
  pool.release(...probe.tensors);
  return probe.bytes / timing.total.estimate.value;
}

function opsOf(kind: OpKind, curve: Curve): { op: AnyOp; seconds: number }[] {
  return gridCorners(curve.axes).map((dims, i) => ({
    op: op(kind, { ...curve.fixed, ...dims } as unknown as OpDims[typeof kind]),
    seconds: curve.seconds[i],
  }));
}

/** Rounds at most, over those wanted: a machine that never comes to rest must not go on for ever. */
const MOST_ROUNDS = 1.6;
/** No further round begins after this time, once {@linkcode ENOUGH} are on pace. */
const BUDGET_SECONDS = 75;
const ENOUGH = 5;

/** The operator whose movement of memory stands for all that have no curve. */
const MOVER: OpKind = "combine";

/**
 * Measures the device: all operators of a training step, or those asked for. About a minute and a
 * half on a slow one, a third of it where `quick` is set.
 *
 * @throws {RangeError} where no kind is given.
 */
export async function measureProfile(device: Device, options: ProfileOptions): Promise<Profile> {
  const { kernels, kinds = profiledKinds, quick = false, progress, signal } = options;
  if (kinds.length === 0) throw new RangeError("Cannot profile 0 kinds of operators: wanted one");
  const pool = createPool(device);
  const repeats = quick ? ENOUGH : 21;
  const started = now();
  const elapsed = () => (now() - started) / 1000;
  const running = sweepsOf(kinds, { device, kernels }).map((sweep) => prepare(pool, sweep));
  // The first round compiles and is not counted; further ones come until enough are on pace.
  const totals: number[] = [];
  const most = Math.ceil(MOST_ROUNDS * repeats);
  const wanted = () => elapsed() < BUDGET_SECONDS ? repeats : ENOUGH;
  for (let round = 0; round <= most && onPace(totals).length < wanted(); round++) {
    let total = 0;
    for (const [i, one] of running.entries()) {
      signal?.throwIfAborted();
      const done = (Math.min(round, repeats) + i / running.length) / (repeats + 1);
      progress?.(one.sweep.kind, Math.min(1, Math.max(done, elapsed() / BUDGET_SECONDS)));
      const seconds = await sampleOnce(pool, one);
      total += seconds.reduce((sum, s) => sum + s, 0);
      if (round > 0) seconds.forEach((s, corner) => one.samples[corner].push(s));
    }
    if (round > 0) totals.push(total);
  }
  const used = onPace(totals);
  for (const one of running) one.samples = one.samples.map((s) => used.map((round) => s[round]));
  running.forEach(({ prepared }) => pool.release(...prepared.inputs));
  pool.trim();
  const curves = Object.fromEntries(running.map((one) => [one.sweep.kind, curveOf(one)]));
  progress?.("done", 1);
  const all = Object.entries(curves).map(([kind, curve]) => opsOf(kind as OpKind, curve));
  const best = (price: (op: AnyOp) => number) =>
    Math.max(...all.flat().map((s) => price(s.op) / s.seconds));
  const copied = await copyBandwidth(pool, repeats);
  const mover = curves[MOVER] ? `the ${MOVER} kernel` : "a kernel";
  const movers = curves[MOVER] ? opsOf(MOVER, curves[MOVER]) : all.flat();
  const moved = Math.max(...movers.map((s) => bytes(s.op) / s.seconds));
  pool.trim();
  const law: Law = { computeEfficiency: 1, memoryEfficiency: moved / copied, halfSize: 0 };
  return {
    schema: 1,
    id: adapterKey(device.adapter),
    device: {
      name: device.adapter.description,
      vendor: device.adapter.vendor,
      architecture: device.adapter.architecture,
      software: device.adapter.software,
    },
    kind: "measured",
    sources: [
      `timestamp queries, median of ${used.length} rounds over ${all.flat().length} shapes, ` +
      `${elapsed().toFixed(0)} s; ${totals.length - used.length} more rounds ran ` +
      "at another pace and are left out",
      "memoryBytes: the largest buffer of the device (WebGPU does not tell its memory)",
      "memoryBandwidthBytesPerSecond: the driver's copy of 64 MiB, read and written; " +
      `memoryEfficiency: the best that ${mover} moved, as a fraction of it`,
    ],
    memoryBytes: device.gpu.limits.maxBufferSize,
    memoryBandwidthBytesPerSecond: copied,
    peakFlopsPerSecond: { f32: best(flops) },
    launchSeconds: Math.min(...Object.values(curves).flatMap((c) => c.seconds)),
    law,
    laws: {},
    curves,
    kernels: { ...choiceWords(kernels) },
  };
}
