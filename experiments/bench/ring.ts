/**
 * What everything that is timed on the device is made of: tensors with seeded values that are put
 * back at the end of a heat, and the time of a recording.
 *
 * @module
 */
import { normals, split } from "../../kernels/base/random.ts";
import type { Recorder } from "../../kernels/recorder.ts";
import type { HostArray } from "../../kernels/layout.ts";
import type { Storage } from "../../kernels/storage.ts";
import type { Pool, Tensor } from "../../kernels/tensor.ts";
import { runTimed } from "../../kernels/time.ts";
import type { KernelChoice } from "../../kernels/tune.ts";

/** Where contenders come from. */
export interface Ring {
  /** Where tensors come from. */
  pool: Pool;
  /** The device's variants. */
  kernels: KernelChoice;
  /** Seconds that rise with wall time, for rivals that no device times. */
  seconds(): number;
  /** True where seconds matter more than tight intervals. */
  quick: boolean;
  /** Says a line to the person who waits. */
  log(line: string): void;
  /** A tensor of normal numbers; the same label and size give the same numbers. */
  fill(label: string, shape: readonly number[], options?: FillOptions): Tensor;
  /** A tensor of the host's values. */
  upload(label: string, shape: readonly number[], data: HostArray): Tensor;
  /** Keeps tensors until the heat ends. */
  keep(...tensors: Tensor[]): void;
  /** Puts all that was kept back, and frees it. */
  release(): void;
}

/** How a tensor of numbers is filled. */
export interface FillOptions {
  /** Standard deviation. */
  scale?: number;
  /** Storage: f32 where nothing else is said. */
  dtype?: Exclude<Storage, "u32">;
}

/** Numbers that are drawn; longer tensors repeat them, for drawing takes longer than timing. */
const DRAWN = 65_537;

/** Seeded normal numbers, as many as wanted. */
export function seededNumbers(label: string, n: number, scale = 1): Float32Array<ArrayBuffer> {
  const drawn = normals(split(0, `bench/${label}`), Math.min(n, DRAWN), scale);
  if (n <= DRAWN) return drawn;
  const out = new Float32Array(n);
  for (let i = 0; i < n; i += DRAWN) out.set(drawn.subarray(0, n - i), i);
  return out;
}

/** Makes the ring of a heat. */
export function createRing(
  base: Pick<Ring, "pool" | "kernels" | "seconds" | "quick" | "log">,
): Ring {
  const { pool } = base;
  const kept: Tensor[] = [];
  const keep = (...tensors: Tensor[]) => void kept.push(...tensors);
  const upload: Ring["upload"] = (label, shape, data) => {
    const tensor = pool.upload(label, shape, data);
    keep(tensor);
    return tensor;
  };
  return {
    ...base,
    keep,
    upload,
    fill(label, shape, { scale = 1, dtype = "f32" } = {}) {
      const values = seededNumbers(label, shape.reduce((a, b) => a * b, 1), scale);
      return upload(label, shape, dtype === "f16" ? new Float16Array(values) : values);
    },
    release() {
      pool.release(...kept.splice(0));
      pool.trim();
    },
  };
}

/** Has the next product copy the tensor into its mirror, and count it. */
export function fresh(tensor: Tensor): Tensor {
  tensor.slot.mirrored = false;
  return tensor;
}

/**
 * Records something and gives the tensors to put back. What comes before a call of `begin` is not
 * timed: an operator that uses its input up has it made anew there.
 */
export type Recording = (recorder: Recorder, begin: () => void) => Tensor[];

/** Seconds from the begin of a recording's first timed launch to the end of its last. */
export async function timeOnce(pool: Pool, record: Recording): Promise<number> {
  let [recorded, first] = [0, 0];
  const launches = await runTimed(pool, (recorder) => {
    const counting: Recorder = {
      ...recorder,
      launch(launch) {
        recorded++;
        recorder.launch(launch);
      },
    };
    pool.release(...record(counting, () => first = recorded));
  });
  return launches[launches.length - 1].endSeconds - launches[first].startSeconds;
}
