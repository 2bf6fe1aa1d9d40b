/** What the tests of the device's language share: each function beside the host's, with gradients. */
import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import type { Arrays, Shape } from "../../../core/arrays/arrays.ts";
import { surrogateGradient } from "../../../core/arrays/central_differences.ts";
import {
  type DeviceArrays,
  deviceArrays,
  lossGradient,
} from "../../../core/arrays/device_arrays.ts";
import { createConstants } from "../../../core/arrays/device_constants.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { createTape, type Tape, type Variable } from "../../../core/nn/tape.ts";
import { copyTensor } from "../../../kernels/map/recipes.ts";
import { createRecorder } from "../../../kernels/recorder.ts";
import { createPool, download, type Pool, type Tensor } from "../../../kernels/tensor.ts";
import { guessedKernels } from "../../../kernels/tune.ts";
import { numbers, poisoned } from "../../kernels/compare.ts";

/** A result made of inputs, in the language. */
export interface ArraysCase {
  /** What is tested. */
  name: string;
  /** Shapes of the inputs by name. */
  inputs: Readonly<Record<string, Shape>>;
  /** Values of inputs that are not to be normal numbers. */
  values?: (name: string, n: number) => Float32Array;
  /** The result. */
  of<A, I>(g: Arrays<A, I>, inputs: Readonly<Record<string, A>>): A;
}

/** Indices made of inputs, in the language. */
export interface IdsCase extends Omit<ArraysCase, "of"> {
  /** The indices. */
  of<A, I>(g: Arrays<A, I>, inputs: Readonly<Record<string, A>>): I;
}

export const SEED = 11;
export const STEP = 3;

const normal = (name: string, n: number) => numbers(name, n);

/** Input values as both sides take them: they are exact in 32-bit floats. */
function inputsOf({ name: of, inputs, values = normal }: Omit<ArraysCase, "of">) {
  return Object.entries(inputs).map(([name, shape]) => ({
    ...{ name, shape, data: values(`${of} ${name}`, shape[0] * shape[1]) },
  }));
}

/** Runs a body with the language on the device, submits what it recorded, and reads tensors back. */
export async function onDevice(
  pool: Pool,
  body: (g: DeviceArrays, tape: Tape) => readonly Tensor[],
  options: { step?: number } = {},
): Promise<Float32Array[]> {
  const { device } = pool;
  const constants = createConstants(device);
  const recorder = createRecorder(pool);
  const tape = createTape(recorder);
  const { step = STEP } = options;
  const g = deviceArrays(tape, { kernels: guessedKernels(device), seed: SEED, step, constants });
  const tensors = body(g, tape);
  recorder.submit();
  const values = await download(device, tensors);
  constants.close();
  return values;
}

function assertNear(
  actual: ArrayLike<number>,
  wanted: ArrayLike<number>,
  what: string,
  tolerance = 3e-5,
): void {
  assertEquals(actual.length, wanted.length, what);
  const largest = Array.from(wanted).reduce((most, v) => Math.max(most, Math.abs(v)), 1e-3);
  for (let i = 0; i < wanted.length; i++) {
    const off = Math.abs(actual[i] - wanted[i]);
    assert(
      off <= tolerance * (Math.abs(wanted[i]) + largest),
      `${what}: element ${i} is ${actual[i]}, wanted ${wanted[i]}`,
    );
  }
}

/** Weights that make one number of a result: its gradient is then not the same everywhere. */
const projected = <A, I>(g: Arrays<A, I>, y: A) => {
  const shape = g.shapeOf(y);
  const weights = g.constant(
    `weights ${shape.join(" ")}`,
    shape,
    () => numbers(`weights ${shape}`, shape[0] * shape[1]),
  );
  return g.total(g.map("multiply", y, weights));
};

/**
 * Compares values and gradients of all cases, recorded together: the device in 32-bit floats, with
 * whatever in padding rows, against the host in 64.
 */
export async function assertSameArrays(pool: Pool, cases: readonly ArraysCase[]): Promise<void> {
  // A write comes before all launches: it must not meet memory that they use.
  const inputs = createPool(pool.device);
  const checks: ((values: Float32Array[]) => void)[] = [];
  const values = await onDevice(pool, (g, tape) =>
    cases.flatMap((one) => {
      const given = inputsOf(one);
      const variables: Record<string, Variable> = Object.fromEntries(
        given.map((
          { name, shape, data },
        ) => [name, { value: poisoned(inputs, name, shape, data) }]),
      );
      const y = one.of(g, variables);
      // What the tape owns is given to others when it goes back: the value is read from a copy.
      const value = copyTensor(tape.recorder, y.value);
      const loss = projected(g, y);
      tape.backward(loss, lossGradient(tape));
      const host = Object.fromEntries(given.map((i) => [i.name, hostMatrix(i.shape, i.data)]));
      const wanted = one.of(hostArrays({ seed: SEED, step: STEP }), host);
      const { gradients } = surrogateGradient((h, x) => projected(h, one.of(h, x)), host, {
        seed: SEED,
        step: STEP,
      });
      const names = given.map(({ name }) => name);
      checks.push((got) => {
        assertEquals(value.shape, [...wanted.shape], one.name);
        assertNear(got[0], wanted.data, one.name);
        names.forEach((name, i) =>
          assertNear(got[i + 1], gradients[name], `${one.name} by ${name}`, 2e-4)
        );
      });
      return [value, ...names.map((name) => variables[name].grad ?? zeros(inputs, given, name))];
    }));
  let at = 0;
  cases.forEach((one, i) => {
    const count = 1 + Object.keys(one.inputs).length;
    checks[i](values.slice(at, at + count));
    at += count;
  });
  inputs.trim();
}

function zeros(pool: Pool, given: ReturnType<typeof inputsOf>, name: string): Tensor {
  const { shape } = given.find((one) => one.name === name)!;
  return pool.upload(`${name} zeros`, shape, new Float32Array(shape[0] * shape[1]));
}

/** Compares indices of all cases, recorded together. */
export async function assertSameIds(pool: Pool, cases: readonly IdsCase[]): Promise<void> {
  const inputs = createPool(pool.device);
  const values = await onDevice(pool, (g) =>
    cases.map((one) =>
      one.of(
        g,
        Object.fromEntries(
          inputsOf(one).map(({ name, shape, data }) => [name, {
            value: poisoned(inputs, name, shape, data),
          }]),
        ),
      )
    ));
  cases.forEach((one, i) => {
    const host = Object.fromEntries(
      inputsOf(one).map(({ name, shape, data }) => [name, hostMatrix(shape, data)]),
    );
    const wanted = one.of(hostArrays({ seed: SEED, step: STEP }), host);
    const got = new Uint32Array(values[i].buffer);
    assertEquals([...got], [...wanted.data], one.name);
  });
}

/** Shapes of random sizes, and those where a row, a column or a vector is just full. */
export const shapes: readonly Shape[] = [
  ...fc.sample(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })), {
    seed: 1,
    numRuns: 3,
  }),
  [1, 1],
  [1, 5],
  [9, 1],
  [8, 8],
  [67, 3],
];
