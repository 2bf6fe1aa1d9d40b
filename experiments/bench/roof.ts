/**
 * What bounds every operator of a device: multiply-adds in registers alone, and the driver's own copy
 * of a large buffer. Both take part in every heat, so that a share of the roof is one of the roof in
 * the same minute.
 *
 * @module
 */
import { compile } from "../../kernels/recorder.ts";
import { copyProbe } from "../../kernels/profile/copy_probe.ts";
import { type Contender, COPY } from "./heat.ts";
import { race } from "./race.ts";
import { type Ring, timeOnce } from "./ring.ts";

/** Vectors of four that a thread's multiply-adds go round, and multiply-adds on each in a loop. */
interface FmaShape {
  chains: number;
  unrolled: number;
}

/** Few chains fit the registers of a CPU, more of them hide the latency of a GPU. */
const shapes: readonly FmaShape[] = [
  { chains: 2, unrolled: 16 },
  { chains: 4, unrolled: 16 },
  { chains: 8, unrolled: 4 },
];

const THREADS = 2 ** 17;
const FLOPS_OF_VECTOR = 8;

/** A kernel that reads nothing, multiplies and adds in registers, and writes one number a thread. */
export function fmaCode({ chains, unrolled }: FmaShape): string {
  const names = Array.from({ length: chains }, (_, i) => `x${i}`);
  const step = names.map((x) => `${x} = fma(${x}, m, c);`).join(" ");
  return `struct Params { rounds: u32, m: f32, c: f32 };
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = vec4f(p.m);
  let c = vec4f(p.c);
  let first = f32(id.x);
${names.map((x, i) => `  var ${x} = vec4f(first + ${i}.0);`).join("\n")}
  for (var i = 0u; i < p.rounds; i++) {
${Array(unrolled).fill(`    ${step}`).join("\n")}
  }
  y[id.x] = dot(${names.join(" + ")}, vec4f(1.0));
}
`;
}

/** Multiply-adds of a shape, as many rounds as wanted. */
function fmaRun(ring: Ring, shape: FmaShape): (rounds: number) => Promise<number> {
  const { pool } = ring;
  const y = pool.tensor("fma", [THREADS]);
  ring.keep(y);
  const kernel = compile(pool.device, "fma", fmaCode(shape));
  return (rounds) =>
    timeOnce(pool, (recorder) => {
      recorder.launch({
        label: "fma",
        kernel,
        inputs: [y],
        uniforms: [rounds, { f32: 0.9999 }, { f32: 0.0001 }],
        grid: [THREADS / 64],
      });
      return [];
    });
}

type Run = Contender["run"];

const flopsOf = ({ chains, unrolled }: FmaShape, rounds: number) =>
  THREADS * rounds * chains * unrolled * FLOPS_OF_VECTOR;

/** Seconds that a sample of the peak takes at the least. */
const SAMPLE_SECONDS = 0.02;
const TRIALS = 5;

/** A shape with as many rounds as fill a sample, warmed up. */
async function filled(ring: Ring, shape: FmaShape): Promise<{ flops: number; run: Run }> {
  const run = fmaRun(ring, shape);
  await run(1);
  let rounds = 4;
  while (await run(rounds) < SAMPLE_SECONDS && rounds < 2 ** 20) rounds *= 2;
  return { flops: flopsOf(shape, rounds), run: () => run(rounds) };
}

/** The shape that reaches most in its best trial. */
async function peakContender(ring: Ring): Promise<Contender> {
  const candidates: { flops: number; run: Run }[] = [];
  for (const shape of shapes) candidates.push(await filled(ring, shape));
  const samples = await race(candidates.map(({ run }) => run), { rounds: TRIALS });
  const speeds = candidates.map(({ flops }, i) => flops / Math.min(...samples[i]));
  const best = speeds.indexOf(Math.max(...speeds));
  const { chains, unrolled } = shapes[best];
  return {
    id: "peak",
    labels: { operator: "peak", shape: `${chains} chains of ${unrolled} fma`, by: "moelab" },
    ...candidates[best],
    underRoof: false,
  };
}

function copyContender({ pool, keep }: Ring): Contender {
  const { bytes, tensors, record } = copyProbe(pool);
  keep(...tensors);
  return {
    id: COPY,
    labels: { operator: "copy", shape: `${bytes / 2 ** 21} MiB`, by: "driver" },
    bytes,
    underRoof: false,
    run: () =>
      timeOnce(pool, (recorder) => {
        record(recorder);
        return [];
      }),
  };
}

/** Both bounds of the device. */
export interface Bounds {
  /** Multiply-adds in registers. */
  peak: Contender;
  /** The driver's copy. */
  copy: Contender;
}

/** Makes both bounds ready; their tensors stay in the ring. */
export async function bounds(ring: Ring): Promise<Bounds> {
  return { peak: await peakContender(ring), copy: copyContender(ring) };
}
