/**
 * The profile of this device: remembered by adapter, measured where there is none.
 *
 * @module
 */
import { parseConfig } from "../kernels/base/config.ts";
import { UserError } from "../kernels/base/errors.ts";
import { readTextFileIfAny, stableJson, writeTextFile } from "../kernels/base/files.ts";
import {
  adapterKey,
  type Device,
  measureProfile,
  type Profile,
  profileSchema,
  tunedKernels,
} from "../kernels/mod.ts";

/** Where profiles and the tuner's choices are remembered, beside the project's other caches. */
export const MEMORY = ".moelab";

/** Reads a profile file, or gives `undefined` where there is none. */
export async function readProfile(path: string): Promise<Profile | undefined> {
  const text = await readTextFileIfAny(path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`Cannot read ${path}: ${(error as Error).message}`);
  }
  return parseConfig(profileSchema, value, path);
}

/** The path of a device's remembered profile. */
export function profilePath(device: Device, memory = MEMORY): string {
  return `${memory}/profiles/${adapterKey(device.adapter)}.json`;
}

/** Measures the device and remembers the profile. */
export async function newProfile(
  device: Device,
  options: {
    quick: boolean;
    memory?: string;
    signal?: AbortSignal;
    progress?: (what: string, share: number) => void;
  },
): Promise<Profile> {
  const { quick, memory = MEMORY, signal, progress } = options;
  progress?.("choosing kernels", 0);
  const kernels = await tunedKernels(device, { memory: `${memory}/tune.json` });
  const profile = await measureProfile(device, { kernels, quick, signal, progress });
  await writeTextFile(profilePath(device, memory), stableJson(profile));
  return profile;
}

/** The remembered profile of the device, or a new one. */
export async function deviceProfileOf(
  device: Device,
  options: Parameters<typeof newProfile>[1],
): Promise<Profile> {
  return await readProfile(profilePath(device, options.memory)) ??
    await newProfile(device, options);
}
