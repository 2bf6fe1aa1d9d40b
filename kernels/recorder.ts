/**
 * Records kernel launches and submits them at once: nothing is awaited in between.
 *
 * A timed recorder puts each launch in a pass of its own, with a timestamp at both ends; an untimed
 * one shares a pass until a copy forces a new one.
 *
 * @module
 */
import { UserError } from "./base/errors.ts";
import { type Bound, groupOf } from "./bindings.ts";
import type { Device } from "./device.ts";
import { settled } from "./failure.ts";
import { checkRequirements } from "./requirements.ts";
import { storageBytes } from "./storage.ts";
import { MIRROR_WIDTH } from "./shelf.ts";
import { mirrorOf, type Pool, type Tensor } from "./tensor.ts";

/** A compiled kernel. */
export interface Kernel {
  /** Operator and variant. */
  label: string;
  /** The pipeline. */
  pipeline: GPUComputePipeline;
}

/** How many workgroups a launch has. */
export type Grid = readonly [x: number, y?: number, z?: number];

/** What a shader reads or writes: a tensor, its mirror, or a slice of its bytes. */
export type Input = Tensor | { mirror: Tensor } | {
  slice: Tensor;
  /** First byte, a multiple of the device's `minStorageBufferOffsetAlignment`. */
  offset: number;
  /** Length. */
  bytes: number;
};

/** One launch. */
export interface Launch {
  /** What it does, for timings. */
  label: string;
  /** What runs. */
  kernel: Kernel;
  /** Storage buffers, slices or texture mirrors in the order of the bindings, from 0 on. */
  inputs: readonly Input[];
  /** Values of the uniform at the binding after the inputs: u32, or f32 where marked. */
  uniforms: readonly (number | { f32: number })[];
  /** How many workgroups. */
  grid: Grid;
  /** Tensors to copy into their texture mirrors before the launch; the copies count to its time. */
  copies?: readonly Tensor[];
}

/** Seconds that one launch took on the device. */
export interface LaunchTime {
  /** Label of the launch. */
  label: string;
  /** Begin, seconds after the first timestamp of the recording. */
  startSeconds: number;
  /** End, likewise. */
  endSeconds: number;
}

/** Collects launches; see the module. */
export interface Recorder {
  /** Where its tensors come from. */
  pool: Pool;
  /** The device. */
  device: Device;
  /** Adds a launch. */
  launch(launch: Launch): void;
  /** Submits all without waiting. */
  submit(): void;
  /** Submits all, waits once, and gives the time of each launch (none where it is not timed). */
  finish(): Promise<LaunchTime[]>;
}

const kernelsOf = new WeakMap<GPUDevice, Map<string, Kernel>>();

/**
 * Compiles WGSL, once for each device and text.
 *
 * @throws {UserError} where the shader exceeds a limit of the device.
 */
export function compile(device: Device, label: string, code: string): Kernel {
  let known = kernelsOf.get(device.gpu);
  if (!known) kernelsOf.set(device.gpu, known = new Map());
  let kernel = known.get(code);
  if (!kernel) {
    checkRequirements(device, label, code);
    const module = device.gpu.createShaderModule({ label, code: device.wgslHeader + code });
    const compute = { module, entryPoint: "main" };
    const pipeline = device.gpu.createComputePipeline({ label, layout: "auto", compute });
    known.set(code, kernel = { label, pipeline });
  }
  return kernel;
}

/**
 * Workgroups of 64 threads for `threads` threads, folded where one dimension is too short.
 *
 * @example
 * ```ts
 * import { linearGrid } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(linearGrid(130), [3, 1]);
 * assertEquals(linearGrid(64 * 65536), [32768, 2]);
 * ```
 */
export function linearGrid(threads: number): [number, number] {
  const groups = Math.ceil(threads / 64);
  const rows = Math.ceil(groups / 65535);
  return [Math.ceil(groups / rows), rows];
}

const MAX_TIMED = 1024;
/** Uniforms of one recording: some four thousand launches. */
const UNIFORM_BYTES = 2 ** 20;

const uniformsOf = new WeakMap<GPUDevice, GPUBuffer>();

/**
 * The buffer that uniforms are read from, one for each device: a submission writes its own before
 * its launches run, in the order of the queue, whatever else is being recorded.
 */
function uniformBuffer(gpu: GPUDevice): GPUBuffer {
  let buffer = uniformsOf.get(gpu);
  if (!buffer) {
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    uniformsOf.set(
      gpu,
      buffer = gpu.createBuffer({ label: "uniforms", size: UNIFORM_BYTES, usage }),
    );
  }
  return buffer;
}

function checkGrid(device: Device, label: string, grid: readonly (number | undefined)[]): void {
  const most = device.gpu.limits.maxComputeWorkgroupsPerDimension;
  const largest = Math.max(...grid.map((n) => n ?? 1));
  if (largest > most) {
    throw new UserError(
      `Cannot launch ${label}: ${largest} workgroups in one dimension exceed the device's ` +
        `maxComputeWorkgroupsPerDimension of ${most}`,
    );
  }
}

