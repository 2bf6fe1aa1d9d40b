/**
 * How fast the machine is now, against its profile.
 *
 * @module
 */
import { median } from "../base/estimate.ts";
import { gridCorners, type Profile, sortedAxes } from "../base/profile_schema.ts";
import type { Pool } from "../tensor.ts";
import type { KernelChoice } from "../tune.ts";
import { prepare, sampleOnce } from "./rounds.ts";
import { layerKinds, sweepsOf } from "./sweeps/sweeps.ts";

/** Says how fast the machine is now, against its profile. */
export interface PaceMeter {
  /**
   * Time of the middle shape of each product of a forward pass, over what the profile says: above 1
   * where the machine is slower than it was when it was profiled.
   */
  sample(): Promise<number>;
  /** Puts the meter's tensors back. */
  release(): void;
}

/** Makes a pace meter of the shapes in the middle of a profile's product curves. */
export function paceMeter(
  profile: Profile,
  options: { pool: Pool; kernels: KernelChoice },
): PaceMeter {
  const { pool, kernels } = options;
  const middle = (values: number[]) => [values[Math.floor(values.length / 2)]];
  const products = layerKinds.filter((kind) => kind.includes("gemm") && profile.curves[kind]);
  const running = sweepsOf(products, { device: pool.device, kernels })
    .map((sweep) => ({
      ...sweep,
      axes: Object.fromEntries(sortedAxes(sweep.axes).map(([name, v]) => [name, middle(v)])),
    }))
    .map((sweep) => prepare(pool, sweep));
  const then = running.map(({ sweep, grid: [corner] }) => {
    const { axes, seconds } = profile.curves[sweep.kind];
    const same = (c: Record<string, number>) =>
      Object.keys(corner).every((name) => c[name] === corner[name]);
    return seconds[gridCorners(axes).findIndex(same)];
  });
  return {
    async sample() {
      const ratios: number[] = [];
      for (const [i, one] of running.entries()) {
        const [seconds] = await sampleOnce(pool, one);
        if (then[i] !== undefined) ratios.push(seconds / then[i]);
      }
      return median(ratios).value;
    },
    release: () => running.forEach(({ prepared }) => pool.release(...prepared.inputs)),
  };
}
