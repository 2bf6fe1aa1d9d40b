/**
 * Reads a part of a tensor: a bounded run of rows at a time is read, decoded and put in its place.
 *
 * @module
 */
import type { FilePart } from "./layout.ts";
import { decodeMxfp4, decodeNumbers } from "./number_formats.ts";
import { geometryOf, rowsToModel } from "./reorder.ts";
import type { ShardReader } from "./shard_reader.ts";
import type { Located, Stored } from "./stored.ts";

/** Numbers that are read at once, unless a row has more. */
const atOnce = 2 ** 18;

/** Reads numbers of a file's tensor: `count` from the number `from` on. */
type Numbers = (from: number, count: number) => Promise<Float32Array>;

function plainNumbers(reader: ShardReader, at: Located): Numbers {
  const { dtype, bytes, shape } = at.entry;
  const width = bytes / shape.reduce((a, b) => a * b, 1);
  return async (from, count) =>
    decodeNumbers(dtype, await reader.read(at, { from: from * width, bytes: count * width }));
}

async function scaledNumbers(
  reader: ShardReader,
  stored: Extract<Stored, { kind: "scaled" }>,
): Promise<Numbers> {
  const { at, scale, rows, columns } = stored;
  const [, width] = at.entry.shape;
  const across = Math.ceil(width / columns);
  const bytes = await reader.read(scale, { from: 0, bytes: scale.entry.bytes });
  const scales = decodeNumbers(scale.entry.dtype, bytes);
  const plain = plainNumbers(reader, at);
  return async (from, count) => {
    const values = await plain(from, count);
    for (let i = 0; i < count; i++) {
      const row = Math.floor((from + i) / width);
      const column = (from + i) % width;
      values[i] *= scales[Math.floor(row / rows) * across + Math.floor(column / columns)];
    }
    return values;
  };
}

function mxfp4Numbers(
  reader: ShardReader,
  { blocks, scales }: Extract<Stored, { kind: "mxfp4" }>,
): Numbers {
  return async (from, count) =>
    decodeMxfp4(
      await reader.read(blocks, { from: from / 2, bytes: count / 2 }),
      await reader.read(scales, { from: from / 32, bytes: count / 32 }),
    );
}

function numbersOf(reader: ShardReader, stored: Stored): Numbers | Promise<Numbers> {
  switch (stored.kind) {
    case "plain":
      return plainNumbers(reader, stored.at);
    case "scaled":
      return scaledNumbers(reader, stored);
    case "mxfp4":
      return mxfp4Numbers(reader, stored);
  }
}

/** Reads a part into `values`, which has room for it. */
export async function readPart(
  reader: ShardReader,
  source: { part: FilePart; stored: Stored; values: Float32Array },
): Promise<void> {
  const { part, stored, values } = source;
  const numbers = await numbersOf(reader, stored);
  const geometry = geometryOf(part);
  const { rows, columns } = geometry;
  const step = Math.max(1, Math.floor(atOnce / columns));
  const inOrder = part.order.every((axis, i) => axis === i);
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(rows, from + step);
    const some = await numbers(part.from + from * columns, (to - from) * columns);
    if (inOrder) values.set(some, from * columns);
    else rowsToModel({ file: some, part: values, geometry, range: { from, to } });
  }
}
