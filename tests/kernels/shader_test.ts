/** The generated shaders: what they say, word by word, and what a parser reads from them. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";
import type { Device } from "../../kernels/device.ts";
import { programName, shaderOf } from "../../kernels/gemm/matmul.ts";
import { extraBindings, UNIFORMS } from "../../kernels/gemm/shader_parts.ts";
import { parseVariant, plainProgram, type Program } from "../../kernels/gemm/variant.ts";
import { candidates } from "../../kernels/tune.ts";

const programs: readonly Program[] = [
  plainProgram("nn"),
  plainProgram("nt"),
  plainProgram("tn"),
  { ...plainProgram("tn"), gathered: true },
  { ...plainProgram("nn"), epilogue: { gate: "silu", keep: true } },
  { ...plainProgram("nt"), epilogue: { bias: true, activation: "gelu", add: true } },
];

/** Small enough to read: 8 lanes, 8 rows; 16 rows. */
const LANES = 8;
const small = ["subgroup-8x1x4x4-texture", "tile-16x1x16x1-buffer"];

/** What the parser says of a shader. */
function reflect(code: string) {
  const reflected = new WgslReflect(code);
  const groups = reflected.getBindGroups();
  assertEquals(groups.length, 1);
  const [entry] = reflected.entry.compute;
  return {
    bindings: groups[0].map(({ name }: { name: string }) => name),
    numbers: groups[0].map(({ binding }: { binding: number }) => binding),
    access: Object.fromEntries(
      groups[0].map(({ name, access }: { name: string; access: string }) => [name, access]),
    ),
    uniformBytes: reflected.uniforms[0].size as number,
    workgroupSize: entry.workgroupSize as number[],
  };
}

/** Bytes of workgroup memory that a shader declares. */
function workgroupBytes(code: string): number {
  const sizes: Record<string, number> = { f32: 4, u32: 4, vec4f: 16 };
  const declared = [...code.matchAll(/var<workgroup> \w+: array<(\w+), (\d+)>;/g)];
  assertEquals(declared.length, code.split("var<workgroup>").length - 1, "an array unread");
  return declared.reduce((sum, [, type, n]) => sum + sizes[type] * Number(n), 0);
}

for (const word of small) {
  for (const program of programs) {
    Deno.test(`the text of ${programName(program)} as ${word}`, async (t) => {
      await t.assertSnapshot(shaderOf(parseVariant(word), program, LANES));
    });
  }
}

Deno.test("a variant that reads textures differs from one that reads buffers in its loads alone", () => {
  for (const program of programs) {
    const text = (source: string) => {
      const code = shaderOf(parseVariant(`subgroup-8x1x4x4-${source}`), program, LANES);
      return code.split("\n").filter((line) => !/[ab]_matrix|fn at/.test(line));
    };
    assertEquals(text("texture"), text("buffer"));
  }
});

Deno.test("bindings are inputs in the order of the launch, and then the uniforms", () => {
  const inputs = ["a_matrix", "b_matrix", "c_matrix"];
  for (const word of small) {
    for (const program of programs) {
      const { bindings, numbers, access, uniformBytes } = reflect(
        shaderOf(parseVariant(word), program, LANES),
      );
      assertEquals(bindings, [...inputs, ...extraBindings(program), "uniforms"]);
      assertEquals(numbers, bindings.map((_: string, i: number) => i));
      const written = bindings.filter((name: string) => access[name] === "read_write");
      assertEquals(written, ["c_matrix", ...(program.epilogue.keep ? ["kept"] : [])]);
      assertEquals(uniformBytes, 4 * UNIFORMS.length);
      assertLessOrEqual(bindings.length - 1, 8);
    }
  }
});

Deno.test("one subgroup is a workgroup of the one family, 256 threads of the other", () => {
  for (const program of programs) {
    const size = (word: string, lanes: number) =>
      reflect(shaderOf(parseVariant(word), program, lanes)).workgroupSize;
    for (const lanes of [4, 8, 16]) {
      assertEquals(size("subgroup-16x1x4x4-texture", lanes), [lanes, 1, 1]);
    }
    assertEquals(size("tile-64x1x16x1-buffer", 0), [256, 1, 1]);
  }
});

/** Devices as the tuner tells them apart. */
const device = (software: boolean, subgroupSize: number) =>
  ({ adapter: { software }, subgroupSize }) as Device;

Deno.test("every candidate is a shader within the smallest limits of WebGPU", () => {
  for (const lanes of [4, 8, 16]) {
    for (const words of Object.values(candidates(device(true, lanes)))) {
      for (const variant of words.map(parseVariant)) {
        assertEquals(variant.family, "subgroup");
        assertEquals(variant.rows % lanes, 0, "lanes share the rows of A evenly");
        assertEquals(8 % variant.depth, 0, "tensors are padded to 8 along the inner size");
        for (const program of programs) {
          assertEquals(workgroupBytes(shaderOf(variant, program, lanes)), 0);
        }
      }
    }
  }
  const onGpu = Object.values(candidates(device(false, 32))).flat();
  assert(onGpu.length > 0);
  for (const variant of onGpu.map(parseVariant)) {
    assertEquals([variant.family, variant.source], ["tile", "buffer"]);
    for (const program of programs) {
      const bytes = workgroupBytes(shaderOf(variant, program, 0));
      assert(bytes > 0);
      assertLessOrEqual(bytes, 16384);
    }
  }
});

Deno.test("a product sums along the inner size with fma, in the order of k", () => {
  const code = shaderOf(parseVariant("subgroup-8x1x4x4-buffer"), programs[0], LANES);
  const sums = [...code.matchAll(/c0_0 = fma\(.*, b(\d+)_0, c0_0\);/g)].map(([, k]) => Number(k));
  assertEquals(sums, [0, 1, 2, 3]);
  assertEquals(code.match(/= fma\(/g)?.length, 8 * 4);
});
