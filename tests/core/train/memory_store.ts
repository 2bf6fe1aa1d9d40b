/** Files in memory, with a disk that ends when it is told to. */
import type { FileStore } from "../../../core/train/files.ts";
import { memorySource } from "../../../core/train/safetensors.ts";

/** What a disk throws when it ends. */
export class DiskEnds extends Error {}

/** A store of files in memory, and the number of operations on it so far. */
export interface MemoryStore extends FileStore {
  /** Contents by path. */
  files: Map<string, Uint8Array<ArrayBuffer>>;
  /** Operations that changed something. */
  operations: number;
  /** The operation that fails, and all after it; none where absent. */
  endsAt?: number;
}

/**
 * Makes a store. Once it has ended it changes nothing any more, as a process that was killed does
 * not, not even to clean up; the operation at which it ends is half done.
 */
export function memoryStore(): MemoryStore {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Counts an operation; false where it is the one that ends the disk. */
  const goes = () => {
    const at = store.operations++;
    if (store.endsAt !== undefined && at > store.endsAt) throw new DiskEnds("the disk has ended");
    return at !== store.endsAt;
  };
  const end = (): never => {
    throw new DiskEnds("the disk ends");
  };
  const store: MemoryStore = {
    files,
    operations: 0,
    open(path) {
      const bytes = files.get(path);
      return Promise.resolve(bytes && memorySource([bytes]));
    },
    async create(path) {
      if (!goes()) end();
      files.set(path, new Uint8Array(0));
      await Promise.resolve();
      return {
        async write(bytes) {
          const whole = goes();
          const some = whole ? bytes : bytes.subarray(0, bytes.length >> 1);
          const before = files.get(path)!;
          const after = new Uint8Array(before.length + some.length);
          after.set(before);
          after.set(some, before.length);
          files.set(path, after);
          await Promise.resolve();
          if (!whole) end();
        },
        async sync() {
          await Promise.resolve();
          if (!goes()) end();
        },
        close: () => {},
      };
    },
    async rename(from, to) {
      await Promise.resolve();
      if (!goes()) end();
      files.set(to, files.get(from)!);
      files.delete(from);
    },
    async remove(path) {
      await Promise.resolve();
      if (!goes()) end();
      files.delete(path);
    },
  };
  return store;
}
