/**
 * Tensors on the device, the pool that their buffers come from, and the way back to the host.
 *
 * A tensor can be mirrored into a texture of 1024 texels a row (four numbers a texel, in the order
 * of the buffer): on software Vulkan a texel is fetched without the branch of a buffer load.
 *
 * @module
 */
import { UserError } from "./base/errors.ts";
import { bufferBytes, mirrorRows, ROW_BYTES } from "./base/layout.ts";
import type { Bindings } from "./bindings.ts";
import type { Device } from "./device.ts";
import { settled } from "./failure.ts";
import { type HostArray, layoutOf, PAD, padded, roundUp, unpadded } from "./layout.ts";
import { growingShelf, type Shelf, type ShelfBytes } from "./shelf.ts";
import { hostArray, type Storage, storageBytes, storageOf } from "./storage.ts";

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

/** A buffer, and the texture that mirrors it while somebody reads it so. */
export interface Slot {
  /** The buffer. */
  buffer: GPUBuffer;
  /** Rows of a mirror that the tensor fills; the buffer may be larger. */
  rows: number;
  /** Its mirror. */
  mirror?: GPUTexture;
  /** True once the mirror holds what the buffer holds; whoever writes the buffer unsets it. */
  mirrored: boolean;
  /** Where buffer and mirror came from, and go back to. */
  shelf: Shelf;
}

/** Buffers that are handed out, taken back and handed out again. */
export interface Pool {
  /** The device. */
  device: Device;
  /** An uninitialised tensor, of f32 where nothing else is said. */
  tensor(label: string, shape: readonly number[], options?: { dtype?: Storage }): Tensor;
  /** A tensor with the host's values, rows and columns padded with zeros. */
  upload(label: string, shape: readonly number[], data: HostArray): Tensor;
  /** Overwrites a tensor with the host's values; launches that are not submitted yet see them. */
  write(tensor: Tensor, data: HostArray): void;
  /** Puts a tensor's buffer and mirror back for others. */
  release(...tensors: Tensor[]): void;
  /** Bytes of buffers and mirrors, see {@linkcode ShelfBytes}. */
  bytes(): ShelfBytes;
  /** Destroys what is free. */
  trim(): void;
  /** Bind groups of a step that repeats in this memory. */
  bindings?: Bindings;
  /** Recorders that are not submitted yet: what they released may still be read by their launches. */
  openRecorders: number;
}

const MiB = 2 ** 20;

/** A bank of matrices can be bound in slices, a matrix or a vector only whole. */
function checkSize(device: Device, label: string, shape: readonly number[], size: number): void {
  const bound = shape.length < 3 ? size : size / shape[0];
  const { maxBufferSize, maxStorageBufferBindingSize } = device.gpu.limits;
  const refuse = (what: string, bytes: number, limit: string, most: number) => {
    if (bytes <= most) return;
    throw new UserError(
      `Cannot hold ${label} [${shape.join(", ")}] of ${Math.ceil(bytes / MiB)} MiB${what}: ` +
        `the device's ${limit} is ${Math.floor(most / MiB)} MiB`,
    );
  };
  const each = bound === size ? "" : ` for each of ${shape[0]}`;
  refuse("", size, "maxBufferSize", maxBufferSize);
  refuse(each, bound, "maxStorageBufferBindingSize", maxStorageBufferBindingSize);
}

/** A host's array as bytes, for not every provider knows arrays of f16: a multiple of four. */
function bytesOf(data: HostArray): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = data;
  const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  if (byteLength % 4 === 0) return bytes;
  const longer = new Uint8Array(roundUp(byteLength, 4));
  longer.set(bytes);
  return longer;
}

