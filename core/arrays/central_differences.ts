/**
 * Gradients by central differences, of the surrogate that a gate declares.
 *
 * @module
 */
import { type HostArrays, hostArrays } from "./host_arrays.ts";
import { type HostMatrix, hostMatrix, requireShape, shapeText } from "./host_matrix.ts";

/** A number [1, 1] made of inputs. */
export type HostScalar = (
  g: HostArrays,
  inputs: Readonly<Record<string, HostMatrix>>,
) => HostMatrix;

/** How differences are taken. */
export interface DifferenceOptions {
  /** Seed of noise. */
  seed: number;
  /** Step of training, 0 where absent. */
  step?: number;
  /** How far an entry is moved to each side, for entries about 1; 1e-5 where absent. */
  width?: number;
}

/**
 * The value of `f` at `inputs`, and its gradient by each of them. What has no gradient (choices,
 * noise, detached values) is decided once, at `inputs`.
 *
 * @example
 * ```ts
 * import { hostMatrix, surrogateGradient } from "@moelab/moelab/core";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const x = hostMatrix([1, 2], [3, 4]);
 * const f = surrogateGradient(
 *   (g, { x }) => g.total(g.map("multiply", x, g.detach(x))),
 *   { x },
 *   { seed: 1 },
 * );
 * assertEquals(f.value, 25);
 * assertAlmostEquals(f.gradients.x[1], 4, 1e-8);
 * ```
 */
export function surrogateGradient(
  f: HostScalar,
  inputs: Readonly<Record<string, HostMatrix>>,
  { seed, step, width = 1e-5 }: DifferenceOptions,
): { value: number; gradients: Record<string, Float64Array> } {
  const base = hostArrays({ seed, step });
  const { shape, data: [value] } = f(base, inputs);
  requireShape(
    shape[0] * shape[1] === 1,
    () => `Differentiated a matrix ${shapeText(shape)}, wanted one number`,
  );
  const frozen = base.record();
  const moved = (name: string, i: number, by: number) => {
    const data = inputs[name].data.with(i, inputs[name].data[i] + by);
    const there = { ...inputs, [name]: hostMatrix(inputs[name].shape, data) };
    return f(hostArrays({ seed, step, frozen }), there).data[0];
  };
  const gradients: Record<string, Float64Array> = {};
  for (const [name, { data }] of Object.entries(inputs)) {
    gradients[name] = data.map((v, i) => {
      const by = width * Math.max(1, Math.abs(v));
      return (moved(name, i, by) - moved(name, i, -by)) / (2 * by);
    });
  }
  return { value, gradients };
}
