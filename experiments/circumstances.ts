/**
 * What a run says of its device: the part of the provenance that only the run knows.
 *
 * @module
 */
import { adapterKey, type Device, type Profile } from "../kernels/mod.ts";
import type { Circumstances } from "./define.ts";
import { contentId } from "./hash.ts";

const shownLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeInvocationsPerWorkgroup",
] as const;

/** What the device says of itself, with the limits that shapes meet first. */
export function adapterOf({ adapter, gpu, subgroupSize }: Device): Circumstances["adapter"] {
  return {
    ...adapter,
    features: [...gpu.features].map(String).sort(),
    limits: Object.fromEntries(shownLimits.map((name) => [name, gpu.limits[name]])),
    subgroupSize,
  };
}

/** How launches are timed. */
export const TIMER = "WebGPU timestamp queries at pass boundaries";

/** Adapter, clock, profile and kernels of a run. */
export async function circumstancesOf(
  device: Device,
  options: { profile: Profile; resolutionSeconds: number },
): Promise<Circumstances> {
  const { profile, resolutionSeconds } = options;
  return {
    adapter: adapterOf(device),
    timer: { kind: TIMER, resolutionSeconds },
    inputs: { profile: `${adapterKey(device.adapter)} ${await contentId(profile)}` },
    kernels: profile.kernels,
  };
}
