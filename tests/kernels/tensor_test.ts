/** The pool that buffers come from, and the way to the device and back. */
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { UserError } from "../../kernels/base/errors.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { layoutOf } from "../../kernels/layout.ts";
import { download, mirrorOf, type Tensor } from "../../kernels/tensor.ts";
import { withDevice } from "./compare.ts";

const shape = fc.array(fc.integer({ min: 1, max: 19 }), { minLength: 1, maxLength: 4 });
const sizeOf = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);
const counted = (n: number) => Float32Array.from({ length: n }, (_, i) => i + 1);

/** The tensor's whole buffer, padding included, as a matrix without padding. */
function raw(tensor: Tensor): Tensor {
  const { elements } = layoutOf(tensor.shape);
  const shape = tensor.shape.length < 2 ? [elements] : [elements / tensor.pitch, tensor.pitch];
  return { ...tensor, shape };
}

Deno.test(
  "an upload comes back as it was, and its padding is zero",
  withDevice(async (pool, device) => {
    // A pool full of buffers that held something else.
    const junk = Array.from({ length: 40 }, (_, i) => pool.upload(`${i}`, [4096], counted(4096)));
    pool.release(...junk);
    const shapes = fc.sample(shape, { numRuns: 40, seed: 7 });
    const tensors = shapes.map((dims) => pool.upload("t", dims, counted(sizeOf(dims))));
    const got = await download(device, tensors);
    const all = await download(device, tensors.map(raw));
    shapes.forEach((dims, i) => {
      const n = sizeOf(dims);
      assertEquals(got[i], counted(n), `[${dims}]`);
      const sum = all[i].reduce((a, b) => a + b, 0);
      assertEquals(sum, n * (n + 1) / 2, `[${dims}] has something in its padding`);
    });
    const ids = Uint32Array.of(7, 2 ** 32 - 1, 0);
    const tensor = pool.upload("ids", [3], ids);
    assertEquals(await download(device, [tensor], Uint32Array), [ids]);
  }),
);

Deno.test(
  "an upload of another length than its shape is refused",
  withDevice((pool) => {
    assertThrows(
      () => pool.upload("x", [2, 3], new Float32Array(5)),
      RangeError,
      "Cannot upload x: found 5 values, wanted 6 for [2, 3]",
    );
    assertEquals(pool.bytes(), { live: 0, free: 0, peak: 0, held: 0 });
    return Promise.resolve();
  }),
);

Deno.test(
  "a pool hands out again what it got back, by size, and counts live, free and peak",
  withDevice((pool) => {
    const row = 16384;
    const a = pool.tensor("a", [4096]);
    const b = pool.tensor("b", [2 * 4096]);
    assertEquals(pool.bytes(), { live: 3 * row, free: 0, peak: 3 * row, held: 3 * row });
    pool.release(a);
    assertEquals(pool.bytes(), { live: 2 * row, free: row, peak: 3 * row, held: 3 * row });
    const c = pool.tensor("c", [64, 64]);
    assertStrictEquals(c.buffer, a.buffer);
    const d = pool.tensor("d", [4096]);
    assertNotEquals(d.buffer === b.buffer, true);
    assertEquals(pool.bytes(), { live: 4 * row, free: 0, peak: 4 * row, held: 4 * row });
    pool.release(b, c, d);
    assertEquals(pool.bytes(), { live: 0, free: 4 * row, peak: 4 * row, held: 4 * row });
    pool.trim();
    assertEquals(pool.bytes(), { live: 0, free: 0, peak: 4 * row, held: 4 * row });
    assert(pool.tensor("e", [1]).buffer !== a.buffer, "trimmed buffers are gone");
    return Promise.resolve();
  }),
);

Deno.test(
  "mirrors go back with their buffers, are counted, and have to be filled anew",
  withDevice((pool, device) => {
    const a = pool.tensor("a", [64, 64]);
    const before = pool.bytes().live;
    const mirror = mirrorOf(device, a);
    assertStrictEquals(mirrorOf(device, a), mirror);
    // One row of 1024 texels and the gap; 3 rows, since 1 and 2 are powers of two.
    assertEquals(pool.bytes().live, before + 3 * 16 * 1028);
    a.slot.mirrored = true;
    pool.release(a);
    assertEquals(pool.bytes().live, 0);
    const b = pool.tensor("b", [64, 64]);
    assertStrictEquals(b.buffer, a.buffer);
    assertStrictEquals(mirrorOf(device, b), mirror);
    assertEquals(b.slot.mirrored, false);
    return Promise.resolve();
  }),
);

Deno.test(
  "while launches are recorded an upload takes no buffer that they may still read",
  withDevice(async (pool) => {
    const a = pool.tensor("a", [4096]);
    const recorder = createRecorder(pool);
    pool.release(a);
    const early = pool.upload("early", [4096], counted(4096));
    assert(early.buffer !== a.buffer, "the upload would run before the launches");
    // What a launch writes comes after the launches before it: its buffer may be shared.
    const result = pool.tensor("result", [4096]);
    assertStrictEquals(result.buffer, a.buffer);
    pool.release(result);
    await recorder.finish();
    assertEquals(pool.openRecorders, 0);
    assertStrictEquals(pool.upload("late", [4096], counted(4096)).buffer, a.buffer);
  }),
);

Deno.test(
  "a tensor over a limit is refused with the limit's name, before anything is counted",
  withDevice((pool, device) => {
    const most = device.gpu.limits.maxStorageBufferBindingSize;
    const error = assertThrows(() => pool.tensor("huge", [most / 4 + 1]), UserError);
    assert(error.message.startsWith(`Cannot hold huge [${most / 4 + 1}] of`), error.message);
    assert(error.message.includes(`maxStorageBufferBindingSize is ${most / 2 ** 20} MiB`));
    assertEquals(pool.bytes().live, 0);
    return Promise.resolve();
  }),
);
