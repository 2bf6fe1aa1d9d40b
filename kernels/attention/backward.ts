/**
 * The gradients of attention, without a matrix of scores and without atomics.
 *
 * @module
 */
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { storagePrelude } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import type { Attended } from "./attention.ts";
import deltaCode from "./delta.wgsl" with { type: "text" };
import { type Geometry, geometryOf } from "./geometry.ts";
import { launchAttention } from "./launch.ts";
import type { AttentionOptions } from "./options.ts";
import sinkCode from "./sink.wgsl" with { type: "text" };

/** What the backward pass gives, each of the shape and the storage of what it belongs to. */
export interface AttentionGradients {
  /** Gradient of the queries. */
  dq: Tensor;
  /** Gradient of the keys. */
  dk: Tensor;
  /** Gradient of the values. */
  dv: Tensor;
  /** Gradient of the sinks, where there are any. */
  dsink?: Tensor;
}

function checkFits(tensor: Tensor, wanted: Tensor): void {
  const same = tensor.dtype === wanted.dtype && `${tensor.shape}` === `${wanted.shape}`;
  if (same) return;
  throw new RangeError(
    `Cannot go back through attention with ${tensor.label}: found [${
      tensor.shape.join(", ")
    }] of ` +
      `${tensor.dtype}, wanted [${wanted.shape.join(", ")}] of ${wanted.dtype} as ${wanted.label}`,
  );
}

function recordDelta(
  recorder: Recorder,
  tensors: { o: Tensor; grad: Tensor },
  options: { geometry: Geometry; label: string },
): Tensor {
  const { tokens, heads, dv } = options.geometry;
  const { o, grad } = tensors;
  const delta = recorder.pool.tensor("delta", [heads * tokens]);
  recorder.launch({
    label: `${options.label} delta`,
    kernel: compile(recorder.device, "attention delta", storagePrelude(o.dtype) + deltaCode),
    inputs: [o, grad, delta],
    uniforms: [tokens, heads, dv / 4],
    grid: linearGrid(tokens * heads),
  });
  return delta;
}

function recordSinkGradient(
  recorder: Recorder,
  tensors: { sink: Tensor; lse: Tensor; delta: Tensor },
  options: { geometry: Geometry; label: string },
): Tensor {
  const { tokens, heads } = options.geometry;
  const { sink, lse, delta } = tensors;
  const dsink = recorder.pool.tensor("dsink", [heads]);
  recorder.launch({
    label: `${options.label} dsink`,
    kernel: compile(recorder.device, "attention sink", sinkCode),
    inputs: [sink, lse, delta, dsink],
    uniforms: [tokens],
    grid: [heads],
  });
  return dsink;
}

/**
 * Records the gradients of {@linkcode attention} from `grad`, the gradient of its output `o`.
 *
 * `options` are those of the forward pass. Beside the results it takes one f32 for each head and
 * token, which it gives back.
 *
 * @throws {UserError} where heads, widths or the window cannot be.
 * @throws {RangeError} where tensors do not fit each other.
 *
 * @example A row that sees one key alone passes its gradient to that value
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const x = pool.upload("x", [1, 8], Float32Array.from({ length: 8 }, (_, i) => i));
 * const recorder = k.createRecorder(pool);
 * const options = { length: 1, heads: 1 };
 * const { o, lse } = k.attention(recorder, { q: x, k: x, v: x }, options);
 * const all = { q: x, k: x, v: x, o, lse, grad: x };
 * const { dq, dv } = k.attentionBackward(recorder, all, options);
 * recorder.submit();
 * const [ofQueries, ofValues] = await k.download(device, [dq, dv]);
 * device.close();
 * assertEquals([...ofQueries], [0, 0, 0, 0, 0, 0, 0, 0]);
 * assertEquals([...ofValues], [0, 1, 2, 3, 4, 5, 6, 7]);
 * ```
 */
export function attentionBackward(
  recorder: Recorder,
  tensors: Record<"q" | "k" | "v" | "grad", Tensor> & Attended,
  options: AttentionOptions,
): AttentionGradients {
  const { q, k, v, o, lse, grad } = tensors;
  const { pool } = recorder;
  const { label = "attention", sink } = options;
  if (options.past !== undefined) {
    throw new RangeError(`Cannot take the gradient of ${label}: found keys before its queries`);
  }
  const geometry = geometryOf(tensors, options);
  checkFits(grad, o);
  const named = { geometry, label };
  const delta = recordDelta(recorder, { o, grad }, named);
  const like = (name: string, t: Tensor) => pool.tensor(name, t.shape, { dtype: t.dtype });
  const [dq, dk, dv] = [like("dq", q), like("dk", k), like("dv", v)];
  launchAttention(recorder, "dq", {
    ...options,
    ...{ geometry, own: [q, grad, lse, delta], streaming: [k, v], rest: [dq] },
  });
  launchAttention(recorder, "dkv", {
    ...options,
    ...{ geometry, own: [k, v], streaming: [q, grad], rest: [lse, delta, dk, dv] },
  });
  const ofSink = sink && { dsink: recordSinkGradient(recorder, { sink, lse, delta }, named) };
  pool.release(delta);
  return { dq, dk, dv, ...ofSink };
}
