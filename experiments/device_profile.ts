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
  candidates,
  type Device,
  layerKinds,
  measureProfile,
  type OpKind,
  type Profile,
  profiledKinds,
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

/** How a device is profiled, and where that is remembered. */
export interface NewProfileOptions {
  /** Fewer repeats. */
  quick: boolean;
  /** Operators to measure; those of a forward pass of experts unless given. */
  kinds?: readonly OpKind[];
  /** Folder of profiles and the tuner's choices. */
  memory?: string;
  /** Stops the measurement. */
  signal?: AbortSignal;
  /** Told what is measured and the share that is done. */
  progress?: (what: string, share: number) => void;
}

/** Measures the device and remembers the profile. */
export async function newProfile(device: Device, options: NewProfileOptions): Promise<Profile> {
  const { quick, kinds = layerKinds, memory = MEMORY, signal, progress } = options;
  progress?.("choosing kernels", 0);
  const kernels = await tunedKernels(device, { memory: `${memory}/tune.json` });
  const profile = await measureProfile(device, { kernels, kinds, quick, signal, progress });
  await writeTextFile(profilePath(device, memory), stableJson(profile));
  return profile;
}

/** Whether a profile has a curve of each kind, and says which kernels it was measured with. */
export function hasMeasured(
  profile: Profile,
  { kinds, kernels }: { kinds: readonly string[]; kernels: readonly string[] },
): boolean {
  return kinds.every((kind) => kind in profile.curves) &&
    kernels.every((name) => name in profile.kernels);
}

/**
 * The remembered profile of the device, or a new one where there is none or where it lacks an
 * operator that is asked for; what it had is measured again beside it.
 */
export async function deviceProfileOf(
  device: Device,
  options: NewProfileOptions,
): Promise<Profile> {
  const { kinds = layerKinds } = options;
  const known = await readProfile(profilePath(device, options.memory));
  const kernels = Object.keys(candidates(device));
  if (known && hasMeasured(known, { kinds, kernels })) return known;
  const had = profiledKinds.filter((kind) => known && kind in known.curves);
  return await newProfile(device, { ...options, kinds: [...new Set([...kinds, ...had])] });
}
