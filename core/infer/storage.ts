/**
 * How the weights of a released model are held on the device: which are products' operands and take
 * fewer bits, and which stay in full.
 *
 * Weights of products are stored in the storage asked for. Norms, biases, sinks and routers stay in
 * f32: they are small, and a router's last bit decides. Tables of tokens (embedding and head) are f32
 * in f32, and f16 elsewhere, where the device computes with it. Activations and sums are f32 always.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { dequantise, type Device, quantise } from "../../kernels/mod.ts";

/** What the weights of products are stored as; int8 and int4 in blocks of 32 with a scale each. */
export type InferenceStorage = "f32" | "f16" | "int8" | "int4";

/** All of them. */
export const inferenceStorages: readonly InferenceStorage[] = ["f32", "f16", "int8", "int4"];

/** How one tensor is held. */
export type HeldAs = "f32" | "f16" | 8 | 4;

const bits = { int8: 8, int4: 4 } as const;

/** Tables of a row a token. */
export const isTable = (name: string): boolean => name === "embedding" || name === "head";

const small = /\.(norm|\w*Norm|bias|beta|sinks|balance|router|sharedGate)$|^norm$/;

/** How a tensor is held, by its name. */
export function heldAs(
  name: string,
  options: { storage: InferenceStorage; halves: boolean },
): HeldAs {
  const { storage, halves } = options;
  if (storage === "f32" || small.test(name)) return "f32";
  if (isTable(name)) return halves ? "f16" : "f32";
  return storage === "f16" ? "f16" : bits[storage];
}

/** Whether a device computes with 16-bit floats. */
export const hasHalves = ({ gpu }: Device): boolean => gpu.features.has("shader-f16");

/**
 * Refuses a storage that a device has not.
 *
 * @throws {UserError} where f16 is asked for and the device has no 16-bit floats.
 */
export function checkStorage(device: Device, storage: InferenceStorage): void {
  if (!inferenceStorages.includes(storage)) {
    throw new UserError(
      `Cannot store weights as ${storage}: wanted one of ${inferenceStorages.join(", ")}`,
    );
  }
  if (storage !== "f16" || hasHalves(device)) return;
  throw new UserError(
    `Cannot store weights as f16: ${device.adapter.description} has no shader-f16, wanted f32, ` +
      "int8 or int4",
  );
}

/**
 * The numbers that the device computes with where it is given these weights: rounded as they are
 * held.
 *
 * @example
 * ```ts
 * import { heldValues } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const values = Float32Array.of(7, 0.4, -0.6, 1);
 * assertEquals([...heldValues(values, { held: 4, shape: [4, 1] })], [7, 0, -1, 1]);
 * ```
 */
export function heldValues(
  values: Float32Array,
  options: { held: HeldAs; shape: readonly number[] },
): Float32Array {
  const { held, shape } = options;
  if (held === "f32") return values;
  if (held === "f16") return Float32Array.from(Float16Array.from(values));
  return dequantise(quantise(values, { shape, bits: held }));
}
