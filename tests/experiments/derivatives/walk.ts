/** What walks over tables of programs share: which gradient is right, and what it is to learn. */
import { assertLess } from "@std/assert";
import type { programGradientError } from "../../../core/programs/program_gradient.ts";

/** Of a gradient's length, for a direction of ones: what 32 bits leave, and no more. */
const tolerance = 2e-4;

/** Seeds to look for a batch without ties; device and host then choose the same experts. */
const seeds = [1, 2, 3, 4];

/** Steps of a training. */
export const STEPS = 50;

const EDGE = 10;

/** Fails unless the gradient is that of differences, under the first seed without a tie. */
export async function gradientErrorOf(
  id: string,
  under: (seed: number) => ReturnType<typeof programGradientError>,
): Promise<void> {
  for (const seed of seeds) {
    const found = await under(seed);
    if (found === undefined) continue;
    for (const { name, device, wanted, error } of found.derivatives) {
      const what = `${id} by ${name}, seed ${seed}: ${device} on the device, ${wanted} wanted`;
      assertLess(error, tolerance, what);
    }
    // Something must have been differentiated: all zeros would agree as well.
    assertLess(0, Math.max(...found.derivatives.map(({ device }) => Math.abs(device))), id);
    return;
  }
  throw new Error(`${id}: device and host chose otherwise under seeds ${seeds.join(", ")}`);
}

const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
const errorOfMean = (x: readonly number[]) =>
  Math.sqrt(x.reduce((s, v) => s + (v - mean(x)) ** 2, 0) / (x.length - 1) / x.length);

/** Fails unless the last ten losses lie below the first ten by two standard errors. */
export function assertFalls(losses: readonly number[]): void {
  const [first, last] = [losses.slice(0, EDGE), losses.slice(-EDGE)];
  const error = Math.hypot(errorOfMean(first), errorOfMean(last));
  assertLess(mean(last) + 2 * error, mean(first));
}
