/**
 * Embeddings: a row of a table for each token, and the gradient of the table.
 *
 * The gradient adds the rows of equal tokens without atomics: the ids are sorted (stable), and runs
 * of equal ids are summed in their order, in chunks, so that a token that is everywhere does not
 * leave all of its work to one thread.
 *
 * @module
 */
import { zeroTensor } from "../map/recipes.ts";
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { storagePrelude } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import gatherCode from "./gather.wgsl" with { type: "text" };
import joinCode from "./join.wgsl" with { type: "text" };
import runsCode from "./runs.wgsl" with { type: "text" };
import { sortKeys } from "./sort.ts";

/** Vectors of a row that one thread copies. */
const RUN = 8;
/** Sorted positions that one thread adds. */
const CHUNK = 32;

/**
 * Records y[t] = table[ids[t]], from table [V, D] and ids [T], u32 below V; y is stored as the table.
 *
 * A table that is larger than a binding is gathered part by part: each part is a table of the ids from
 * `first` on, and all write `into` one y, each the rows of its own ids alone.
 *
 * @example
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const table = pool.upload("table", [2, 2], Float32Array.of(1, 2, 3, 4));
 * const ids = pool.upload("ids", [3], Uint32Array.of(1, 0, 1));
 * const recorder = k.createRecorder(pool);
 * const y = k.embed(recorder, table, { ids });
 * const dtable = k.embedBackward(recorder, y, { ids, vocabulary: 2 });
 * recorder.submit();
 * const [values, gradient] = await k.download(device, [y, dtable]);
 * device.close();
 * assertEquals([...values], [3, 4, 1, 2, 3, 4]);
 * assertEquals([...gradient], [1, 2, 6, 8]);
 * ```
 */
export function embed(
  recorder: Recorder,
  table: Tensor,
  options: { ids: Tensor; first?: number; into?: Tensor; label?: string },
): Tensor {
  const { ids, first = 0, into, label = "embedding" } = options;
  const { dtype } = table;
  const [tokens] = ids.shape;
  const y = into ?? recorder.pool.tensor(label, [tokens, table.shape[1]], { dtype });
  y.slot.mirrored = false;
  const vectors = table.pitch / 4;
  const threads = Math.ceil(vectors / RUN);
  recorder.launch({
    label,
    kernel: compile(recorder.device, "embedding", storagePrelude(dtype) + gatherCode),
    inputs: [ids, table, y],
    uniforms: [tokens, vectors, threads, first, table.shape[0]],
    grid: linearGrid(tokens * threads),
  });
  return y;
}

/**
 * Records the gradient [V, D] of the table from dy [T, D]: the sum of the rows of each token, 0 for
 * tokens that are absent. `into` is written where it is given (else a new f32 tensor), and added to
 * where `accumulate` is set: what it held stays for absent tokens.
 *
 * @throws {RangeError} where `accumulate` is set and there is nothing to add to.
 */
export function embedBackward(
  recorder: Recorder,
  dy: Tensor,
  options: {
    ids: Tensor;
    vocabulary: number;
    into?: Tensor;
    accumulate?: boolean;
    label?: string;
  },
): Tensor {
  const { ids, vocabulary, into, accumulate = false, label = "embedding backward" } = options;
  if (accumulate && !into) {
    throw new RangeError(`Cannot accumulate ${label}: found no tensor to add to, wanted "into"`);
  }
  const { pool, device } = recorder;
  const [tokens, columns] = dy.shape;
  const dtable = into ?? pool.tensor(label, [vocabulary, columns]);
  dtable.slot.mirrored = false;
  const vectors = dy.pitch / 4;
  const chunks = Math.ceil(tokens / CHUNK);
  const half = dy.dtype !== "f16" && dtable.dtype === "f16" ? "enable f16;\n" : "";
  const prelude = `${half}${storagePrelude(dy.dtype)}alias D4 = vec4<${dtable.dtype}>;\n`;
  const text = (code: string) => compile(device, "embedding backward", prelude + code);
  if (!accumulate) zeroTensor(recorder, dtable, { label });
  const { keys, order } = sortKeys(recorder, ids, { bound: vocabulary, label });
  const parts = () => pool.tensor(`${label} parts`, [chunks * dy.pitch]);
  const [heads, tails] = [parts(), parts()];
  const uniforms = [tokens, vectors, CHUNK, accumulate ? 1 : 0];
  recorder.launch({
    label,
    kernel: text(runsCode),
    inputs: [keys, order, dy, dtable, heads, tails],
    uniforms,
    grid: linearGrid(chunks * vectors / 2),
  });
  const inputs = [keys, heads, tails, dtable];
  recorder.launch({
    label,
    kernel: text(joinCode),
    inputs,
    uniforms,
    grid: linearGrid(chunks * vectors),
  });
  pool.release(keys, order, heads, tails);
  return dtable;
}
