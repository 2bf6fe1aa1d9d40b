/**
 * The tensors that attention kernels read and write, as their shaders name them.
 *
 * @module
 */
import type { HeadWidths } from "./options.ts";

/** One tensor with a row for each token (a part of it for each head), or a number for each. */
export interface Stream {
  /** Name of the binding, and the base of the names of variables. */
  name: string;
  /** Vectors of four in a head's part of a row; 0 for one f32. */
  width: number;
  /** The uniform that holds `width`. */
  count: "q_width" | "v_width";
  /** The uniform that holds the vectors from one row to the next. */
  pitch: "q_pitch" | "k_pitch" | "v_pitch" | "o_pitch";
  /** The variable that holds the head. */
  head: "head" | "key_head";
}

/** The streams of heads of some widths: `grad` is the gradient of `o`. */
export function streamsOf({ dqk, dv }: HeadWidths): Record<
  "q" | "k" | "v" | "o" | "grad" | "lse" | "delta" | "dq" | "dk" | "dv",
  Stream
> {
  const q: Stream = {
    name: "q",
    width: dqk / 4,
    count: "q_width",
    pitch: "q_pitch",
    head: "head",
  };
  const k: Stream = { ...q, name: "k", pitch: "k_pitch", head: "key_head" };
  const o: Stream = { ...q, name: "o", width: dv / 4, count: "v_width", pitch: "o_pitch" };
  const v: Stream = { ...o, name: "v", pitch: "v_pitch", head: "key_head" };
  const lse: Stream = { ...q, name: "lse", width: 0 };
  return {
    ...{ q, k, v, o, lse },
    grad: { ...o, name: "grad" },
    delta: { ...lse, name: "delta" },
    dq: { ...q, name: "dq" },
    dk: { ...k, name: "dk" },
    dv: { ...v, name: "dv" },
  };
}

/** The expression of the first vector (or the number) of a token. */
export function at({ width, pitch, head }: Stream, token: string): string {
  return width === 0
    ? `${head} * p.tokens + ${token}`
    : `${token} * p.${pitch} + ${head} * ${width}u`;
}
