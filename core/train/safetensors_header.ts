/**
 * The header of a safetensors file: what tensors there are and where their bytes lie.
 *
 * A file is eight bytes with the header's length (u64, little endian), the header as JSON, and the
 * bytes of the tensors, row by row and little endian, without gaps. A reader that trusts a header
 * can be made to take any amount of memory or to read what is not there, so every number is checked
 * against the file's size before anything else is read.
 *
 * Format: https://huggingface.co/docs/safetensors, "Format".
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { repeatedKey } from "./json_keys.ts";

/** Bits of an element by the name that the format gives the type. */
export const safetensorsBits = {
  ...{ BOOL: 8, U8: 8, I8: 8, F8_E4M3: 8, F8_E5M2: 8, I16: 16, U16: 16, F16: 16, BF16: 16 },
  ...{ I32: 32, U32: 32, F32: 32, I64: 64, U64: 64, F64: 64 },
} as const;

/** A type of elements. */
export type SafetensorsType = keyof typeof safetensorsBits;

/** Where a tensor lies. */
export interface SafetensorsEntry {
  /** Type of its elements. */
  dtype: SafetensorsType;
  /** Dimensions, outermost first; none for a single number. */
  shape: number[];
  /** Its first byte in the file. */
  at: number;
  /** Its bytes. */
  bytes: number;
}

/** What a header says. */
export interface SafetensorsHeader {
  /** Tensors by name, in the order of their bytes. */
  tensors: Map<string, SafetensorsEntry>;
  /** Texts by name. */
  metadata: Record<string, string>;
}

/** The longest header that a reader takes: what the format's own reader allows, 100 MB. */
const longestHeader = 100_000_000;

/** Where a header is, and of what. */
export interface HeaderPlace {
  /** Size of the file. */
  fileBytes: number;
  /** Name of the file, for messages. */
  source: string;
}

const refuse = (source: string, what: string): never => {
  throw new UserError(`Cannot read ${source}: ${what}`);
};

/** A value for a message: short, on one line. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(shownPlain).join(", ")}]`;
  return shownPlain(value);
}

/** What is nested may be deep enough to end the stack; it is named only. */
function shownPlain(value: unknown): string {
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/**
 * The length of the header, from the first eight bytes of a file.
 *
 * @throws {UserError} where there are fewer, or the header would go beyond the file.
 */
export function headerLength(first: Uint8Array<ArrayBuffer>, place: HeaderPlace): number {
  const { fileBytes, source } = place;
  if (first.length < 8) {
    refuse(source, `found ${first.length} bytes, wanted a safetensors file, which has 8 or more`);
  }
  const view = new DataView(first.buffer, first.byteOffset, 8);
  const length = view.getUint32(0, true) + 2 ** 32 * view.getUint32(4, true);
  if (length > longestHeader || length < 2 || 8 + length > fileBytes) {
    refuse(
      source,
      `found a header of ${length} bytes, wanted 2 to ${
        Math.max(0, Math.min(longestHeader, fileBytes - 8))
      } in a file of ${fileBytes} bytes`,
    );
  }
  return length;
}

function checkedEntry(
  name: string,
  value: unknown,
  place: { source: string; dataAt: number; dataBytes: number },
): SafetensorsEntry {
  const { source, dataAt, dataBytes } = place;
  const bad = (what: string): never => refuse(source, `tensor ${shown(name)}: ${what}`);
  if (value === null || typeof value !== "object") bad(`found ${shown(value)}, wanted an object`);
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(safetensorsBits, dtype)) {
    bad(`found dtype ${shown(dtype)}, wanted one of ${Object.keys(safetensorsBits).join(", ")}`);
  }
  const isSize = (n: unknown): n is number => Number.isSafeInteger(n) && n as number >= 0;
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    return bad(`found shape ${shown(shape)}, wanted whole numbers from 0 on`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    return bad(`found data_offsets ${shown(offsets)}, wanted two whole numbers from 0 on`);
  }
  const [from, to] = offsets;
  if (from > to || to > dataBytes) {
    bad(`found bytes ${from} to ${to}, wanted a range within the ${dataBytes} bytes of data`);
  }
  const bytes = shape.reduce((n, size) => n * size, 1) *
    safetensorsBits[dtype as SafetensorsType] / 8;
  if (to - from !== bytes) {
    bad(`found ${to - from} bytes, wanted ${bytes} for ${dtype} ${shown(shape)}`);
  }
  return { dtype: dtype as SafetensorsType, shape, at: dataAt + from, bytes };
}

/**
 * Reads a header, without the eight bytes before it, and checks that the tensors fill the rest of
 * the file without gap or overlap.
 *
 * @throws {UserError} one line that says what is wrong.
 */
export function parseHeader(header: Uint8Array, place: HeaderPlace): SafetensorsHeader {
  const { fileBytes, source } = place;
  let value: unknown;
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(header);
    value = JSON.parse(text);
  } catch {
    refuse(source, "found a header that is no JSON");
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    refuse(source, `found ${shown(value)} as the header, wanted an object`);
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) refuse(source, `found ${shown(twice)} twice in the header`);
  const { __metadata__: metadata = {}, ...rest } = value as Record<string, unknown>;
  if (
    metadata === null || typeof metadata !== "object" || Array.isArray(metadata) ||
    !Object.values(metadata).every((one) => typeof one === "string")
  ) refuse(source, "found __metadata__ that does not map names to texts");
  const dataAt = 8 + header.length;
  const within = { source, dataAt, dataBytes: fileBytes - dataAt };
  const entries = Object.entries(rest)
    .map(([name, entry]) => [name, checkedEntry(name, entry, within)] as const)
    .sort(([, a], [, b]) => a.at - b.at || a.bytes - b.bytes);
  let end = dataAt;
  for (const [name, { at, bytes }] of entries) {
    if (at !== end) {
      const what = at < end ? "overlaps the tensor before it" : "leaves a gap before it";
      refuse(source, `tensor ${shown(name)} ${what}: found byte ${at}, wanted ${end}`);
    }
    end = at + bytes;
  }
  if (end !== fileBytes) {
    refuse(source, `found ${fileBytes} bytes, wanted ${end}: the file was cut or has grown`);
  }
  return { tensors: new Map(entries), metadata: metadata as Record<string, string> };
}
