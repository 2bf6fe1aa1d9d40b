/**
 * What an attention call is about: heads, widths and sequences, found from its tensors and checked.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import type { Launch } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import type { AttentionOptions, HeadWidths } from "./options.ts";

/** What is known of a call. */
export interface Geometry extends HeadWidths {
  /** Rows of all tensors: sequences times their length. */
  tokens: number;
  /** Queries of a sequence. */
  length: number;
  /** Keys of a sequence: those of its queries, and of what was before. */
  keys: number;
  /** Query heads. */
  heads: number;
  /** Key and value heads. */
  kvHeads: number;
}

/** Greatest width of a head. */
const WIDEST = 256;

function widthOf(tensor: Tensor, heads: number): number {
  const columns = tensor.shape[1];
  const width = columns / heads;
  if (width % 8 !== 0 || width < 8 || width > WIDEST) {
    throw new UserError(
      `Cannot attend with ${tensor.label}: found ${columns} columns for ${heads} heads, ` +
        `wanted a width of each that is a multiple of 8 up to ${WIDEST}`,
    );
  }
  return width;
}

/**
 * The geometry of a call.
 *
 * @throws {UserError} where heads, widths or the window cannot be.
 * @throws {RangeError} where tensors do not fit each other.
 */
export function geometryOf(
  { q, k, v }: Record<"q" | "k" | "v", Tensor>,
  options: AttentionOptions,
): Geometry {
  const { length, heads, kvHeads = heads, causal = true, window, sink, past } = options;
  const tokens = q.shape[0];
  const keys = length + (past ?? 0);
  if (!(length >= 1) || tokens % length !== 0) {
    throw new RangeError(
      `Cannot split ${tokens} rows of ${q.label} into sequences: found a length of ${length}, ` +
        `wanted a divisor`,
    );
  }
  if (past !== undefined && (!Number.isInteger(past) || past < 0 || tokens !== length)) {
    throw new RangeError(
      `Cannot attend to ${past} keys before ${q.label}: found ${tokens / length} sequences, ` +
        `wanted a whole number of keys and one sequence`,
    );
  }
  if (!(kvHeads >= 1) || heads % kvHeads !== 0) {
    throw new UserError(
      `Cannot share ${kvHeads} key heads among ${heads} query heads: wanted a divisor`,
    );
  }
  const [dqk, dv] = [widthOf(q, heads), widthOf(v, kvHeads)];
  for (const t of [k, v]) {
    const fits = past === undefined ? t.shape[0] === tokens : t.shape[0] >= keys;
    if (!fits || t.dtype !== q.dtype) {
      throw new RangeError(
        `Cannot attend to ${t.label}: found ${t.shape[0]} rows of ${t.dtype}, ` +
          `wanted ${
            past === undefined ? tokens : `${keys} or more`
          } of ${q.dtype} as ${q.label} has`,
      );
    }
  }
  if (k.shape[1] !== dqk * kvHeads) {
    throw new RangeError(
      `Cannot attend to ${k.label}: found ${k.shape[1]} columns, wanted ${dqk * kvHeads} for ` +
        `${kvHeads} heads of ${dqk}`,
    );
  }
  if (window !== undefined && (!Number.isInteger(window) || window < 1 || !causal)) {
    throw new UserError(
      `Cannot attend within a window of ${window}: wanted a whole number from 1 on, and causal ` +
        `attention`,
    );
  }
  if (sink && (sink.shape[0] !== heads || sink.dtype !== "f32")) {
    throw new RangeError(
      `Cannot use sink ${sink.label}: found ${
        sink.shape[0]
      } of ${sink.dtype}, wanted ${heads} of f32`,
    );
  }
  return { tokens, length, keys, heads, kvHeads, dqk, dv };
}

/** A window that leaves nothing out. */
const ENDLESS = 2 ** 30;

/** Uniforms of the generated kernels, for `blocks` blocks of own rows of each of `heads` heads. */
export function uniformsOf(
  geometry: Geometry,
  options: AttentionOptions & { blocks: number; workgroups: number },
): Launch["uniforms"] {
  const { tokens, length, keys, heads, kvHeads, dqk, dv } = geometry;
  const { causal = true, window = ENDLESS, sink, scale = 1 / Math.sqrt(dqk) } = options;
  const pitches = [heads * dqk, kvHeads * dqk, kvHeads * dv, heads * dv];
  return [
    length,
    options.blocks,
    options.workgroups,
    heads,
    heads / kvHeads,
    tokens,
    ...[...pitches, dqk, dv].map((elements) => elements / 4),
    causal ? 1 : 0,
    Math.min(window, ENDLESS),
    sink ? 1 : 0,
    keys,
    { f32: scale },
  ];
}
