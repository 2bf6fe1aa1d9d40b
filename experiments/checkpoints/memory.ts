/**
 * The memory that a model will take on a device, from shapes alone, and what the device has: asked
 * before any is taken.
 *
 * @module
 */
import { cacheWidths } from "../../core/infer/cache.ts";
import { inferenceKernels } from "../../core/infer/kernels.ts";
import { hasHalves, type HeldAs, heldAs, type InferenceStorage } from "../../core/infer/storage.ts";
import { type ModelTensor, modelTensors } from "../../core/checkpoints/model_tensors.ts";
import type { RunSettings } from "../../core/checkpoints/run_settings.ts";
import type { Model } from "../../core/spec/model.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { bufferBytes, mirrorBytes, mirrorRows, ROW_BYTES } from "../../kernels/base/layout.ts";
import { type Device, QUANT_BLOCK } from "../../kernels/mod.ts";
import { formatNumber } from "../../reports/format.ts";

/** What a model is run with. */
export interface MemoryWords {
  /** Storage of the weights of products. */
  storage: InferenceStorage;
  /** Tokens that the cache has room for. */
  maxTokens: number;
}

/** Bytes by what they are for. */
export interface ModelBytes {
  /** Weights. */
  weights: number;
  /** Keys and values. */
  cache: number;
}

/** How a device holds weights. */
export interface Holding {
  /** Whether it computes with 16-bit floats. */
  halves: boolean;
  /** Whether products read f32 weights from textures that mirror them. */
  textures: boolean;
}

/** How this device does. */
export const holdingOf = (device: Device): Holding => ({
  halves: hasHalves(device),
  textures: inferenceKernels(device).prefill.gemm.source === "texture",
});

/** Bytes of a tensor as a device holds it, padding and mirror included. */
export function heldBytes(
  { shape }: ModelTensor,
  held: HeldAs,
  { textures }: Pick<Holding, "textures">,
): number {
  if (held === "f16") return bufferBytes(shape, 2);
  if (held === "f32") {
    const bytes = bufferBytes(shape, 4);
    const mirrored = textures && shape.length > 1;
    return bytes + (mirrored ? mirrorBytes(mirrorRows(bytes / ROW_BYTES, Infinity)) : 0);
  }
  const [rows, columns] = shape.slice(-2);
  const words = [...shape.slice(0, -2), Math.ceil(rows * held / 8), Math.ceil(columns / 4)];
  const scales = [...shape.slice(0, -2), Math.ceil(rows / QUANT_BLOCK), columns];
  return bufferBytes(words, 4) + bufferBytes(scales, 4);
}

/** Bytes of weights and cache. */
export function modelBytes(
  { model, settings }: { model: Model; settings: RunSettings },
  { storage, maxTokens, ...holding }: MemoryWords & Holding,
): ModelBytes {
  // A table that no product reads is looked up in its buffer.
  const looked = (name: string) => name === "embedding" && !model.embedding.tied;
  const weights = modelTensors(model, settings).reduce((sum, one) => {
    const own = { ...holding, textures: holding.textures && !looked(one.name) };
    return sum + heldBytes(one, heldAs(one.name, { storage, halves: holding.halves }), own);
  }, 0);
  const kept = cacheWidths(model, "heads")
    .reduce((sum, width) => sum + bufferBytes([maxTokens, width], 4), 0);
  return { weights, cache: model.layers * kept };
}

/**
 * Bytes that a device has room for: free memory of the machine, where shaders run on the CPU.
 * Undefined where nobody says: WebGPU does not tell the memory of a graphics card, and a process may
 * not be allowed to ask for that of the machine.
 */
export function freeBytes({ adapter }: Pick<Device, "adapter">): number | undefined {
  if (!adapter.software) return undefined;
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  return state === "granted" ? Deno.systemMemoryInfo().available : undefined;
}

/** Share of the free memory that a model may take: a pass and the page that it is run in need some. */
export const usableShare = 0.9;

/**
 * Refuses a model that a device has no room for, before any is taken.
 *
 * @param options `room` in bytes, what {@linkcode freeBytes} says unless given.
 * @throws {UserError} with what it needs, what there is, and a storage that fits.
 */
export function checkRoom(
  device: Device,
  subject: { model: Model; settings: RunSettings },
  options: MemoryWords & { room?: number },
): void {
  const { room = freeBytes(device), ...words } = options;
  if (room === undefined) return;
  const holding = holdingOf(device);
  const needed = (storage: InferenceStorage) => {
    const { weights, cache } = modelBytes(subject, { ...words, storage, ...holding });
    return weights + cache;
  };
  const bytes = needed(words.storage);
  if (bytes <= usableShare * room) return;
  const smaller = (["f16", "int8", "int4"] as const)
    .filter((storage) => storage !== "f16" || holding.halves)
    .find((storage) => needed(storage) <= usableShare * room);
  const hint = smaller ? `; ${formatNumber(needed(smaller), "bytes")} do as ${smaller}` : "";
  throw new UserError(
    `Cannot run ${subject.model.id} as ${words.storage}: it takes ` +
      `${formatNumber(bytes, "bytes")}, the device has room for ` +
      `${formatNumber(usableShare * room, "bytes")}${hint}`,
  );
}
