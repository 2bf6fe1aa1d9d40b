/**
 * Files in memory, for what is written to be read again at once.
 *
 * @module
 */
import type { FileStore } from "../train/files.ts";
import { memorySource } from "../train/safetensors.ts";

/** Files in memory. */
export interface MemoryFiles extends FileStore {
  /** Contents by path. */
  contents: Map<string, Uint8Array<ArrayBuffer>>;
}

/**
 * Makes a store of files in memory.
 *
 * @example
 * ```ts
 * import { memoryFiles, writeWhole } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = memoryFiles();
 * await writeWhole("a/b", [Uint8Array.of(1), Uint8Array.of(2, 3)], { store: memory });
 * assertEquals([...memory.contents], [["a/b", Uint8Array.of(1, 2, 3)]]);
 * ```
 */
export function memoryFiles(): MemoryFiles {
  const contents = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    contents,
    open(path) {
      const bytes = contents.get(path);
      return Promise.resolve(bytes && memorySource([bytes]));
    },
    create(path) {
      const pieces: Uint8Array[] = [];
      return Promise.resolve({
        write: (bytes) => Promise.resolve(void pieces.push(bytes.slice())),
        sync: () => Promise.resolve(),
        close() {
          const all = new Uint8Array(pieces.reduce((n, { length }) => n + length, 0));
          pieces.reduce((at, piece) => (all.set(piece, at), at + piece.length), 0);
          contents.set(path, all);
        },
      });
    },
    rename(from, to) {
      contents.set(to, contents.get(from)!);
      contents.delete(from);
      return Promise.resolve();
    },
    remove: (path) => Promise.resolve(void contents.delete(path)),
  };
}
