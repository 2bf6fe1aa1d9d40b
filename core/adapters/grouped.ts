/**
 * All low-rank experts of a product in two grouped products, whoever chose them: rows are sorted by
 * expert on the device, and neither direction waits or loops over experts.
 *
 *     h[r] = w[r] x[token of r] A[e of r]      A [E, in, rank]
 *     y[t] = residual[t] + sum over the rows r of t of h[r] B[e of r]      B [E, rank, out]
 *
 * One base can so serve sequences of many adapters in one batch. The experts of a gate's choice are
 * computed as often as they are chosen; `intoExperts` and `outOfExperts` of `core/arrays` are the same for
 * programs, whose matrices lie side by side.
 *
 * @module
 */
import {
  combine,
  groupedGemm,
  groupedGemmInputGrad,
  groupedGemmWeightGrad,
  groupTensors,
  groupTokens,
  type KernelChoice,
  type Tensor,
} from "../../kernels/mod.ts";
import type { DeviceArrays } from "../arrays/device_arrays.ts";
import { shapedIds } from "../arrays/device_scope.ts";
import type { Tape, Variable } from "../nn/tape.ts";

/** Low-rank experts of a product, and who chose which. */
export interface GroupedAdapters {
  /** What leads in [E, in, rank]. */
  a: Variable;
  /** What leads out [E, rank, out]. */
  b: Variable;
  /** Expert of each choice, u32 [T * K]; `NO_CHOICE` for none. */
  ids: Tensor;
  /** Choices of a token K. */
  topK: number;
  /** What each choice counts, f32 [T * K, 1]; 1 where absent. */
  weights?: Variable;
  /** Factor of what adapters add, alpha / rank; 1 where absent. */
  scale?: number;
  /** Added to the result [T, out]: what the base gives. */
  residual?: Variable;
  /** The language over the same tape. */
  g: DeviceArrays;
  /** Kernel variants. */
  kernels: KernelChoice;
}

/**
 * y[T, out] of x[T, in]: see the module. Gradients go to x, both banks, the weights and the residual.
 *
 * @example Two tokens, each with an adapter of its own
 * ```ts
 * import * as core from "@moelab/moelab/core";
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const matrix = (name: string, shape: number[], values: number[]): core.Variable => ({
 *   value: pool.upload(name, shape, Float32Array.from(values)),
 * });
 * const recorder = k.createRecorder(pool);
 * const tape = core.createTape(recorder);
 * const kernels = k.guessedKernels(device);
 * const constants = core.createConstants(device);
 * const y = core.groupedAdapters(tape, matrix("x", [2, 1], [3, 5]), {
 *   a: matrix("a", [2, 1, 1], [1, 10]),
 *   b: matrix("b", [2, 1, 1], [1, 1]),
 *   ids: pool.upload("ids", [2], Uint32Array.of(1, 0)),
 *   g: core.deviceArrays(tape, { kernels, seed: 1, constants }),
 *   topK: 1,
 *   kernels,
 * });
 * recorder.submit();
 * const [values] = await k.download(device, [y.value]);
 * device.close();
 * assertEquals([...values], [30, 5]);
 * ```
 */
export function groupedAdapters(tape: Tape, x: Variable, options: GroupedAdapters): Variable {
  const { a, b, ids, topK, weights, scale = 1, residual, g, kernels } = options;
  const { recorder } = tape;
  const { pool } = recorder;
  const [experts] = a.value.shape;
  const groups = groupTokens(recorder, ids, { experts, tileRows: kernels.grouped.rows, topK });
  tape.keep(...groupTensors(groups));
  const rows = { groups, variant: kernels.grouped };
  const sums = { groups, variant: kernels.weightGrad };
  const { rowIds, places } = groups;

  const led = groupedGemm(recorder, x.value, {
    ...{ ...rows, w: a.value, gather: true, label: "adapters in" },
  });
  const h = tape.variable(led, (dh) => {
    const dRows = groupedGemmInputGrad(recorder, dh, {
      ...{ ...rows, w: a.value, label: "adapters in dx" },
    });
    const da = groupedGemmWeightGrad(recorder, x.value, {
      ...{ ...sums, dc: dh, gather: "a", label: "adapters in dw" },
    });
    const dx = combine(recorder, dRows, { places, topK, label: "adapters dx" });
    pool.release(dRows, dh);
    tape.addGrad(a, da);
    tape.addGrad(x, dx);
  });

  const ofRow = weights && g.lookUp(weights, shapedIds(rowIds, [rowIds.shape[0], 1]));
  const counted = ofRow ? g.map("multiply", h, ofRow) : h;
  const hidden = scale === 1 ? counted : g.scale(counted, scale);
  const out = groupedGemm(recorder, hidden.value, {
    ...{ ...rows, w: b.value, label: "adapters out" },
  });
  const y = combine(recorder, out, { places, topK, extra: residual?.value });
  pool.release(out);
  return tape.variable(y, (dy) => {
    const dh = groupedGemmInputGrad(recorder, dy, {
      ...{ ...rows, w: b.value, gather: true, label: "adapters out dx" },
    });
    const db = groupedGemmWeightGrad(recorder, hidden.value, {
      ...{ ...sums, dc: dy, gather: "b", label: "adapters out dw" },
    });
    tape.addGrad(b, db);
    tape.addGrad(hidden, dh);
    if (residual) tape.addGrad(residual, dy);
    else pool.release(dy);
  });
}
