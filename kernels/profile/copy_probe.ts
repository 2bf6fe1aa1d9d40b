/**
 * The driver's own copy of a large tensor: what this device's memory can do.
 *
 * @module
 */
import { compile, type Recorder } from "../recorder.ts";
import type { Pool, Tensor } from "../tensor.ts";

/** Floats of the tensor that is copied: far larger than any cache. */
const COPIED = 2 ** 24;

/** The least that a pass can do: it ends the time of the copy before it. */
const TOUCH = "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n" +
  "@compute @workgroup_size(1) fn main() { x[0] = 1u; }\n";

/** A copy that can be recorded again and again. */
export interface CopyProbe {
  /** Bytes that one copy reads and writes. */
  bytes: number;
  /** What it works on, to put back into the pool. */
  tensors: Tensor[];
  /** Records one copy, as one launch. */
  record(recorder: Recorder): void;
}

/** Makes the probe's tensors. */
export function copyProbe(pool: Pool): CopyProbe {
  const large = pool.upload("copied", [COPIED / 1024, 1024], new Float32Array(COPIED).fill(1));
  const touched = pool.tensor("touched", [1]);
  const kernel = compile(pool.device, "touch", TOUCH);
  return {
    bytes: 2 * 4 * COPIED,
    tensors: [large, touched],
    record(recorder) {
      large.slot.mirrored = false;
      const launch = { label: "copy", kernel, uniforms: [], grid: [1] as const };
      recorder.launch({ ...launch, inputs: [touched], copies: [large] });
    },
  };
}
