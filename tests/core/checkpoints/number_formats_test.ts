/** Narrow numbers: every value of every format against what its definition says. */
import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeMxfp4,
  decodeNumbers,
  valuesOfE2M1,
  valuesOfE4M3,
  valuesOfE5M2,
  valuesOfE8M0,
} from "../../../core/checkpoints/number_formats.ts";
import { UserError } from "../../../kernels/base/errors.ts";

/** A number from the text of its bits: sign, exponent, fraction. */
function fromBits(bits: string, exponentBits: number): number {
  const sign = bits[0] === "1" ? -1 : 1;
  const exponent = parseInt(bits.slice(1, 1 + exponentBits), 2);
  const fraction = bits.slice(1 + exponentBits);
  const bias = 2 ** (exponentBits - 1) - 1;
  const digits = parseInt((exponent === 0 ? "0" : "1") + fraction, 2);
  return sign * digits * 2 ** (Math.max(exponent, 1) - bias - fraction.length);
}

const bitsOf = (value: number, width: number) => value.toString(2).padStart(width, "0");
const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
const sameNumbers = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  assertEquals(a.length, b.length);
  for (let i = 0; i < a.length; i++) assertEquals(Object.is(a[i], b[i]), true, `${i}: ${a[i]}`);
};

Deno.test("F8_E4M3: all bytes", () => {
  const wanted = Array.from(
    bytes,
    (byte) => (byte & 0x7f) === 0x7f ? NaN : fromBits(bitsOf(byte, 8), 4),
  );
  sameNumbers(valuesOfE4M3, wanted);
  sameNumbers(decodeNumbers("F8_E4M3", bytes), wanted);
  // By hand: the largest, one, the smallest of each kind, minus zero.
  sameNumbers(
    [0x7e, 0x38, 0x08, 0x01, 0x80, 0xfe].map((byte) => valuesOfE4M3[byte]),
    [448, 1, 2 ** -6, 2 ** -9, -0, -448],
  );
});

Deno.test("F8_E5M2: all bytes", () => {
  const wanted = Array.from(bytes, (byte) => {
    const magnitude = byte & 0x7f;
    if (magnitude > 0x7c) return NaN;
    return magnitude === 0x7c ? (byte > 0x7f ? -Infinity : Infinity) : fromBits(bitsOf(byte, 8), 5);
  });
  sameNumbers(valuesOfE5M2, wanted);
  // The format is the upper half of an F16.
  const asHalves = Uint8Array.from({ length: 512 }, (_, i) => i % 2 === 0 ? 0 : (i - 1) / 2);
  sameNumbers(decodeNumbers("F8_E5M2", bytes), decodeNumbers("F16", asHalves));
  sameNumbers([0x7b, 0x3c, 0x01].map((byte) => valuesOfE5M2[byte]), [57344, 1, 2 ** -16]);
});

Deno.test("E2M1 and E8M0: all values", () => {
  const positive = [0, 0.5, 1, 1.5, 2, 3, 4, 6];
  sameNumbers(valuesOfE2M1, [...positive, ...positive.map((value) => -value)]);
  sameNumbers(
    valuesOfE8M0,
    Array.from(bytes, (byte) => byte === 255 ? NaN : Math.pow(2, byte - 127)),
  );
});

Deno.test("BF16 and F16: all pairs of bytes", () => {
  const words = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const view = new DataView(new ArrayBuffer(4));
  const wantedBF16 = Array.from(words, (word) => {
    view.setUint16(0, word);
    return view.getFloat32(0);
  });
  const wantedF16 = Array.from(words, (word) => {
    const fraction = word & 0x3ff;
    if ((word & 0x7c00) !== 0x7c00) return fromBits(bitsOf(word, 16), 5);
    return fraction > 0 ? NaN : word > 0x7fff ? -Infinity : Infinity;
  });
  const all = new Uint8Array(words.buffer);
  sameNumbers(decodeNumbers("BF16", all), wantedBF16);
  sameNumbers(decodeNumbers("F16", all), wantedF16);
});

Deno.test("F32 is read as it is, from any byte on", () => {
  const values = Float32Array.of(1.1, -0, NaN, Infinity, 1e-45);
  const shifted = new Uint8Array(21);
  shifted.set(new Uint8Array(values.buffer), 1);
  sameNumbers(decodeNumbers("F32", shifted.subarray(1)), values);
});

Deno.test("MXFP4: the lower bits first, a power of two a block, in all combinations", () => {
  const blocks = new Uint8Array(256 * 16).map((_, i) => (i * 7 + (i >> 4)) & 255);
  const values = decodeMxfp4(blocks, bytes);
  for (let i = 0; i < values.length; i++) {
    const byte = blocks[i >> 1];
    const scale = i >> 5 === 255 ? NaN : 2 ** ((i >> 5) - 127);
    const wanted = Math.fround(valuesOfE2M1[i % 2 === 0 ? byte % 16 : byte >> 4] * scale);
    assertEquals(Object.is(values[i], wanted), true, `${i}: ${values[i]}, ${wanted}`);
  }
  // By hand: 0x7a is -1 (lower) and 6 (upper), times 2^3.
  const byHand = decodeMxfp4(new Uint8Array(16).fill(0x7a), Uint8Array.of(130));
  assertEquals([byHand[0], byHand[1]], [-8, 48]);
});

Deno.test("a type without numbers of a model is refused", () => {
  assertThrows(
    () => decodeNumbers("I64", new Uint8Array(8)),
    UserError,
    "Cannot read numbers of I64: wanted F32, F16, BF16, F8_E4M3, F8_E5M2",
  );
});
