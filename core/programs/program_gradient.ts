/**
 * The gradient of a program on the device, held against central differences of the program on the
 * host, in which choices, noise and all that was detached stay as they were.
 *
 * Each parameter is moved along random directions of ones and minus ones, since one direction sees
 * all its entries at once.
 *
 * @module
 */
import {
  createPool,
  createRecorder,
  type Device,
  download,
  guessedKernels,
  type Pool,
  split,
  type Tensor,
} from "../../kernels/mod.ts";
import { surrogateGradient } from "../arrays/central_differences.ts";
import { deviceArrays, lossGradient } from "../arrays/device_arrays.ts";
import { createConstants } from "../arrays/device_constants.ts";
import { hostArrays } from "../arrays/host_arrays.ts";
import { type HostIndices, type HostMatrix, hostMatrix } from "../arrays/host_matrix.ts";
import { createTape, type Variable } from "../nn/tape.ts";
import { hostValues, programOnHost } from "./host_program.ts";
import { type ModelProgram, type ProgramBatch, type ProgramValues, sizeOf } from "./program.ts";
import { createProgramMemory, valuesOfTensor } from "./program_memory.ts";
import { type Choices, watchChoices } from "./watch_choices.ts";

/** A derivative along a direction, on both sides. */
export interface ProgramDerivative {
  /** Which parameter, in which direction. */
  name: string;
  /** On the device. */
  device: number;
  /** By central differences. */
  wanted: number;
  /** How far they are apart, as a share of the larger of `wanted` and the gradient's length. */
  error: number;
}

/** What is compared, and where. */
export interface ProgramGradientOptions {
  /** Seed of first values, noise and directions. */
  seed: number;
  /** The batch. */
  batch: ProgramBatch;
  /** Values of parameters and states in place of their first ones. */
  values?: ProgramValues;
  /** Directions a parameter; 1 where absent. */
  directions?: number;
  /**
   * Deviation of normal numbers that are added to parameters which begin as zeros or ones, so that no
   * gradient is 0 by chance; 0.3 where absent.
   */
  nudge?: number;
}

/** Steps before the one that is compared: noise is then not that of the first. */
const STEP = 3;

/** Gradients shorter than this count as this long. */
const SHORTEST = 1e-3;

/** First values, with a nudge for those that begin as zeros or ones. */
function nudgedValues(program: ModelProgram, options: ProgramGradientOptions): ProgramValues {
  const { seed, nudge = 0.3, values } = options;
  return Object.fromEntries(
    Object.entries(program.parameters).map(([name, one]) => {
      const first = valuesOfTensor(name, one, { seed, values });
      if (values?.[name] || typeof one.init === "object") return [name, first];
      const stream = split(seed, `nudge/${name}`);
      return [name, first.map((v) => v + nudge * stream.normal())];
    }),
  );
}

/** Gradients and choices on the device. */
async function deviceSide(pool: Pool, program: ModelProgram, options: ProgramGradientOptions) {
  const { device } = pool;
  const { seed, batch } = options;
  const constants = createConstants(device);
  const memory = createProgramMemory(pool, program, options);
  memory.write(batch);
  const recorder = createRecorder(pool);
  const seen: Choices<Variable, Tensor> = { ids: [], masks: [] };
  const pass = () => {
    const tape = createTape(recorder);
    const kernels = guessedKernels(device);
    return { tape, g: deviceArrays(tape, { kernels, seed, step: STEP, constants }) };
  };
  // What a tape owns is given to others when it goes back: choices are read from a pass of their own.
  const forward = pass();
  program.loss(watchChoices(forward.g, seen), memory.run(true));
  const { tape, g } = pass();
  const { loss } = program.loss(g, memory.run(true));
  tape.backward(loss, lossGradient(tape));
  const reached = Object.entries(memory.parameters).filter(([, { variable }]) => variable.grad);
  recorder.submit();
  const chosen = [...seen.ids, ...seen.masks.map(({ value }) => value)];
  const read = await download(device, [...chosen, ...reached.map(([, one]) => one.variable.grad!)]);
  forward.tape.end();
  constants.close();
  return {
    ids: read.slice(0, seen.ids.length).map((ids) => new Uint32Array(ids.buffer)),
    masks: read.slice(seen.ids.length, chosen.length),
    gradients: Object.fromEntries(
      reached.map(([name], i): [string, Float32Array] => [name, read[chosen.length + i]]),
    ),
  };
}

/** Whether what was chosen in 32 bits was chosen in 64. */
function sameChoices(
  device: { ids: ArrayLike<number>[]; masks: ArrayLike<number>[] },
  host: Choices<HostMatrix, HostIndices>,
): boolean {
  const same = (a: ArrayLike<number>[], b: { data: ArrayLike<number> }[]) =>
    a.length === b.length &&
    a.every((one, i) => Array.from(one).every((v, j) => v === b[i].data[j]));
  return same(device.ids, host.ids) && same(device.masks, host.masks);
}

/**
 * Derivatives of a program on both sides, and the largest of their errors; undefined where the device,
 * in 32 bits, chose otherwise than the host: there was a tie, and another seed is to be taken.
 */
export async function programGradientError(
  device: Device,
  program: ModelProgram,
  options: ProgramGradientOptions,
): Promise<{ error: number; derivatives: ProgramDerivative[] } | undefined> {
  const { seed, batch, directions: count = 1 } = options;
  const values = { ...options.values, ...nudgedValues(program, options) };
  const pool = createPool(device);
  const found = await deviceSide(pool, program, { ...options, values });
  pool.trim();
  const { w, state } = hostValues(program, { seed, values });
  const seen: Choices<HostMatrix, HostIndices> = { ids: [], masks: [] };
  const watched = watchChoices(hostArrays({ seed, step: STEP }), seen);
  programOnHost(watched, program, { w, state, batch, training: true });
  if (!sameChoices(found, seen)) return undefined;

  const directions = Object.entries(w).flatMap(([of, { shape }]) =>
    Array.from({ length: count }, (_, i) => {
      const stream = split(seed, `direction/${of}/${i}`);
      const along = Array.from({ length: sizeOf(shape) }, () => stream.int(0, 1) ? 1 : -1);
      return { name: `${of} ${i}`, of, along: hostMatrix(shape, along) };
    })
  );
  const zeros = Object.fromEntries(directions.map(({ name }) => [name, hostMatrix([1, 1], [0])]));
  const { gradients } = surrogateGradient(
    (g, t) => {
      const moved = { ...w };
      for (const { name, of, along } of directions) {
        if (t[name].data[0] === 0) continue;
        moved[of] = g.map("add", moved[of], g.map("multiply", along, t[name]));
      }
      return programOnHost(g, program, { w: moved, state, batch, training: true }).loss;
    },
    zeros,
    { seed, step: STEP },
  );
  const derivatives = directions.map(({ name, of, along }): ProgramDerivative => {
    const gradient = found.gradients[of] ?? new Float32Array(along.data.length);
    const [wanted] = gradients[name];
    const onDevice = gradient.reduce((sum, v, i) => sum + v * along.data[i], 0);
    const length = Math.sqrt(gradient.reduce((sum, v) => sum + v * v, 0));
    const scale = Math.max(length, Math.abs(wanted), SHORTEST);
    return { name, device: onDevice, wanted, error: Math.abs(onDevice - wanted) / scale };
  });
  return { error: Math.max(...derivatives.map(({ error }) => error)), derivatives };
}
