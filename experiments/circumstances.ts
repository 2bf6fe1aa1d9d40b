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

/** Adapter, clock, profile and kernels of a run. */
export async function circumstancesOf(
  device: Device,
  options: { profile: Profile; resolutionSeconds: number },
): Promise<Circumstances> {
  const { profile, resolutionSeconds } = options;
  return {
    adapter: {
      ...device.adapter,
      features: [...device.gpu.features].map(String).sort(),
      limits: Object.fromEntries(shownLimits.map((name) => [name, device.gpu.limits[name]])),
      subgroupSize: device.subgroupSize,
    },
    timer: { kind: "WebGPU timestamp queries at pass boundaries", resolutionSeconds },
    inputs: { profile: `${adapterKey(device.adapter)} ${await contentId(profile)}` },
    kernels: profile.kernels,
  };
}
