/**
 * Tensors on the device, the pool that their buffers come from, and the way back to the host.
 *
 * A tensor can be mirrored into a texture of 1024 texels a row (four numbers a texel, in the order
 * of the buffer): on software Vulkan a texel is fetched without the branch of a buffer load.
 *
 * @module
 */
import { UserError } from "./base/errors.ts";
import type { Device } from "./device.ts";
import { settled } from "./failure.ts";
import { type HostArray, layoutOf, PAD, padded, roundUp, unpadded } from "./layout.ts";
import { hostArray, type Storage, storageBytes, storageOf } from "./storage.ts";

/** Texels in a row of a texture mirror. */
export const MIRROR_WIDTH = 1024;
/**
 * Texels that a row of a mirror has beyond its content: one cache line. Without it the rows of a
 * matrix whose pitch is a power of two compete for the same few lines of every cache.
 */
const MIRROR_GAP = 4;
/** Buffers are a multiple of one row of a mirror. */
const ROW_BYTES = MIRROR_WIDTH * 16;

/** A tensor on the device. */
export interface Tensor {
  /** Name, for labels and messages, with its dims as suffix: `x_TD`. */
  label: string;
  /** Dimensions, outermost first. */
  shape: readonly number[];
  /** What its elements are stored as. */
  dtype: Storage;
  /** Elements of the buffer before its first: 0, but for views of rows. */
  offset: number;
  /** Elements from one row to the next (the padded last dimension). */
  pitch: number;
  /** Elements from one matrix to the next (padded rows times pitch). */
  plane: number;
  /** The buffer, a whole number of mirror rows long. */
  buffer: GPUBuffer;
  /** The buffer with its mirror, as the pool hands them out together. */
  slot: Slot;
}

/** A buffer and the texture that mirrors it, made when first asked for. */
export interface Slot {
  /** The buffer. */
  buffer: GPUBuffer;
  /** Its mirror. */
  mirror?: GPUTexture;
  /** True once the mirror holds what the buffer holds; whoever writes the buffer unsets it. */
  mirrored: boolean;
}

/** Buffers that are handed out, taken back and handed out again. */
export interface Pool {
  /** The device. */
  device: Device;
  /** An uninitialised tensor, of f32 where nothing else is said. */
  tensor(label: string, shape: readonly number[], options?: { dtype?: Storage }): Tensor;
  /** A tensor with the host's values, rows and columns padded with zeros. */
  upload(label: string, shape: readonly number[], data: HostArray): Tensor;
  /** Puts a tensor's buffer and mirror back for others. */
  release(...tensors: Tensor[]): void;
  /** Bytes in use, free for reuse, and the most that was in use at once. */
  bytes(): { live: number; free: number; peak: number };
  /** Destroys what is free. */
  trim(): void;
  /** Recorders that are not submitted yet: what they released may still be read by their launches. */
  openRecorders: number;
}

const MiB = 2 ** 20;

function checkSize(device: Device, label: string, shape: readonly number[], size: number): void {
  const wants = `Cannot hold ${label} [${shape.join(", ")}] of ${Math.ceil(size / MiB)} MiB`;
  for (const limit of ["maxStorageBufferBindingSize", "maxBufferSize"] as const) {
    const most = device.gpu.limits[limit];
    if (size > most) {
      throw new UserError(`${wants}: the device's ${limit} is ${Math.floor(most / MiB)} MiB`);
    }
  }
}

