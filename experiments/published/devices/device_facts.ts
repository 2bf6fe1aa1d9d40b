/**
 * What data sheets say of devices.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig, type Schema } from "../../../kernels/base/config.ts";
import { unknownName } from "../../../kernels/base/errors.ts";
import type { Profile } from "../../../kernels/base/profile_schema.ts";
import json from "./devices.json" with { type: "json" };

/** A device's data sheet. */
export interface DeviceFacts {
  /** Id of its profile. */
  id: string;
  /** As its driver names it. */
  name: string;
  /** Generation. */
  architecture: string;
  /** Device whose kernel rows its laws are from. */
  laws: "a100" | "h100" | "b200";
  /** Memory as an allocator sees it, GiB. */
  memoryGib: number;
  /** Memory bandwidth, bytes a second. */
  memoryBandwidthBytesPerSecond: number;
  /** Dense peaks. */
  peakFlopsPerSecond: Profile["peakFlopsPerSecond"];
  /** Multiprocessors. */
  multiprocessors: number;
  /** Power limit. */
  powerWatts: number;
  /** Where the figures are from. */
  sources: string[];
}

const positive = z.number().positive();

const factsSchema: Schema<{ notes: string[]; devices: DeviceFacts[] }> = z.strictObject({
  notes: z.array(z.string()),
  devices: z.array(z.strictObject({
    id: z.string(),
    name: z.string(),
    architecture: z.string(),
    laws: z.enum(["a100", "h100", "b200"]),
    memoryGib: positive,
    memoryBandwidthBytesPerSecond: positive,
    peakFlopsPerSecond: z.strictObject({
      f32: positive,
      tf32: positive.optional(),
      bf16: positive.optional(),
      f16: positive,
      fp8: positive.optional(),
      fp4: positive.optional(),
    }),
    multiprocessors: z.int().positive(),
    powerWatts: positive,
    sources: z.array(z.string()).min(1),
  })),
});

/** The data sheets and what they have in common. */
export const facts: { notes: string[]; devices: DeviceFacts[] } = parseConfig(
  factsSchema,
  json,
  "experiments/published/devices/devices.json",
);

/**
 * The data sheet of a device.
 *
 * @throws {UserError} for an unknown id, with the nearest one.
 */
export function deviceFacts(id: string): DeviceFacts {
  const found = facts.devices.find((device) => device.id === id);
  if (!found) throw unknownName("device", id, facts.devices.map((device) => device.id));
  return found;
}
