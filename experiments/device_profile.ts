/**
 * Where the profile of this device is remembered, by adapter, and how it is read.
 *
 * @module
 */
import { parseConfig } from "../kernels/base/config.ts";
import { UserError } from "../kernels/base/errors.ts";
import { readTextFileIfAny } from "../kernels/base/files.ts";
import { adapterKey, type Device, type Profile, profileSchema } from "../kernels/mod.ts";

/** Where profiles and the tuner's choices are remembered, beside the project's other caches. */
export const MEMORY = ".moelab";

/**
 * Reads a profile file, or gives `undefined` where there is none.
 *
 * @throws {UserError} for what is no JSON or no profile.
 */
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
export function profilePath({ adapter }: Pick<Device, "adapter">): string {
  return `${MEMORY}/profiles/${adapterKey(adapter)}.json`;
}
