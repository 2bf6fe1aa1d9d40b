/** Safetensors: what is written is read, by the format's own rules, and nothing else is. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { ByteSource } from "../../../core/train/files.ts";
import {
  bfloat16,
  checkTensors,
  memorySource,
  openSafetensors,
  readSafetensors,
  safetensorsHead,
  safetensorsOf,
  safetensorsPieces,
  type SafetensorsTensor,
  valuesOfSafetensors,
} from "../../../core/train/safetensors.ts";
import { UserError } from "../../../kernels/base/errors.ts";

const tensors: Record<string, SafetensorsTensor> = {
  w: safetensorsOf(Float32Array.of(1, -2, 3.5, 4, 5, 6), [2, 3]),
  half: safetensorsOf(Float16Array.of(0.5, 65504), [2]),
  ids: safetensorsOf(Uint32Array.of(7, 0xffffffff), [1, 2]),
  empty: safetensorsOf(new Float32Array(0), [0, 4]),
  number: safetensorsOf(Float32Array.of(9), []),
  bf: bfloat16(Float32Array.of(1, 2, 3), [3]),
};
const source = "m.safetensors";

/** A file with a header that is given as text, and so many bytes of data. */
function fileOf(header: string, dataBytes: number): ByteSource {
  const text = new TextEncoder().encode(header);
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(0, text.length, true);
  return memorySource([head, text, new Uint8Array(dataBytes)]);
}

const refusal = async (file: ByteSource) =>
  (await assertRejects(() => openSafetensors(file, { source }), UserError)).message;

Deno.test("a file gives back what was written, in every type that is written", async () => {
  const file = memorySource(safetensorsPieces(tensors, { a: "b" }));
  const header = await openSafetensors(file, { source });
  assertEquals([...header.tensors.keys()].sort(), Object.keys(tensors).sort());
  assertEquals(header.metadata, { a: "b" });
  for (const [name, wanted] of Object.entries(tensors)) {
    const { dtype, shape, bytes } = await readSafetensors(file, header.tensors.get(name)!);
    assertEquals([dtype, shape], [wanted.dtype, [...wanted.shape]]);
    assertEquals([...bytes], [...wanted.bytes]);
    assertEquals(
      [...valuesOfSafetensors({ dtype, shape, bytes })],
      [...valuesOfSafetensors(wanted)],
    );
  }
  assertEquals([...valuesOfSafetensors(tensors.ids)], [7, 0xffffffff]);
});

