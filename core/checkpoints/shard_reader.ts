/**
 * Bytes of shards, range by range: one file open at a time, one read at a time.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { ByteSource, FileStore } from "../train/files.ts";
import type { Located } from "./stored.ts";

/** Opens files. */
export type FileOpener = Pick<FileStore, "open">;

/** A shard of a folder. */
export interface Shard {
  /** File name. */
  name: string;
  /** Its bytes. */
  bytes: number;
}

/** Reads ranges of tensors. */
export interface ShardReader {
  /** `bytes` bytes of a tensor, from the byte `from` of it on. */
  read(at: Located, range: { from: number; bytes: number }): Promise<Uint8Array<ArrayBuffer>>;
  /** Gives the open file back. */
  close(): void;
}

/**
 * Opens a file, or gives undefined where there is none.
 *
 * @throws {UserError} where it cannot be opened.
 */
export async function openFile(path: string, files: FileOpener): Promise<ByteSource | undefined> {
  try {
    return await files.open(path);
  } catch (error) {
    throw new UserError(`Cannot open ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Reads of the shards of a folder, which have to be as long as they were. */
export function shardReader(
  folder: string,
  options: { files: FileOpener; shards: readonly Shard[] },
): ShardReader {
  const sizes = new Map(options.shards.map(({ name, bytes }) => [name, bytes]));
  let open: { name: string; source: ByteSource } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const close = () => {
    open?.source.close();
    open = undefined;
  };
  const sourceOf = async (name: string): Promise<ByteSource> => {
    if (open?.name === name) return open.source;
    close();
    const source = await openFile(`${folder}/${name}`, options.files);
    if (!source || source.size !== sizes.get(name)) {
      source?.close();
      throw new UserError(
        `Cannot read ${folder}/${name}: found ${source?.size ?? "no"} bytes, wanted ` +
          `${sizes.get(name)} as before: the file has changed`,
      );
    }
    open = { name, source };
    return source;
  };
  const readNow = async ({ shard, entry }: Located, range: { from: number; bytes: number }) => {
    const source = await sourceOf(shard);
    const bytes = await source.read(entry.at + range.from, range.bytes);
    if (bytes.length === range.bytes) return bytes;
    throw new UserError(
      `Cannot read ${folder}/${shard}: found ${bytes.length} bytes, wanted ${range.bytes}`,
    );
  };
  return {
    read(at, range) {
      // A file has one place at which it reads: reads wait for each other.
      const next = last.then(() => readNow(at, range));
      last = next.catch(() => {});
      return next;
    },
    close,
  };
}
