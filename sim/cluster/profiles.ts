/**
 * Profiles of published devices: peaks from data sheets, laws fitted to published kernel times.
 *
 * @module
 */
import { parseConfig } from "../../kernels/base/config.ts";
import { unknownName } from "../../kernels/base/errors.ts";
import { type Profile, profileSchema } from "../../kernels/base/profile_schema.ts";
import a100 from "./profiles/a100.json" with { type: "json" };
import a10040gb from "./profiles/a100-40gb.json" with { type: "json" };
import a100Pcie from "./profiles/a100-pcie.json" with { type: "json" };
import b200 from "./profiles/b200.json" with { type: "json" };
import b300 from "./profiles/b300.json" with { type: "json" };
import gb200 from "./profiles/gb200.json" with { type: "json" };
import gb300 from "./profiles/gb300.json" with { type: "json" };
import h100 from "./profiles/h100.json" with { type: "json" };
import h10096gb from "./profiles/h100-96gb.json" with { type: "json" };
import h100Pcie from "./profiles/h100-pcie.json" with { type: "json" };
import h20 from "./profiles/h20.json" with { type: "json" };
import h200 from "./profiles/h200.json" with { type: "json" };
import h800 from "./profiles/h800.json" with { type: "json" };
import v100 from "./profiles/v100.json" with { type: "json" };

const files = [
  a100,
  a10040gb,
  a100Pcie,
  b200,
  b300,
  gb200,
  gb300,
  h100,
  h10096gb,
  h100Pcie,
  h20,
  h200,
  h800,
  v100,
];

/** Published profiles by id. */
export const deviceProfiles: Readonly<Record<string, Profile>> = Object.fromEntries(
  files.map((json) => [
    json.id,
    parseConfig(profileSchema, json, `sim/cluster/profiles/${json.id}.json`),
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
