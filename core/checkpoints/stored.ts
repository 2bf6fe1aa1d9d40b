/**
 * In which format a file holds a tensor: numbers one by one, narrow numbers with scales beside them,
 * or blocks of four bits.
 *
 * - F8 with `X_scale_inv` or `X_scale` beside `X`, which multiply: one for all, one a row, or one a
 *   block of `weight_block_size` (DeepSeek-V3, arXiv 2412.19437, section 3.3.2: 128 by 128).
 * - `X_blocks` and `X_scales` instead of `X`: MXFP4 along the last axis (gpt-oss, arXiv 2508.10925).
 *
 * @module
 */
import { nearest, UserError } from "../../kernels/base/errors.ts";
import type { SafetensorsEntry } from "../train/safetensors_header.ts";
import type { FilePart } from "./layout.ts";
import { readableTypes } from "./number_formats.ts";

/** A tensor of a shard. */
export interface Located {
  /** Its name. */
  name: string;
  /** File name of its shard. */
  shard: string;
  /** Type, shape and bytes. */
  entry: SafetensorsEntry;
}

/** How a file holds the numbers of a tensor. */
export type Stored =
  | { kind: "plain"; at: Located }
  /** A scale for each `rows` by `columns` numbers of a matrix. */
  | { kind: "scaled"; at: Located; scale: Located; rows: number; columns: number }
  | { kind: "mxfp4"; blocks: Located; scales: Located };

/** What a resolver knows. */
export interface StoredContext {
  /** Tensors of all shards, by name. */
  files: ReadonlyMap<string, Located>;
  /** Rows and columns that share a scale, where the file has blocks. */
  block: readonly [number, number];
  /** Whether narrow numbers have to have scales. */
  quantised: boolean;
  /** The folder, for messages. */
  source: string;
}

const words = (shape: readonly number[]) => `[${shape.join(", ")}]`;
const same = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((size, i) => size === b[i]);

function misshapen(at: Located, wanted: string, source: string): UserError {
  const { name, shard, entry: { dtype, shape } } = at;
  return new UserError(
    `Cannot read ${source}: tensor ${name} of ${shard}: found ${dtype} ${words(shape)}, ` +
      `wanted ${wanted}`,
  );
}

/** Says the nearest name among those with the same end: a file may have all under another prefix. */
function missing({ file, fileShape }: FilePart, { files, source }: StoredContext): UserError {
  const end = file.slice(file.lastIndexOf(".", file.lastIndexOf(".") - 1));
  const alike = [...files.keys()].filter((name) => name.endsWith(end.slice(1))).slice(0, 100);
  const match = nearest(file, alike);
  const hint = match === undefined ? "" : `; nearest is ${match}`;
  return new UserError(
    `Cannot read ${source}: tensor ${file} is missing, wanted ${words(fileShape)}${hint}`,
  );
}

function packed(part: FilePart, context: StoredContext): Stored | undefined {
  const { files, source } = context;
  const blocks = files.get(`${part.file}_blocks`);
  const scales = files.get(`${part.file}_scales`);
  if (!blocks || !scales) return undefined;
  const lead = part.fileShape.slice(0, -1);
  const groups = part.fileShape[lead.length] / 32;
  if (!Number.isInteger(groups)) {
    throw misshapen(blocks, `blocks of 32 along the last axis of ${words(part.fileShape)}`, source);
  }
  for (
    const [at, shape] of [[blocks, [...lead, groups, 16]], [scales, [...lead, groups]]] as const
  ) {
    if (at.entry.dtype === "U8" && same(at.entry.shape, shape)) continue;
    throw misshapen(at, `U8 ${words(shape)}`, source);
  }
  return { kind: "mxfp4", blocks, scales };
}

function scaled(at: Located, scale: Located, context: StoredContext): Stored {
  const { block, source } = context;
  const { shape: [rows, columns] } = at.entry;
  const { shape, dtype } = scale.entry;
  const choices: [wanted: number[], rows: number, columns: number][] = [
    [[], rows, columns],
    [[1], rows, columns],
    [[rows, 1], 1, columns],
    [[Math.ceil(rows / block[0]), Math.ceil(columns / block[1])], ...block],
  ];
  const found = choices.find(([wanted]) => same(shape, wanted));
  if (found && ["F32", "F16", "BF16"].includes(dtype)) {
    return { kind: "scaled", at, scale, rows: found[1], columns: found[2] };
  }
  const wanted = choices.map(([one]) => words(one)).join(" or ");
  throw misshapen(scale, `F32, F16 or BF16 ${wanted}`, source);
}

/**
 * How the files hold the tensor of a part.
 *
 * @throws {UserError} where it is missing, has another shape, or a type that holds no numbers.
 */
export function storedOf(part: FilePart, context: StoredContext): Stored {
  const { files, quantised, source } = context;
  const { file, fileShape } = part;
  const at = files.get(file);
  if (!at) {
    const blocks = packed(part, context);
    if (blocks) return blocks;
    throw missing(part, context);
  }
  const { dtype, shape } = at.entry;
  if (!same(shape, fileShape)) throw misshapen(at, words(fileShape), source);
  if (!readableTypes.includes(dtype)) {
    throw misshapen(at, `a type of ${readableTypes.join(", ")}`, source);
  }
  if (!dtype.startsWith("F8")) return { kind: "plain", at };
  const scale = files.get(`${file}_scale_inv`) ?? files.get(`${file}_scale`);
  if (scale && shape.length === 2) return scaled(at, scale, context);
  if (!scale && !quantised) return { kind: "plain", at };
  throw misshapen(at, `a matrix with ${file}_scale_inv or ${file}_scale beside it`, source);
}

/** The tensors of files that hold a tensor. */
export function locatedIn(stored: Stored): Located[] {
  switch (stored.kind) {
    case "plain":
      return [stored.at];
    case "scaled":
      return [stored.at, stored.scale];
    case "mxfp4":
      return [stored.blocks, stored.scales];
  }
}
