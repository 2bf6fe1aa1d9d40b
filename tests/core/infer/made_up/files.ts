/**
 * A small model as the files of a release: config.json and safetensors, one file or several with
 * an index.
 *
 * @module
 */
import type { Tensor } from "../oracle/tensors.ts";
import type { MadeUp } from "./architectures.ts";
import { fileTensors } from "./file_tensors.ts";
import {
  blockF8,
  exchanged,
  packedF8,
  packedMxfp4,
  roundedTo,
  type StoredTensor,
} from "./narrow.ts";

/** How the large matrices of a release are stored; the rest is BF16 where they are narrower. */
export type StoredAs = "F32" | "F16" | "BF16" | "F8" | "MXFP4";

/** How a tensor is stored, by its name here. */
function formatOf(name: string, as: StoredAs): StoredAs {
  if (as === "MXFP4") return /moe\.(up|down)$/.test(name) ? as : "BF16";
  if (as !== "F8") return as;
  return /attention\.(q|k|v|out|(q|kv)(Down|Up))$|(ffn|moe)\.(sharedU|sharedD|u|d)(p|own)$/.test(
      name,
    )
    ? as
    : "BF16";
}

/** A tensor with its numbers rounded to what a format holds: towards zero for BF16. */
function rounded(tensor: Tensor, as: StoredAs): Tensor {
  const { shape, data } = tensor;
  switch (as) {
    case "F32":
      return tensor;
    case "F16":
      return { shape, data: Float32Array.from(Float16Array.from(data)) };
    case "BF16": {
      const words = new Uint32Array(Float32Array.from(data).buffer);
      return { shape, data: new Float32Array(words.map((word) => word & 0xffff0000).buffer) };
    }
    default:
      return roundedTo(tensor, as);
  }
}

function plain({ shape, data }: Tensor, dtype: "F32" | "F16" | "BF16"): StoredTensor {
  const numbers = Float32Array.from(data);
  const bits = dtype === "F32"
    ? numbers
    : dtype === "F16"
    ? Float16Array.from(numbers)
    : Uint16Array.from(new Uint32Array(numbers.buffer), (word) => word >>> 16);
  return { dtype, shape, bytes: new Uint8Array(bits.buffer) };
}

/** What a file holds of one of its tensors: one entry, or two where factors lie beside numbers. */
function storedOf(name: string, tensor: Tensor, as: StoredAs): [string, StoredTensor][] {
  if (as === "MXFP4" && /experts\.(gate_up|down)_proj$/.test(name)) {
    const { blocks, scales } = packedMxfp4(exchanged(tensor));
    return [[`${name}_blocks`, blocks], [`${name}_scales`, scales]];
  }
  if (as === "F8" && /_proj(_with_mqa)?\.weight$/.test(name)) {
    const { numbers, scale } = packedF8(tensor);
    return [[name, numbers], [`${name}_scale_inv`, scale]];
  }
  return [[name, plain(tensor, as === "F8" || as === "MXFP4" ? "BF16" : as)]];
}

/** Bytes of a safetensors file: the length of its header, the header in JSON, the numbers. */
function safetensorsOf(tensors: readonly [string, StoredTensor][]): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let at = 0;
  for (const [name, { dtype, shape, bytes }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
  }
  const text = JSON.stringify(header);
  // The numbers begin at a multiple of eight.
  const json = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const out = new Uint8Array(8 + json.length + at);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  let from = 8 + json.length;
  for (const [, { bytes }] of tensors) {
    out.set(bytes, from);
    from += bytes.length;
  }
  return out;
}

const quantised = {
  MXFP4: { quant_method: "mxfp4" },
  F8: { quant_method: "fp8", fmt: "e4m3", weight_block_size: blockF8 },
} as const;

/** A model as it was released. */
export interface Released {
  /** The model with its numbers as the files hold them. */
  made: MadeUp;
  /** Bytes of the files of its folder, by name. */
  files: Record<string, Uint8Array<ArrayBuffer>>;
}

/**
 * Stores a small model. Tensors of several files are dealt out in turns, so that the parts of one
 * of ours lie in different files.
 */
export function released(
  made: MadeUp,
  { shards = 1, as = "F32" as StoredAs } = {},
): Released {
  const method = as === "MXFP4" || as === "F8" ? { quantization_config: quantised[as] } : {};
  const config: MadeUp["config"] = { ...made.config, ...method };
  const tensors = Object.fromEntries(
    Object.entries(made.tensors)
      .map(([name, tensor]) => [name, rounded(tensor, formatOf(name, as))]),
  );
  const named = Object.entries(fileTensors(tensors, String(config.model_type)))
    .flatMap(([name, tensor]) => storedOf(name, tensor, as));
  const bytes = (json: unknown) => new TextEncoder().encode(JSON.stringify(json, null, 2));
  const files: Released["files"] = { "config.json": bytes(config) };
  const digits = (n: number) => String(n).padStart(5, "0");
  const nameOf = (shard: number) =>
    shards === 1
      ? "model.safetensors"
      : `model-${digits(shard + 1)}-of-${digits(shards)}.safetensors`;
  for (let shard = 0; shard < shards; shard++) {
    files[nameOf(shard)] = safetensorsOf(named.filter((_, i) => i % shards === shard));
  }
  if (shards > 1) {
    const weight_map = Object.fromEntries(named.map(([name], i) => [name, nameOf(i % shards)]));
    files["model.safetensors.index.json"] = bytes({ metadata: {}, weight_map });
  }
  return { made: { ...made, config, tensors }, files };
}
