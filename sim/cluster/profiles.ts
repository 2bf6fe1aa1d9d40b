/**
 * Profiles of published devices: peaks from data sheets, laws fitted to published kernel times.
 *
 * @module
 */
import { parseConfig } from "../../kernels/base/config.ts";
import { unknownName } from "../../kernels/base/errors.ts";
import { type Profile, profileSchema } from "../../kernels/base/profile_schema.ts";
import a100 from "./profiles/a100.json" with { type: "json" };
import b200 from "./profiles/b200.json" with { type: "json" };
import gb200 from "./profiles/gb200.json" with { type: "json" };
import h100 from "./profiles/h100.json" with { type: "json" };
import h200 from "./profiles/h200.json" with { type: "json" };
import h800 from "./profiles/h800.json" with { type: "json" };

/** Published profiles by id. */
export const deviceProfiles: Readonly<Record<string, Profile>> = Object.fromEntries(
  Object.entries({ a100, b200, gb200, h100, h200, h800 }).map(([id, json]) => [
    id,
    parseConfig(profileSchema, json, `sim/cluster/profiles/${id}.json`),
  ]),
);

/**
 * The published profile of a device.
 *
 * @throws {UserError} for an unknown id, with the nearest one.
 *
 * @example
 * ```ts
 * import { deviceProfile } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(deviceProfile("h100").kind, "published");
 * ```
 */
export function deviceProfile(id: string): Profile {
  if (!Object.hasOwn(deviceProfiles, id)) {
    throw unknownName("device", id, Object.keys(deviceProfiles));
  }
  return deviceProfiles[id];
}
