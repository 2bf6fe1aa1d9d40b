/**
 * Where the memory of tensors comes from: buffers, and the textures that mirror them, handed out and
 * taken back.
 *
 * @module
 */
import { MIRROR_GAP, MIRROR_WIDTH, mirrorBytes } from "./base/layout.ts";
import type { Device } from "./device.ts";

export { MIRROR_WIDTH, mirrorBytes } from "./base/layout.ts";

/** Bytes of buffers and mirrors. */
export interface ShelfBytes {
  /** In use now. */
  live: number;
  /** Free for reuse. */
  free: number;
  /** The most that was in use at once. */
  peak: number;
  /** The most that was allocated at once, in use or free. */
  held: number;
}

/** Memory to take from and to give back to. */
export interface Shelf {
  /** A buffer of that size; `reuse` allows one that recorded launches may still read. */
  buffer(label: string, options: { bytes: number; reuse: boolean }): GPUBuffer;
  /** A mirror of that many rows. */
  mirror(label: string, rows: number): GPUTexture;
  /** Takes a buffer back, with its mirror if it has one. */
  back(buffer: GPUBuffer, mirror?: GPUTexture): void;
  /** What is in use and what is held. */
  bytes(): ShelfBytes;
  /** Destroys what is free. */
  trim(): void;
}

/** Makes the buffer of a tensor. */
export function makeBuffer(device: Device, label: string, bytes: number): GPUBuffer {
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const usage = STORAGE | COPY_SRC | COPY_DST;
  return device.gpu.createBuffer({ label, size: bytes, usage });
}

/** Makes a mirror of that many rows. */
export function makeMirror(device: Device, label: string, rows: number): GPUTexture {
  return device.gpu.createTexture({
    label: `${label} mirror`,
    size: [MIRROR_WIDTH + MIRROR_GAP, rows],
    format: "rgba32float",
    usage: GPUTextureUsage.COPY_DST | GPUTextureUsage.STORAGE_BINDING,
  });
}

/** Counts what goes out and comes back. */
export function shelfCount(): {
  out(bytes: number, isNew: boolean): void;
  back(bytes: number): void;
  gone(bytes: number): void;
  bytes(): ShelfBytes;
} {
  const count: ShelfBytes = { live: 0, free: 0, peak: 0, held: 0 };
  return {
    out(bytes, isNew) {
      count.live += bytes;
      if (!isNew) count.free -= bytes;
      count.peak = Math.max(count.peak, count.live);
      count.held = Math.max(count.held, count.live + count.free);
    },
    back(bytes) {
      count.live -= bytes;
      count.free += bytes;
    },
    gone: (bytes) => count.free -= bytes,
    bytes: () => ({ ...count }),
  };
}

/** A shelf that makes what it does not have, and hands out again what has the very size. */
export function growingShelf(device: Device): Shelf {
  const buffers = new Map<number, GPUBuffer[]>();
  const mirrors = new Map<number, GPUTexture[]>();
  const count = shelfCount();
  const put = <T>(shelf: Map<number, T[]>, size: number, one: T) => {
    if (!shelf.has(size)) shelf.set(size, []);
    shelf.get(size)!.push(one);
  };
  return {
    buffer(label, { bytes, reuse }) {
      const known = reuse ? buffers.get(bytes)?.pop() : undefined;
      const buffer = known ?? makeBuffer(device, label, bytes);
      count.out(bytes, known === undefined);
      return buffer;
    },
    mirror(label, rows) {
      const known = mirrors.get(rows)?.pop();
      const texture = known ?? makeMirror(device, label, rows);
      count.out(mirrorBytes(rows), known === undefined);
      return texture;
    },
    back(buffer, mirror) {
      put(buffers, buffer.size, buffer);
      count.back(buffer.size);
      if (!mirror) return;
      put(mirrors, mirror.height, mirror);
      count.back(mirrorBytes(mirror.height));
    },
    bytes: count.bytes,
    trim() {
      for (const buffer of [...buffers.values()].flat()) {
        buffer.destroy();
        count.gone(buffer.size);
      }
      for (const mirror of [...mirrors.values()].flat()) {
        mirror.destroy();
        count.gone(mirrorBytes(mirror.height));
      }
      buffers.clear();
      mirrors.clear();
    },
  };
}
