/**
 * Measures this device on a grid of shapes: peaks, launch cost, and a curve for each operator.
 *
 * Samples are taken in rounds over all shapes of all operators, so that a slow spell of the machine
 * spreads over all of them instead of spoiling one; some hundred launches share one wait.
 *
 * @module
 */
import { type AnyOp, bytes, flops, op, type OpDims, type OpKind } from "../base/op.ts";
import { type Curve, gridCorners, type Law, type Profile } from "../base/profile_schema.ts";
import { adapterKey, type Device } from "../device.ts";
import { createPool, type Pool } from "../tensor.ts";
import { choiceWords, type KernelChoice } from "../tune.ts";
import { now, time } from "../time.ts";
import { copyProbe } from "./copy_probe.ts";
import { type Profiling, startProfiling } from "./profiling.ts";
import { runParts } from "./recordings.ts";
import { refined } from "./refine.ts";
import { profiledKinds } from "./sweeps/sweeps.ts";

/** How a profile is measured. */
export interface ProfileOptions {
  /** Kernels to measure; runs that use the profile replay them. */
  kernels: KernelChoice;
  /** Operators to measure; all unless given. The law prices what has no curve. */
  kinds?: readonly OpKind[];
  /** Fewer repeats. */
  quick?: boolean;
  /** Told what is done and the share of it that is. */
  progress?: (what: string, share: number) => void;
  /** Stops the measurement between repeats. */
  signal?: AbortSignal;
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

/** No further round begins after this time, once {@linkcode ENOUGH} were taken. */
const BUDGET_SECONDS = 75;
const ENOUGH = 5;

const roundName = (round: number) => round === 0 ? "compiling" : `round ${round}`;

/** The operator whose movement of memory stands for all that have no curve. */
const MOVER: OpKind = "combine";

/** A {@linkcode Profiling} put together with what else is known of the device. */
export async function profileOf(
  pool: Pool,
  options: { profiling: Profiling; kernels: KernelChoice },
): Promise<Profile> {
  const { profiling, kernels } = options;
  const { device } = pool;
  const curves = Object.fromEntries(
    Object.entries(profiling.curves()).map(([kind, curve]) => [kind, refined(curve)]),
  );
  const all = Object.entries(curves).map(([kind, curve]) => opsOf(kind as OpKind, curve));
  const best = (price: (op: AnyOp) => number) =>
    Math.max(...all.flat().map((s) => price(s.op) / s.seconds));
  const copied = await copyBandwidth(pool, Math.max(ENOUGH, profiling.rounds()));
  const mover = curves[MOVER] ? `the ${MOVER} kernel` : "a kernel";
  const movers = curves[MOVER] ? opsOf(MOVER, curves[MOVER]) : all.flat();
  const moved = Math.max(...movers.map((s) => bytes(s.op) / s.seconds));
  pool.trim();
  const gap = profiling.gap();
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
      `timestamp queries, lower quartile of ${profiling.rounds()} rounds over ` +
      `${profiling.parts.length} shapes; shapes between them are filled in, times taken as affine ` +
      "in every dimension",
      "memoryBytes: the largest buffer of the device (WebGPU does not tell its memory)",
      "memoryBandwidthBytesPerSecond: the driver's copy of 64 MiB, read and written; " +
      `memoryEfficiency: the best that ${mover} moved, as a fraction of it`,
    ],
    memoryBytes: device.gpu.limits.maxBufferSize,
    memoryBandwidthBytesPerSecond: copied,
    peakFlopsPerSecond: { f32: best(flops) },
    ...gap && { gapSeconds: gap.value },
    launchSeconds: Math.min(...Object.values(curves).flatMap((c) => c.seconds)),
    law,
    laws: {},
    curves,
    kernels: { ...choiceWords(kernels) },
  };
}

/**
 * Measures the device: all operators of a training step, or those asked for. About a minute and a
 * half on a slow one, a third of it where `quick` is set.
 *
 * @throws {RangeError} where no kind is given.
 */
export async function measureProfile(device: Device, options: ProfileOptions): Promise<Profile> {
  const { kernels, kinds = profiledKinds, quick = false, progress, signal } = options;
  const repeats = quick ? ENOUGH : 21;
  const started = now();
  const elapsed = () => (now() - started) / 1000;
  const pool = createPool(device);
  const profiling = startProfiling(pool, { kernels, kinds });
  const wanted = () => elapsed() < BUDGET_SECONDS ? repeats : ENOUGH;
  // The first round compiles and is not counted.
  for (let round = 0; round <= wanted(); round++) {
    const times = await runParts(pool, profiling.parts, {
      signal,
      done(share) {
        const done = (round + share) / (repeats + 1);
        progress?.(roundName(round), Math.min(1, Math.max(done, elapsed() / BUDGET_SECONDS)));
      },
    });
    if (round > 0) profiling.take(times);
  }
  profiling.release();
  pool.trim();
  progress?.("done", 1);
  return await profileOf(pool, { profiling, kernels });
}
