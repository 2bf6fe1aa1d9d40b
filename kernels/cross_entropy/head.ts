/**
 * The output weights of a language model, chunk by chunk of the vocabulary, in either layout.
 *
 * A chunk of W[V, D] is some of its rows, in place. A chunk of W[D, V] is some of its columns, which
 * are copied: D * chunk numbers beside T * D * chunk multiplications.
 *
 * @module
 */
import { gemm } from "../gemm/gemm.ts";
import type { Variant } from "../gemm/variant.ts";
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { storageBytes, storagePrelude } from "../storage.ts";
import { rowsOf, type Tensor } from "../tensor.ts";
import columnsCode from "./columns.wgsl" with { type: "text" };

/** Output weights and how they are multiplied. */
export interface Head {
  /** [V, D], as an embedding table lies, or [D, V] where `transposed` is set. */
  w: Tensor;
  /** W is [D, V]. */
  transposed?: boolean;
  /** Kernel variant of the logits and of dx. */
  variant: Variant;
  /** Kernel variant of dW; `variant` where absent. */
  weightGrad?: Variant;
  /** Words of a chunk, a multiple of 64; without it, what keeps the logits within 32 MiB. */
  chunk?: number;
}

/** Some words: the first, and how many. */
export interface Words {
  /** First word. */
  from: number;
  /** How many. */
  count: number;
}

/** Words in a step of chunk sizes: rows of W then begin where a device can bind them. */
const STEP = 64;
const LOGITS_BYTES = 2 ** 25;

/** Words that the head knows. */
export const vocabularyOf = ({ w, transposed }: Head): number => w.shape[transposed ? 1 : 0];

/**
 * The chunks of the vocabulary for `x` [T, D].
 *
 * @throws {RangeError} where the chunk is no multiple of 64, or W does not fit x.
 */
export function chunksOf(x: Tensor, head: Head): Words[] {
  const { w, transposed, chunk: given } = head;
  const vocabulary = vocabularyOf(head);
  const [tokens, columns] = x.shape;
  const inner = w.shape[transposed ? 0 : 1];
  if (inner !== columns) {
    throw new RangeError(
      `Cannot make logits of ${x.label} [${tokens}, ${columns}]: found W ` +
        `[${w.shape.join(", ")}], wanted ${columns} ${transposed ? "rows" : "columns"}`,
    );
  }
  if (given !== undefined && (given < STEP || given % STEP !== 0)) {
    throw new RangeError(`Cannot chunk words by ${given}: wanted a multiple of ${STEP}`);
  }
  const fitting = Math.floor(LOGITS_BYTES / storageBytes[x.dtype] / tokens / STEP) * STEP;
  const chunk = given ?? Math.max(STEP, fitting);
  return Array.from({ length: Math.ceil(vocabulary / chunk) }, (_, i) => ({
    from: i * chunk,
    count: Math.min(chunk, vocabulary - i * chunk),
  }));
}

function copyColumns(
  recorder: Recorder,
  x: Tensor,
  options: { to: Tensor; vectors: number; fromFirst: number; toFirst: number; add: boolean },
): void {
  const { to, vectors, fromFirst, toFirst, add } = options;
  const rows = x.shape[0];
  to.slot.mirrored = false;
  recorder.launch({
    label: "head columns",
    kernel: compile(recorder.device, "head columns", storagePrelude(x.dtype) + columnsCode),
    inputs: [x, to],
    uniforms: [rows, vectors, x.pitch / 4, fromFirst, to.pitch / 4, toFirst, add ? 1 : 0],
    grid: linearGrid(rows * vectors),
  });
}

/** The weights of some words: [count, D], or [D, count] for a transposed head, to be released. */
function chunkOf(recorder: Recorder, head: Head, words: Words): Tensor {
  const { w, transposed } = head;
  if (!transposed) return rowsOf(w, words);
  const to = recorder.pool.tensor("head chunk", [w.shape[0], words.count], { dtype: w.dtype });
  const vectors = to.pitch / 4;
  copyColumns(recorder, w, { to, vectors, fromFirst: words.from / 4, toFirst: 0, add: false });
  return to;
}

/** Gives `use` the weights of some words for as long as it runs. */
function withChunk<A>(recorder: Recorder, options: {
  head: Head;
  words: Words;
  use: (w: Tensor) => A;
}): A {
  const { head, words, use } = options;
  const w = chunkOf(recorder, head, words);
  const result = use(w);
  if (head.transposed) recorder.pool.release(w);
  return result;
}

/** Records the logits [T, count] of some words. */
export function logitsOf(
  recorder: Recorder,
  x: Tensor,
  options: { head: Head; words: Words },
): Tensor {
  const { variant, transposed } = options.head;
  const use = (b: Tensor) =>
    gemm(recorder, x, { b, transposeB: !transposed, label: "logits", variant });
  return withChunk(recorder, { ...options, use });
}

/** Records what the gradient of some words' logits adds to dx, and its part of dW. */
export function logitsBackward(
  recorder: Recorder,
  x: Tensor,
  options: {
    head: Head;
    words: Words;
    dlogits: Tensor;
    dx: Tensor;
    dw: Tensor;
    /** Adds to what dW holds. */
    accumulate: boolean;
  },
): void {
  const { head, words, dlogits, dx, dw, accumulate } = options;
  const { variant, transposed = false } = head;
  const use = (b: Tensor) =>
    gemm(recorder, dlogits, {
      b,
      transposeB: transposed,
      into: dx,
      accumulate: words.from > 0,
      label: "head dx",
      variant,
    });
  withChunk(recorder, { head, words, use });
  const dwOptions = {
    ...{ transposeA: true, label: "head dw" },
    variant: head.weightGrad ?? variant,
  };
  if (!transposed) {
    gemm(recorder, dlogits, { ...dwOptions, b: x, into: rowsOf(dw, words), accumulate });
    return;
  }
  const part = gemm(recorder, x, { ...dwOptions, b: dlogits });
  const to = { fromFirst: 0, toFirst: words.from / 4, vectors: part.pitch / 4 };
  copyColumns(recorder, part, { to: dw, ...to, add: accumulate });
  recorder.pool.release(part);
}
