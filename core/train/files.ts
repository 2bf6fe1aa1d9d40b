/**
 * The files that training reads and writes, behind two small interfaces: what the disk does here, a
 * test may do in memory, and fail.
 *
 * @module
 */

/** Where texts are read from. */
export interface TextReader {
  /** Text of a file; rejects where there is none. */
  text(path: string): Promise<string>;
  /** Names of the files and folders in a folder. */
  list(folder: string): Promise<string[]>;
}

/** Bytes that are read in pieces. */
export interface ByteSource {
  /** How many there are. */
  size: number;
  /** Some of them; fewer where the source ends before. */
  read(at: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Gives the source back. */
  close(): void;
}

/** A file that is being written. */
export interface FileWriter {
  /** Appends. */
  write(bytes: Uint8Array): Promise<void>;
  /** Waits until the disk has it all. */
  sync(): Promise<void>;
  /** Ends writing. */
  close(): void;
}

/** Where checkpoints are kept. */
export interface FileStore {
  /** Opens a file, or gives undefined where there is none. */
  open(path: string): Promise<ByteSource | undefined>;
  /** Begins a file anew, making its folder where it is missing. */
  create(path: string): Promise<FileWriter>;
  /** Gives a file another name, in place of what has that name. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, if it is there. */
  remove(path: string): Promise<void>;
}

const absent = (error: unknown): undefined => {
  if (error instanceof Deno.errors.NotFound) return undefined;
  throw error;
};

/** Texts of the disk. */
export const diskReader: TextReader = {
  text: (path) => Deno.readTextFile(path),
  list: async (folder) => {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(folder)) names.push(name);
    return names;
  },
};

/** Folder of a path; "." where it names none. */
const folderOf = (path: string) => /^(.*)[/\\][^/\\]*$/.exec(path)?.[1] || ".";

async function fill(file: Deno.FsFile, bytes: Uint8Array): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const n = await file.read(bytes.subarray(done));
    if (n === null) break;
    done += n;
  }
  return done;
}

/** Files of the disk. */
export const diskStore: FileStore = {
  async open(path) {
    const file = await Deno.open(path).catch(absent);
    if (!file) return undefined;
    const { size } = await file.stat();
    return {
      size,
      async read(at, length) {
        const bytes = new Uint8Array(Math.max(0, Math.min(length, size - at)));
        await file.seek(at, Deno.SeekMode.Start);
        return bytes.subarray(0, await fill(file, bytes));
      },
      close: () => file.close(),
    };
  },
  async create(path) {
    await Deno.mkdir(folderOf(path), { recursive: true });
    const file = await Deno.open(path, { write: true, create: true, truncate: true });
    return {
      async write(bytes) {
        let done = 0;
        while (done < bytes.length) done += await file.write(bytes.subarray(done));
      },
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  rename: (from, to) => Deno.rename(from, to),
  remove: (path) => Deno.remove(path).catch(absent),
};

/**
 * Writes a file that is whole or as it was before: under another name first, which takes the file's
 * place once the disk has it all. What a kill leaves under the other name is written over next time.
 *
 * @throws what writing threw, after the piece was removed.
 */
export async function writeWhole(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: { store?: FileStore } = {},
): Promise<void> {
  const { store = diskStore } = options;
  const temporary = `${path}.part`;
  try {
    const writer = await store.create(temporary);
    try {
      for await (const piece of pieces) await writer.write(piece);
      await writer.sync();
    } finally {
      writer.close();
    }
    await store.rename(temporary, path);
  } catch (error) {
    await store.remove(temporary).catch(() => {});
    throw error;
  }
}