/** Makes an empty pool. */
export function createPool(device: Device): Pool {
  const slots = new Map<number, Slot[]>();
  const use = GPUBufferUsage;
  let live = 0;
  let free = 0;
  let peak = 0;

  function allocate(
    label: string,
    shape: readonly number[],
    { dtype, reuse }: { dtype: Storage; reuse: boolean },
  ): Tensor {
    const { pitch, plane, elements } = layoutOf(shape);
    const size = Math.max(ROW_BYTES, roundUp(elements * storageBytes[dtype], ROW_BYTES));
    checkSize(device, label, shape, size);
    let slot = reuse ? slots.get(size)?.pop() : undefined;
    if (slot) free -= size;
    slot ??= {
      buffer: device.gpu.createBuffer({
        label,
        size,
        usage: use.STORAGE | use.COPY_SRC | use.COPY_DST,
      }),
      mirrored: false,
    };
    slot.mirrored = false;
    live += size;
    peak = Math.max(peak, live);
    const { buffer } = slot;
    return { label, shape, dtype, offset: 0, pitch, plane, buffer, slot };
  }

  return {
    device,
    openRecorders: 0,
    tensor: (label, shape, { dtype = "f32" } = {}) =>
      allocate(label, shape, { dtype, reuse: true }),
    upload(label, shape, data) {
      const n = shape.reduce((a, b) => a * b, 1);
      if (n !== data.length) {
        throw new RangeError(
          `Cannot upload ${label}: found ${data.length} values, wanted ${n} for [${
            shape.join(", ")
          }]`,
        );
      }
      // An upload runs before launches that are only recorded: it must not touch their buffers.
      const dtype = storageOf(data);
      const t = allocate(label, shape, { dtype, reuse: this.openRecorders === 0 });
      // As bytes: not every provider knows arrays of f16.
      const { buffer, byteOffset, byteLength } = padded(shape, data);
      device.gpu.queue.writeBuffer(t.buffer, 0, buffer as ArrayBuffer, byteOffset, byteLength);
      return t;
    },
    release(...tensors) {
      for (const t of tensors) {
        const size = t.buffer.size;
        if (!slots.has(size)) slots.set(size, []);
        slots.get(size)!.push(t.slot);
        live -= size;
        free += size;
      }
    },
    bytes: () => ({ live, free, peak }),
    trim() {
      for (const { buffer, mirror } of [...slots.values()].flat()) {
        buffer.destroy();
        mirror?.destroy();
      }
      slots.clear();
      free = 0;
    },
  };
}

/**
 * Some rows of a matrix as a matrix of its own, over the same buffer. Who has it does not own it: it
 * is never released.
 *
 * @throws {RangeError} where `from` is no multiple of 8 or the rows go beyond the matrix.
 */
export function rowsOf(matrix: Tensor, options: { from: number; count: number }): Tensor {
  const { from, count } = options;
  const [rows, columns] = matrix.shape;
  if (matrix.shape.length !== 2 || from % PAD !== 0 || from < 0 || from + count > rows) {
    throw new RangeError(
      `Cannot view rows ${from} to ${from + count} of ${matrix.label} ` +
        `[${matrix.shape.join(", ")}]: wanted a matrix, and a multiple of ${PAD} within it`,
    );
  }
  const view = { shape: [count, columns], offset: matrix.offset + from * matrix.pitch };
  return { ...matrix, ...view, label: `${matrix.label}[${from}:${from + count}]` };
}

/** The texture that mirrors a tensor, made when first asked for; its content is copied elsewhere. */
export function mirrorOf(device: Device, tensor: Tensor): GPUTexture {
  const height = tensor.buffer.size / ROW_BYTES;
  const most = device.gpu.limits.maxTextureDimension2D;
  if (height > most) {
    throw new UserError(
      `Cannot mirror ${tensor.label} [${tensor.shape.join(", ")}]: ${height} texture rows exceed ` +
        `the device's maxTextureDimension2D of ${most}`,
    );
  }
  return tensor.slot.mirror ??= device.gpu.createTexture({
    label: `${tensor.label} mirror`,
    size: [MIRROR_WIDTH + MIRROR_GAP, height],
    format: "rgba32float",
    usage: GPUTextureUsage.COPY_DST | GPUTextureUsage.STORAGE_BINDING,
  });
}

/**
 * Reads tensors back in one wait; each as its dense values, in the array of its storage type (or of
 * `as`, where that is given).
 *
 * @throws {DeviceLost} where the device is lost.
 */
export async function download<A extends HostArray = Float32Array>(
  device: Device,
  tensors: readonly Tensor[],
  as?: new (buffer: ArrayBuffer) => A,
): Promise<A[]> {
  const encoder = device.gpu.createCommandEncoder({ label: "download" });
  const staged = tensors.map((t) => {
    const size = roundUp(layoutOf(t.shape).elements * storageBytes[t.dtype], 4);
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    const buffer = device.gpu.createBuffer({ label: `${t.label} read-back`, size, usage });
    encoder.copyBufferToBuffer(t.buffer, t.offset * storageBytes[t.dtype], buffer, 0, size);
    return buffer;
  });
  device.gpu.queue.submit([encoder.finish()]);
  await settled(device, Promise.all(staged.map((b) => b.mapAsync(GPUMapMode.READ))));
  return staged.map((buffer, i) => {
    const { dtype, shape } = tensors[i];
    const values = hostArray(dtype, buffer.getMappedRange().slice(0), layoutOf(shape).elements);
    buffer.destroy();
    const dense = unpadded(shape, values);
    return as ? new as(dense.buffer as ArrayBuffer) : dense as A;
  });
}