Deno.test("the bytes are those of the format: length, JSON, data from a multiple of 8 on", () => {
  const [head, w, half] = safetensorsPieces({ w: tensors.w, half: tensors.half });
  const length = Number(new DataView(head.buffer).getBigUint64(0, true));
  assertEquals([length, length % 8], [head.length - 8, 0]);
  assertEquals(JSON.parse(new TextDecoder().decode(head.subarray(8))), {
    __metadata__: {},
    w: { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
    half: { dtype: "F16", shape: [2], data_offsets: [24, 28] },
  });
  assertEquals([...w.subarray(0, 8)], [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
  assertEquals([...half], [0, 0x38, 0xff, 0x7b]);
});

Deno.test("bf16 is rounded to the nearest, ties to even", () => {
  const of = (
    ...x: number[]
  ) => [...valuesOfSafetensors(bfloat16(Float32Array.from(x), [x.length]))];
  assertEquals(of(1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20), [
    1,
    1 + 2 ** -6,
    1 + 2 ** -7,
  ]);
  assertEquals(of(NaN, Infinity, -Infinity, 3.4e38), [NaN, Infinity, -Infinity, Infinity]);
});

Deno.test("what is wrong with a header is said in a line", async () => {
  const entry = (fields: object) =>
    JSON.stringify({ w: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...fields } });
  const two = (from: number, to: number) =>
    JSON.stringify({
      a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
      b: { dtype: "F32", shape: [1], data_offsets: [from, to] },
    });
  const cases: [file: ByteSource, message: string][] = [
    [
      memorySource([new Uint8Array(5)]),
      "found 5 bytes, wanted a safetensors file, which has 8 or more",
    ],
    [
      memorySource([Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0, 123)]),
      "found a header of 4294967295 bytes, wanted 2 to 1 in a file of 9 bytes",
    ],
    [fileOf("{]", 0), "found a header that is no JSON"],
    [fileOf("[1]", 0), "found [1] as the header, wanted an object"],
    [fileOf('{"w":1}', 0), 'tensor "w": found 1, wanted an object'],
    [
      fileOf(entry({ dtype: "F31" }), 8),
      'tensor "w": found dtype "F31", wanted one of BOOL, U8, I8, F8_E4M3, F8_E5M2, I16, U16, F16, ' +
      "BF16, I32, U32, F32, I64, U64, F64",
    ],
    [fileOf(entry({ dtype: "toString" }), 8), 'tensor "w": found dtype "toString", wanted one of'],
    [
      fileOf(entry({ shape: [-2] }), 8),
      'tensor "w": found shape [-2], wanted whole numbers from 0 on',
    ],
    [
      fileOf(entry({ shape: [1e300] }), 8),
      'tensor "w": found shape [1e+300], wanted whole numbers',
    ],
    [fileOf(entry({ shape: [3] }), 8), 'tensor "w": found 8 bytes, wanted 12 for F32 [3]'],
    [
      fileOf(entry({ shape: [2 ** 52, 2 ** 52, 0] }), 8),
      'tensor "w": found 8 bytes, wanted 0 for F32 [4503599627370496, 4503599627370496, 0]',
    ],
    [
      fileOf(entry({ data_offsets: [0, 9] }), 8),
      'tensor "w": found bytes 0 to 9, wanted a range within the 8 bytes of data',
    ],
    [fileOf(entry({ data_offsets: [8, 0] }), 8), 'tensor "w": found bytes 8 to 0, wanted a range'],
    [
      fileOf(entry({ data_offsets: [[[]], 0] }), 8),
      "found data_offsets [an object, 0], wanted two",
    ],
    [fileOf(two(4, 8), 8), 'tensor "b" overlaps the tensor before it: found byte'],
    [fileOf(two(12, 16), 16), 'tensor "b" leaves a gap before it: found byte'],
    [fileOf(two(8, 12), 20), "found 136 bytes, wanted 128: the file was cut or has grown"],
    [fileOf('{"w":{},"\\u0077":{}}', 0), 'found "w" twice in the header'],
    [
      fileOf('{"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8),
      'found "dtype" twice in the header',
    ],
    [fileOf('{"__metadata__":{"a":1}}', 0), "found __metadata__ that does not map names to texts"],
  ];
  for (const [file, message] of cases) {
    const found = await refusal(file);
    assert(found.includes(message), `${found}\n${message}`);
    assertMatch(found, /^Cannot read m\.safetensors: [^\n]*[^.\n]$/);
  }
});

Deno.test("a cut file is refused at every length, and asks for no more than the header", async () => {
  const whole = memorySource(safetensorsPieces(tensors));
  const all = await whole.read(0, whole.size);
  const headerEnd = 8 + new DataView(all.buffer).getUint32(0, true);
  for (let size = 0; size < all.length; size++) {
    let most = 0;
    const read = (at: number, length: number) => {
      most = Math.max(most, length);
      return Promise.resolve(all.slice(at, Math.min(size, at + length)));
    };
    await refusal({ size, read, close: () => {} });
    assert(most <= headerEnd);
  }
});

Deno.test("any change of a file is refused in one line or leaves tensors within the file", async () => {
  const whole = memorySource(safetensorsPieces(tensors, { note: "x" }));
  const all = await whole.read(0, whole.size);
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(all.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.nat(12),
      async (changes, inNumbers, extra) => {
        const bytes = new Uint8Array(all.length + extra);
        bytes.set(all);
        for (const [at, byte] of changes) {
          // Half of the runs put digits where digits are, which most other changes never hit.
          const isDigit = bytes[at] >= 48 && bytes[at] <= 57;
          if (!inNumbers) bytes[at] = byte;
          else if (isDigit) bytes[at] = 48 + byte % 10;
        }
        const file = memorySource([bytes]);
        try {
          const header = await openSafetensors(file, { source });
          for (const entry of header.tensors.values()) await readSafetensors(file, entry);
          accepted++;
        } catch (error) {
          assert(error instanceof UserError, String(error));
          assertMatch(error.message, /^Cannot read [^\n]*$/);
          assert(error.message.length < 300, error.message);
        }
      },
    ),
    { seed: 1, numRuns: 2000 },
  );
  assert(accepted > 0);
});

Deno.test("JSON that nests a hundred thousand deep is refused, and a long text in a short line", async () => {
  const deep = "[".repeat(1e5) + "]".repeat(1e5);
  await refusal(fileOf(deep, 0));
  await refusal(fileOf(`{"w":${deep}}`, 0));
  await refusal(fileOf(`{"w":{"dtype":"F32","shape":[${deep}],"data_offsets":[0,0]}}`, 0));
  assert((await refusal(fileOf(`{"w":"${"x".repeat(1e6)}"}`, 0))).length < 200);
});

Deno.test("missing, extra and misshapen tensors are named with both shapes", async () => {
  const { tensors: found } = await openSafetensors(
    memorySource(safetensorsPieces({ w: tensors.w, half: tensors.half })),
    { source },
  );
  const header = { tensors: found, metadata: {} };
  const w = { dtype: "F32", shape: [2, 3] } as const;
  const half = { dtype: "F16", shape: [2] } as const;
  const message = (wanted: Parameters<typeof checkTensors>[1]) =>
    assertThrows(() => checkTensors(header, wanted, { source }), UserError).message;
  checkTensors(header, { half, w }, { source });
  assertEquals(
    message({ w, half, more: { dtype: "U32", shape: [4] } }),
    "Cannot use m.safetensors: found no tensor more, wanted U32 [4]",
  );
  assertEquals(
    message({ w: { dtype: "F32", shape: [3, 2] }, half }),
    "Cannot use m.safetensors: found w as F32 [2, 3], wanted F32 [3, 2]",
  );
  assertEquals(
    message({ w }),
    "Cannot use m.safetensors: found a tensor half F16 [2] that the model has not",
  );
});

Deno.test("what cannot be written or used is refused", () => {
  const short = { ...tensors.w, shape: [2, 4] };
  assertEquals(
    assertThrows(() => safetensorsPieces({ short }), RangeError).message,
    "Cannot write short: found 24 bytes, wanted 32 for F32 [2, 4]",
  );
  assertThrows(() => safetensorsHead({ __metadata__: tensors.w }), RangeError);
  assertThrows(() => valuesOfSafetensors({ ...tensors.w, dtype: "I64" }), UserError, "I64");
});
