/**
 * Measures this device on a grid of shapes: peaks, launch cost, and a curve for each operator.
 *
 * All corners of an operator are recorded together and repeated as a whole, so that a slow spell of
 * the machine spreads over all of them instead of spoiling one, and a repetition waits once.
 *
 * @module
 */
import { type Estimate, median } from "./base/estimate.ts";
import { type AnyOp, bytes, flops, op, type OpDims, type OpKind } from "./base/op.ts";
import { type Curve, gridCorners, type Law, type Profile } from "./base/profile_schema.ts";
import { adapterKey, type Device } from "./device.ts";
import { type Sweep, sweeps } from "./profile_sweeps.ts";
import { createRecorder } from "./recorder.ts";
import { createPool, type Pool } from "./tensor.ts";
import { choiceWords, type KernelChoice } from "./tune.ts";
import { now } from "./time.ts";

/** How a profile is measured. */
export interface ProfileOptions {
  /** Kernels to measure; runs that use the profile replay them. */
  kernels: KernelChoice;
  /** Fewer repeats. */
  quick?: boolean;
  /** Told the operator and the share that is done. */
  progress?: (what: string, share: number) => void;
  /** Stops the measurement between repeats. */
  signal?: AbortSignal;
}

async function runSweep(
  pool: Pool,
  sweep: Sweep,
  options: { repeats: number; signal?: AbortSignal },
): Promise<Curve> {
  const grid = gridCorners(sweep.axes);
  const samples: number[][] = grid.map(() => []);
  const prepared = sweep.prepare(pool);
  for (let repeat = 0; repeat <= options.repeats; repeat++) {
    options.signal?.throwIfAborted();
    const recorder = createRecorder(pool, { timed: true });
    grid.forEach((dims, i) => pool.release(...prepared.record(recorder, dims, `${i}`)));
    const seconds = grid.map(() => 0);
    for (const t of await recorder.finish()) {
      seconds[Number(t.label)] += t.endSeconds - t.startSeconds;
    }
    if (repeat > 0) seconds.forEach((s, i) => samples[i].push(Math.max(s, 1e-9)));
  }
  pool.release(...prepared.inputs);
  const estimates: Estimate[] = samples.map((s) => median(s));
  return {
    quantum: sweep.quantum,
    axes: sweep.axes,
    fixed: sweep.fixed,
    seconds: estimates.map((e) => e.value),
    lo: estimates.map((e) => e.lo),
    hi: estimates.map((e) => e.hi),
  };
}

function opsOf(kind: OpKind, curve: Curve): { op: AnyOp; seconds: number }[] {
  return gridCorners(curve.axes).map((dims, i) => ({
    op: op(kind, { ...curve.fixed, ...dims } as unknown as OpDims[typeof kind]),
    seconds: curve.seconds[i],
  }));
}

/** Measures the device; minutes on a slow one. */
export async function measureProfile(device: Device, options: ProfileOptions): Promise<Profile> {
  const { kernels, quick = false, progress, signal } = options;
  const pool = createPool(device);
  const curves: Record<string, Curve> = {};
  const list = sweeps(device, kernels);
  const started = now();
  for (const [i, sweep] of list.entries()) {
    progress?.(sweep.kind, i / list.length);
    curves[sweep.kind] = await runSweep(pool, sweep, { repeats: quick ? 5 : 11, signal });
    pool.trim();
  }
  progress?.("done", 1);
  const all = Object.entries(curves).map(([kind, curve]) => opsOf(kind as OpKind, curve));
  const best = (price: (op: AnyOp) => number) =>
    Math.max(...all.flat().map((s) => price(s.op) / s.seconds));
  const law: Law = { computeEfficiency: 1, memoryEfficiency: 1, halfSize: 0 };
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
      `timestamp queries, median of ${quick ? 5 : 11} samples of ${all.flat().length} shapes, ` +
      `${((now() - started) / 1000).toFixed(0)} s`,
      "memoryBytes: the largest buffer of the device (WebGPU does not tell its memory)",
    ],
    memoryBytes: device.gpu.limits.maxBufferSize,
    memoryBandwidthBytesPerSecond: Math.max(
      ...opsOf("combine", curves.combine).map((s) => bytes(s.op) / s.seconds),
    ),
    peakFlopsPerSecond: { f32: best(flops) },
    launchSeconds: Math.min(...Object.values(curves).flatMap((c) => c.seconds)),
    law,
    laws: {},
    curves,
    kernels: { ...choiceWords(kernels) },
  };
}
