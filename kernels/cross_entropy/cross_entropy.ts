/**
 * Cross-entropy of a language model's head without ever holding the logits of the whole vocabulary:
 * they are made a chunk at a time, forward for the log-sum-exp of each token, and backward once more
 * for their gradients, which need it.
 *
 * @module
 */
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { storagePrelude } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import { rowLanes } from "../norm/rows.ts";
import gradientCode from "./gradient.wgsl" with { type: "text" };
import { chunksOf, type Head, logitsBackward, logitsOf, vocabularyOf, type Words } from "./head.ts";
import meanCode from "./mean.wgsl" with { type: "text" };
import { followShader } from "./shaders.ts";

/** A target that no token has: it is ignored. */
export const IGNORED = 0xffffffff;

/** Vectors of four logits whose gradients one thread makes. */
const RUN = 8;

/** What the loss is made of, beside x. */
export interface CrossEntropyOptions extends Head {
  /** The word that should follow each token, u32 [T]. */
  targets: Tensor;
  /** Targets of this value have no loss and no gradient. Default {@linkcode IGNORED}. */
  ignore?: number;
  /** Factor of lse^2 in each token's loss (ST-MoE, arXiv 2202.08906, section 3.3). Default 0. */
  zLoss?: number;
}

/** The loss, and what its gradient needs. */
export interface CrossEntropy {
  /** Mean loss of the tokens that are not ignored, f32 [1]; 0 where all are. */
  loss: Tensor;
  /** Loss of each token, f32 [T]; 0 for ignored ones. */
  losses: Tensor;
  /** Log-sum-exp of each token's logits, f32 [T]. */
  lse: Tensor;
  /** 1 / number of tokens that are not ignored, f32 [1]; 0 where all are. */
  share: Tensor;
  /** The logits [T, V], where they were kept. */
  logits?: Tensor;
}

/**
 * Records the cross-entropy of the logits x W^T, for x [T, D] and W [V, D] (or [D, V]).
 *
 * `keepLogits` keeps them for {@linkcode crossEntropyBackward} where one chunk holds them all: that
 * saves it a product.
 *
 * @throws {RangeError} where W or the chunk do not fit.
 *
 * @example Two words and one token
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const x = pool.upload("x", [1, 1], Float32Array.of(1));
 * const w = pool.upload("w", [2, 1], Float32Array.of(0, Math.log(3)));
 * const targets = pool.upload("targets", [1], Uint32Array.of(1));
 * const recorder = k.createRecorder(pool);
 * const options = { w, targets, variant: k.parseVariant("tile-16x1x16x1-buffer") };
 * const forward = k.crossEntropy(recorder, x, options);
 * const { dw } = k.crossEntropyBackward(recorder, x, { ...options, forward });
 * recorder.submit();
 * const [[loss], gradient] = await k.download(device, [forward.loss, dw]);
 * device.close();
 * assertAlmostEquals(loss, -Math.log(0.75), 1e-6);
 * assertAlmostEquals(gradient[0], 0.25, 1e-6);
 * ```
 */
export function crossEntropy(
  recorder: Recorder,
  x: Tensor,
  options: CrossEntropyOptions & { keepLogits?: boolean; label?: string },
): CrossEntropy {
  const { targets, ignore = IGNORED, zLoss = 0, keepLogits, label = "cross-entropy" } = options;
  const { pool, device } = recorder;
  const [tokens] = x.shape;
  const chunks = chunksOf(x, options);
  const each = (name: string, n: number) => pool.tensor(`${label} ${name}`, [n]);
  const states = each("states", 4 * tokens);
  const out = {
    loss: each("loss", 1),
    losses: each("losses", tokens),
    lse: each("lse", tokens),
    share: each("share", 1),
  };
  const lanes = rowLanes(device, tokens);
  let kept: Tensor | undefined;
  for (const words of chunks) {
    const logits = logitsOf(recorder, x, { head: options, words });
    const last = words.from + words.count === vocabularyOf(options);
    recorder.launch({
      label,
      kernel: compile(device, label, storagePrelude(logits.dtype) + followShader(lanes)),
      inputs: [logits, targets, states, out.lse, out.losses],
      uniforms: [
        tokens,
        words.count,
        logits.pitch / 4,
        words.from,
        words.from === 0 ? 1 : 0,
        last ? 1 : 0,
        ignore,
        { f32: zLoss },
      ],
      grid: linearGrid(tokens * lanes),
    });
    if (keepLogits && chunks.length === 1) kept = logits;
    else pool.release(logits);
  }
  recorder.launch({
    label,
    kernel: compile(device, "cross-entropy mean", meanCode),
    inputs: [targets, out.losses, out.loss, out.share],
    uniforms: [tokens, ignore],
    grid: [1],
  });
  pool.release(states);
  return { ...out, ...kept && { logits: kept } };
}

/** Records the gradient of some words' logits in their place. */
function differentiate(
  recorder: Recorder,
  logits: Tensor,
  options: CrossEntropyOptions & {
    words: Words;
    forward: CrossEntropy;
    scale: number;
    label: string;
  },
): void {
  const { targets, forward, words, scale, label, ignore = IGNORED, zLoss = 0 } = options;
  const [tokens, columns] = logits.shape;
  const vectors = logits.pitch / 4;
  const threads = Math.ceil(vectors / RUN);
  logits.slot.mirrored = false;
  recorder.launch({
    label,
    kernel: compile(recorder.device, label, storagePrelude(logits.dtype) + gradientCode),
    inputs: [targets, forward.lse, forward.share, logits],
    uniforms: [
      tokens,
      columns,
      vectors,
      words.from,
      threads,
      ignore,
      { f32: zLoss },
      { f32: scale },
    ],
    grid: linearGrid(tokens * threads),
  });
}

/**
 * Records the gradients of the mean loss times `scale` (the factor of a scaled loss; default 1): dx
 * [T, D], and dW in the layout of W, both stored as x is. Kept logits are used up: they hold
 * gradients afterwards and are put back into the pool.
 *
 * `dw` is written where it is given, and added to where `accumulate` is set.
 *
 * @throws {RangeError} where `accumulate` is set and there is nothing to add to.
 */
export function crossEntropyBackward(
  recorder: Recorder,
  x: Tensor,
  options: CrossEntropyOptions & {
    forward: CrossEntropy;
    scale?: number;
    dw?: Tensor;
    accumulate?: boolean;
    label?: string;
  },
): { dx: Tensor; dw: Tensor } {
  const { forward, scale = 1, accumulate = false, label = "cross-entropy backward" } = options;
  const { pool } = recorder;
  const { dtype } = x;
  if (accumulate && !options.dw) {
    throw new RangeError(`Cannot accumulate ${label}: found no tensor to add to, wanted "dw"`);
  }
  const dx = pool.tensor(`${label} dx`, x.shape, { dtype });
  const dw = options.dw ?? pool.tensor(`${label} dw`, options.w.shape, { dtype });
  for (const words of chunksOf(x, options)) {
    const head = { head: options, words };
    const logits = forward.logits ?? logitsOf(recorder, x, head);
    differentiate(recorder, logits, { ...options, words, scale, label });
    logitsBackward(recorder, x, { ...head, dlogits: logits, dx, dw, accumulate });
    pool.release(logits);
  }
  return { dx, dw };
}