function boundOf(device: Device, label: string, input: Input): Bound {
  if ("buffer" in input) {
    const offset = input.offset * storageBytes[input.dtype];
    const size = input.buffer.size - offset;
    const most = device.gpu.limits.maxStorageBufferBindingSize;
    if (size > most) {
      throw new UserError(
        `Cannot bind ${input.label} [${
          input.shape.join(", ")
        }] for ${label}: ${size} bytes exceed ` +
          `the device's maxStorageBufferBindingSize of ${most}`,
      );
    }
    return { of: input.buffer, offset, size };
  }
  if ("mirror" in input) return { of: mirrorOf(device, input.mirror), offset: 0, size: 0 };
  return { of: input.slice.buffer, offset: input.offset, size: input.bytes };
}

/** Makes a recorder. `timed` asks for the time of each launch. */
export function createRecorder(pool: Pool, options: { timed?: boolean } = {}): Recorder {
  const { device } = pool;
  const { gpu } = device;
  pool.openRecorders++;
  const timed = options.timed === true && device.timestamps;
  const encoder = gpu.createCommandEncoder({ label: "recorder" });
  const querySet = timed ? gpu.createQuerySet({ type: "timestamp", count: 2 * MAX_TIMED }) : null;
  const uniforms = uniformBuffer(gpu);
  let words = new DataView(new ArrayBuffer(2 ** 14));
  const align = Math.max(32, gpu.limits.minUniformBufferOffsetAlignment);
  const labels: string[] = [];
  let last = "";
  let used = 0;
  let pass: GPUComputePassEncoder | null = null;

  function endPass() {
    pass?.end();
    pass = null;
  }

  /** A pass with a timestamp at its begin, its end, or both; in an untimed recorder, any pass. */
  function beginPass(label: string, at: "begin" | "end" | "both"): GPUComputePassEncoder {
    if (!querySet) return pass ??= encoder.beginComputePass({ label });
    if (labels.length >= MAX_TIMED) throw new RangeError(`More than ${MAX_TIMED} timed launches`);
    endPass();
    if (at !== "end") labels.push(label);
    const index = 2 * labels.length - 2;
    const timestampWrites: GPUComputePassTimestampWrites = { querySet };
    if (at !== "end") timestampWrites.beginningOfPassWriteIndex = index;
    if (at !== "begin") timestampWrites.endOfPassWriteIndex = index + 1;
    return pass = encoder.beginComputePass({ label, timestampWrites });
  }

  function copyToMirror(tensor: Tensor): void {
    const texture = mirrorOf(device, tensor);
    encoder.copyBufferToTexture(
      { buffer: tensor.buffer, bytesPerRow: MIRROR_WIDTH * 16 },
      { texture },
      [MIRROR_WIDTH, tensor.slot.rows],
    );
    tensor.slot.mirrored = true;
  }

  function writeUniforms(values: Launch["uniforms"]): Bound {
    const size = Math.ceil(values.length / 4) * 16;
    const offset = used;
    used += Math.ceil(size / align) * align;
    if (used > UNIFORM_BYTES) throw new RangeError("More launches than one recorder can hold");
    if (used > words.byteLength) {
      words = new DataView((words.buffer as ArrayBuffer).transfer(2 * words.byteLength));
    }
    values.forEach((v, i) =>
      typeof v === "number"
        ? words.setUint32(offset + 4 * i, v, true)
        : words.setFloat32(offset + 4 * i, v.f32, true)
    );
    return { of: uniforms, offset, size };
  }

  function submit() {
    endPass();
    gpu.queue.writeBuffer(uniforms, 0, words.buffer as ArrayBuffer, 0, Math.max(used, 16));
    device.lastLabel = last || device.lastLabel;
    gpu.queue.submit([encoder.finish()]);
    pool.openRecorders--;
  }

  return {
    pool,
    device,
    launch({ label, kernel, inputs, uniforms: values, grid, copies = [] }) {
      checkGrid(device, label, grid);
      last = label;
      const bound = inputs.map((input) => boundOf(device, label, input));
      if (values.length > 0) bound.push(writeUniforms(values));
      const { pipeline } = kernel;
      const group = groupOf(device, { label, pipeline, bound, bindings: pool.bindings });
      if (copies.length > 0) {
        if (timed) beginPass(label, "begin");
        endPass();
        copies.forEach(copyToMirror);
      }
      const to = beginPass(label, copies.length > 0 ? "end" : "both");
      to.setPipeline(pipeline);
      to.setBindGroup(0, group);
      to.dispatchWorkgroups(...grid as [number]);
    },
    submit,
    async finish() {
      if (!querySet) {
        submit();
        await settled(device, gpu.queue.onSubmittedWorkDone());
        return [];
      }
      endPass();
      const size = 16 * labels.length;
      const usage = GPUBufferUsage;
      const raw = gpu.createBuffer({ size, usage: usage.QUERY_RESOLVE | usage.COPY_SRC });
      const read = gpu.createBuffer({ size, usage: usage.COPY_DST | usage.MAP_READ });
      encoder.resolveQuerySet(querySet, 0, 2 * labels.length, raw, 0);
      encoder.copyBufferToBuffer(raw, 0, read, 0, size);
      submit();
      await settled(device, read.mapAsync(GPUMapMode.READ));
      const ticks = new BigUint64Array(read.getMappedRange().slice(0));
      [raw, read].forEach((b) => b.destroy());
      querySet.destroy();
      const seconds = (i: number) => Number(ticks[i] - ticks[0]) * 1e-9;
      return labels.map((label, i) => ({
        label,
        startSeconds: seconds(2 * i),
        endSeconds: seconds(2 * i + 1),
      }));
    },
  };
}
