/**
 * Writes the profiles of published devices anew from data sheets and kernel rows:
 *
 *     deno run --allow-read --allow-write=sim/cluster/profiles \
 *       experiments/published/devices/write_profiles.ts
 *
 * @module
 */
import { writeTextFile } from "../../../kernels/base/files.ts";
import { loadCases } from "../load_cases.ts";
import { facts } from "./device_facts.ts";
import { fitDevices, fitsOf } from "./fit_devices.ts";
import { profileOf } from "./profile_of.ts";
import { fitTable } from "./words.ts";

const ownFolder = new URL("../../../sim/cluster/profiles/", import.meta.url);

/** Fits the laws, writes a file for each device, and gives back the table of fits. */
export async function writeProfiles(folder: URL = ownFolder): Promise<string> {
  const fits = fitDevices(await loadCases());
  for (const device of facts.devices) {
    const text = JSON.stringify(profileOf(device, fits), undefined, 2) + "\n";
    await writeTextFile(new URL(`${device.id}.json`, folder).pathname, text);
  }
  return fitTable(fitsOf(fits));
}

if (import.meta.main) console.log(await writeProfiles());
