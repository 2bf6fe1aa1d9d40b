/** The padded layout of tensors, on the host. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { layoutOf, PAD, padded, roundUp, unpadded } from "../../kernels/layout.ts";

const shape = fc.array(fc.integer({ min: 1, max: 19 }), { minLength: 1, maxLength: 4 });
const sizeOf = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);
const counted = (n: number) => Float32Array.from({ length: n }, (_, i) => i + 1);

Deno.test("a layout pads the last two dimensions to 8 and a vector not at all", () => {
  assertEquals(layoutOf([5]), { pitch: 5, plane: 5, elements: 5 });
  assertEquals(layoutOf([3, 5]), { pitch: 8, plane: 64, elements: 64 });
  assertEquals(layoutOf([2, 9, 16]), { pitch: 16, plane: 256, elements: 512 });
  fc.assert(fc.property(shape, (dims) => {
    const { pitch, plane, elements } = layoutOf(dims);
    const n = sizeOf(dims);
    return dims.length < 2 ? elements === n : pitch % PAD === 0 && plane % (PAD * pitch) === 0 &&
      elements % plane === 0 && elements >= n && pitch === roundUp(dims[dims.length - 1], PAD);
  }));
});

Deno.test("what is taken out of the padded layout is what stood there", () => {
  fc.assert(fc.property(shape, (dims) => {
    const { pitch, plane, elements } = layoutOf(dims);
    const cols = dims[dims.length - 1];
    const rows = dims.length < 2 ? 1 : dims[dims.length - 2];
    const data = new Float32Array(elements).fill(NaN);
    // Element i by its own coordinates, not by the copy loop's.
    for (let i = 0; i < sizeOf(dims); i++) {
      const [c, r, p] = [i % cols, Math.floor(i / cols) % rows, Math.floor(i / cols / rows)];
      data[p * plane + r * pitch + c] = i + 1;
    }
    assertEquals(unpadded(dims, data), counted(sizeOf(dims)));
  }));
});

Deno.test("what is padded and taken out again is what it was, and the padding is zero", () => {
  fc.assert(fc.property(shape, (dims) => {
    const n = sizeOf(dims);
    for (const data of [counted(n), Uint32Array.from(counted(n))]) {
      const wide = padded(dims, data);
      assertEquals(wide.length, layoutOf(dims).elements);
      assertEquals([...wide].reduce((a, b) => a + b, 0), n * (n + 1) / 2);
      assertEquals(wide.constructor, data.constructor);
      assertEquals(unpadded<Float32Array | Uint32Array>(dims, wide), data);
    }
  }));
});