/** Makes a pool over a shelf: an empty one that grows where none is given. */
export function createPool(device: Device, shelf: Shelf = growingShelf(device)): Pool {
  function allocate(
    label: string,
    shape: readonly number[],
    { dtype, reuse }: { dtype: Storage; reuse: boolean },
  ): Tensor {
    const { pitch, plane } = layoutOf(shape);
    const size = bufferBytes(shape, storageBytes[dtype]);
    checkSize(device, label, shape, size);
    const buffer = shelf.buffer(label, { bytes: size, reuse });
    const slot: Slot = { buffer, rows: size / ROW_BYTES, mirrored: false, shelf };
    return { label, shape, dtype, offset: 0, pitch, plane, buffer, slot };
  }

  function checkLength(what: string, shape: readonly number[], data: HostArray): void {
    const n = shape.reduce((a, b) => a * b, 1);
    if (n === data.length) return;
    throw new RangeError(
      `Cannot ${what}: found ${data.length} values, wanted ${n} for [${shape.join(", ")}]`,
    );
  }

  function write(tensor: Tensor, data: HostArray): void {
    const at = tensor.offset * storageBytes[tensor.dtype];
    device.gpu.queue.writeBuffer(tensor.buffer, at, bytesOf(padded(tensor.shape, data)));
    tensor.slot.mirrored = false;
  }

  return {
    device,
    openRecorders: 0,
    tensor: (label, shape, { dtype = "f32" } = {}) =>
      allocate(label, shape, { dtype, reuse: true }),
    upload(label, shape, data) {
      checkLength(`upload ${label}`, shape, data);
      // An upload runs before launches that are only recorded: it must not touch their buffers.
      const dtype = storageOf(data);
      const t = allocate(label, shape, { dtype, reuse: this.openRecorders === 0 });
      write(t, data);
      return t;
    },
    write(tensor, data) {
      checkLength(`write ${tensor.label}`, tensor.shape, data);
      if (storageOf(data) !== tensor.dtype) {
        throw new RangeError(
          `Cannot write ${tensor.label}: found ${storageOf(data)} values, wanted ${tensor.dtype}`,
        );
      }
      write(tensor, data);
    },
    release(...tensors) {
      for (const { slot } of tensors) {
        slot.shelf.back(slot.buffer, slot.mirror);
        slot.mirror = undefined;
      }
    },
    bytes: () => shelf.bytes(),
    trim: () => shelf.trim(),
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

/** The texture that mirrors a tensor, taken when first asked for; its content is copied elsewhere. */
export function mirrorOf(device: Device, tensor: Tensor): GPUTexture {
  const { slot } = tensor;
  const most = device.gpu.limits.maxTextureDimension2D;
  if (slot.rows > most) {
    throw new UserError(
      `Cannot mirror ${tensor.label} [${
        tensor.shape.join(", ")
      }]: ${slot.rows} texture rows exceed ` +
        `the device's maxTextureDimension2D of ${most}`,
    );
  }
  return slot.mirror ??= slot.shelf.mirror(tensor.label, mirrorRows(slot.rows, most));
}

/** Buffers that the host reads, by size: small ones are kept, since a loss is read again and again. */
const readBacks = new WeakMap<GPUDevice, Map<number, GPUBuffer[]>>();
const MOST_KEPT = 2 ** 16;

function takeReadBack(gpu: GPUDevice, size: number): GPUBuffer {
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
  return readBacks.get(gpu)?.get(size)?.pop() ??
    gpu.createBuffer({ label: "read-back", size, usage });
}

function keepReadBack(gpu: GPUDevice, buffer: GPUBuffer): void {
  if (buffer.size > MOST_KEPT) return buffer.destroy();
  buffer.unmap();
  if (!readBacks.has(gpu)) readBacks.set(gpu, new Map());
  const kept = readBacks.get(gpu)!;
  kept.set(buffer.size, [...kept.get(buffer.size) ?? [], buffer]);
}

/** Where each tensor's bytes go in a read-back of all: first byte and length, and all bytes. */
function packed(
  tensors: readonly Tensor[],
): { places: { at: number; size: number }[]; total: number } {
  let total = 0;
  const places = tensors.map(({ shape, dtype }) => {
    const size = roundUp(layoutOf(shape).elements * storageBytes[dtype], 8);
    const at = total;
    total += size;
    return { at, size };
  });
  return { places, total };
}

/**
 * Reads tensors back in one wait; each as its dense values, in the array of its storage type (or of
 * `as`, where that is given).
 */
export async function download<A extends HostArray = Float32Array>(
  device: Device,
  tensors: readonly Tensor[],
  as?: new (buffer: ArrayBuffer) => A,
): Promise<A[]> {
  const { gpu } = device;
  const { places, total } = packed(tensors);
  if (total > gpu.limits.maxBufferSize && tensors.length > 1) {
    const each: A[] = [];
    for (const tensor of tensors) each.push(...await download(device, [tensor], as));
    return each;
  }
  const encoder = gpu.createCommandEncoder({ label: "download" });
  const staged = takeReadBack(gpu, Math.max(8, total));
  tensors.forEach((t, i) => {
    const { at, size } = places[i];
    encoder.copyBufferToBuffer(t.buffer, t.offset * storageBytes[t.dtype], staged, at, size);
  });
  gpu.queue.submit([encoder.finish()]);
  await settled(device, staged.mapAsync(GPUMapMode.READ));
  const bytes = staged.getMappedRange();
  const values = tensors.map(({ dtype, shape }, i) => {
    const { at, size } = places[i];
    const host = hostArray(dtype, bytes.slice(at, at + size), layoutOf(shape).elements);
    const dense = unpadded(shape, host);
    return as ? new as(dense.buffer as ArrayBuffer) : dense as A;
  });
  keepReadBack(gpu, staged);
  return values;
}
