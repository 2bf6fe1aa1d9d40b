/**
 * What a shader asks of a device, read from its text before it is compiled, so that a device that
 * cannot hold it is refused by the name of the limit.
 *
 * @module
 */
import { UserError } from "./base/errors.ts";
import type { Device } from "./device.ts";

/** Limits that a shader can exceed, with what it asks for. */
export type Requirements = Record<
  | "maxStorageBuffersPerShaderStage"
  | "maxComputeWorkgroupStorageSize"
  | "maxComputeInvocationsPerWorkgroup",
  number
>;

/** Bytes of scalars; vectors are spelled by them. */
const scalarBytes: Readonly<Record<string, number>> = { f32: 4, u32: 4, i32: 4, f16: 2, bool: 4 };
const suffixes: Readonly<Record<string, string>> = { f: "f32", u: "u32", i: "i32", h: "f16" };

/** Bytes of a type of workgroup memory; 0 for what is not understood. */
function bytesOf(type: string, number: (word: string) => number): number {
  const array = /^array<(.*),\s*(\w+)\s*>$/.exec(type);
  if (array) return bytesOf(array[1].trim(), number) * number(array[2]);
  const wrapped = /^atomic<(\w+)>$/.exec(type);
  if (wrapped) return bytesOf(wrapped[1], number);
  const vector = /^vec([234])(?:<(\w+)>|([fuih]))$/.exec(type);
  // A vector of three takes the room of four.
  if (vector) return (vector[1] === "2" ? 2 : 4) * scalarBytes[vector[2] ?? suffixes[vector[3]]];
  return scalarBytes[type] ?? 0;
}

/**
 * What a shader asks for. Types of its own in workgroup memory count nothing: the driver judges
 * them.
 *
 * @example
 * ```ts
 * import { requirementsOf } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const code = `
 *   @group(0) @binding(0) var<storage, read_write> x: array<f32>;
 *   const N = 64u;
 *   var<workgroup> tile: array<vec4f, N>;
 *   @compute @workgroup_size(8, N) fn main() {}`;
 * assertEquals(requirementsOf(code), {
 *   maxStorageBuffersPerShaderStage: 1,
 *   maxComputeWorkgroupStorageSize: 1024,
 *   maxComputeInvocationsPerWorkgroup: 512,
 * });
 * ```
 */
export function requirementsOf(code: string): Requirements {
  const text = code.replaceAll(/\/\/.*/g, "");
  const constants = new Map(
    [...text.matchAll(/\bconst (\w+)(?:\s*:\s*\w+)?\s*=\s*(\d+)[ui]?\s*;/g)]
      .map(([, name, value]) => [name, Number(value)]),
  );
  const aliases = new Map(
    [...text.matchAll(/\balias (\w+)\s*=\s*([^;]+);/g)].map(([, name, type]) => [name, type]),
  );
  const number = (word: string) => constants.get(word) ?? (parseInt(word) || 0);
  const plain = (type: string) => type.replaceAll(/\w+/g, (word) => aliases.get(word) ?? word);
  const size = /@workgroup_size\(([^)]*)\)/.exec(text)?.[1] ?? "1";
  const workgroup = [...text.matchAll(/\bvar<workgroup>\s*\w+\s*:\s*([^;]+);/g)];
  return {
    maxStorageBuffersPerShaderStage: text.match(/\bvar<storage\b/g)?.length ?? 0,
    maxComputeWorkgroupStorageSize: workgroup
      .reduce((sum, [, type]) => sum + bytesOf(plain(type.trim()), number), 0),
    maxComputeInvocationsPerWorkgroup: size.split(",")
      .reduce((product, word) => product * (number(word.trim()) || 1), 1),
  };
}

/** Checks a shader against the limits of a device. */
export function checkRequirements(device: Device, label: string, code: string): void {
  const requirements = Object.entries(requirementsOf(code)) as [keyof Requirements, number][];
  for (const [limit, wanted] of requirements) {
    const most = device.gpu.limits[limit];
    if (wanted > most) {
      throw new UserError(
        `Cannot compile ${label}: it needs ${wanted}, and the device's ${limit} is ${most}`,
      );
    }
  }
}
