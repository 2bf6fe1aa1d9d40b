/**
 * How much a weight matters to the loss, and which positions of experts become static for want of it
 * (PAD-Net, arXiv 2211.05528).
 *
 * @module
 */
import { createPool, createRecorder, type Device, guessedKernels } from "../../kernels/mod.ts";
import { download } from "../../kernels/mod.ts";
import { deviceArrays, lossGradient } from "../arrays/device_arrays.ts";
import { createConstants } from "../arrays/device_constants.ts";
import { createTape } from "../nn/tape.ts";
import type { ModelProgram, ProgramBatch, ProgramValues } from "../programs/program.ts";
import { createProgramMemory } from "../programs/program_memory.ts";

/**
 * |weight x gradient| of the loss of a batch for each entry of some parameters, by name: to first order
 * what the loss changes by where the entry becomes 0.
 */
export async function impactOf(
  device: Device,
  program: ModelProgram,
  { names, values, batch, seed }: {
    names: readonly string[];
    values: ProgramValues;
    batch: ProgramBatch;
    seed: number;
  },
): Promise<Record<string, Float32Array>> {
  const pool = createPool(device);
  const constants = createConstants(device);
  const memory = createProgramMemory(pool, program, {
    ...{ seed, values, frozen: (name) => !names.includes(name) },
  });
  memory.write(batch);
  const recorder = createRecorder(pool);
  const tape = createTape(recorder);
  const g = deviceArrays(tape, { kernels: guessedKernels(device), seed, constants });
  const { loss } = program.loss(g, memory.run(true));
  tape.backward(loss, lossGradient(tape));
  recorder.submit();
  const reached = names.filter((name) => memory.parameters[name].variable.grad);
  const gradients = reached.map((name) => memory.parameters[name].variable.grad!);
  const read = await download(device, gradients);
  pool.release(...gradients);
  memory.release();
  constants.close();
  pool.trim();
  return Object.fromEntries(
    reached.map((name, i) => [name, read[i].map((d, at) => Math.abs(d * values[name][at]))]),
  );
}

/**
 * Turns dynamic positions static, those of least impact first, until a share of all is; what is static
 * stays so. `dynamic` holds 1 or 0 for each position, `impact` a number.
 *
 * @throws {RangeError} where the two have unequal lengths or the share is not from 0 to 1.
 *
 * @example
 * ```ts
 * import { makeStatic } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...makeStatic([1, 1, 1, 0], [3, 1, 2, 9], { share: 0.5 })], [1, 0, 1, 0]);
 * ```
 */
export function makeStatic(
  dynamic: ArrayLike<number>,
  impact: ArrayLike<number>,
  { share }: { share: number },
): Float32Array {
  if (impact.length !== dynamic.length || !(share >= 0 && share <= 1)) {
    throw new RangeError(
      `Made a share ${share} of ${dynamic.length} positions static by ${impact.length} impacts, ` +
        "wanted one each and a share from 0 to 1",
    );
  }
  const out = Float32Array.from(dynamic);
  const left = Array.from(out.keys()).filter((i) => out[i] > 0)
    .sort((i, j) => impact[i] - impact[j] || i - j);
  const wanted = Math.round(share * out.length) - (out.length - left.length);
  for (const i of left.slice(0, Math.max(0, wanted))) out[i] = 0;
  return out;
}

/** The impact of each position of matrices of E experts, summed over these. */
export function positionImpact(
  impact: Float32Array,
  { experts, shape: [rows, columns], down }: {
    /** Experts. */
    experts: number;
    /** Rows and columns of one expert's matrix. */
    shape: readonly [number, number];
    /** Whether experts lie below each other, as down matrices do, and not side by side. */
    down: boolean;
  },
): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let e = 0; e < experts; e++) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const at = down ? (e * rows + r) * columns + c : (r * experts + e) * columns + c;
        out[r * columns + c] += impact[at];
      }
    }
  }
  return out;
}
