/** Narrow numbers with scales beside them, as files hold them, by hand. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { openModelFolder } from "../../../core/checkpoints/folder.ts";
import type { MemoryFiles } from "../../../core/checkpoints/memory_files.ts";
import { valuesOfE2M1, valuesOfE4M3 } from "../../../core/checkpoints/number_formats.ts";
import { readTensor, tensorSlices } from "../../../core/checkpoints/read.ts";
import {
  bfloat16,
  safetensorsOf,
  type SafetensorsTensor,
} from "../../../core/train/safetensors.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { split } from "../../../kernels/base/random.ts";
import { type Config, eighths } from "./drawn_configs.ts";
import { changeJson, changeTensors, madeFolder } from "./made_folder.ts";

const [rows, columns] = [150, 140];

/** Projections down of [rows, columns] in the file. */
const config: Config = {
  ...{ model_type: "llama", num_hidden_layers: 1, hidden_size: rows, vocab_size: 2 },
  ...{ num_attention_heads: 1, head_dim: 2, intermediate_size: columns, tie_word_embeddings: true },
};

const name = "model.layers.0.mlp.down_proj.weight";

const stream = split(1, "narrow");
// No NaN: equality would not hold for it.
const numbers = Uint8Array.from({ length: rows * columns }, () => stream.int(0, 126));

const f8 = (dtype: "F8_E4M3" | "F8_E5M2"): SafetensorsTensor => ({
  ...{ dtype, shape: [rows, columns], bytes: numbers },
});

async function folderWith(
  tensors: Record<string, SafetensorsTensor>,
  quantization_config?: Config,
): Promise<MemoryFiles> {
  const files = await madeFolder({ config });
  await changeTensors(files, (all) => Object.assign(all, tensors));
  changeJson(files, "config.json", (json) => ({ ...json, quantization_config }));
  return files;
}

async function down(files: MemoryFiles): Promise<Float32Array> {
  return await readTensor(await openModelFolder("x", { files }), "layers.0.ffn.down");
}

/** What the file's number at a row and column times its scale is. */
const wanted = (scaleAt: (row: number, column: number) => number) =>
  Float32Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [i % rows, Math.floor(i / rows)];
    return valuesOfE4M3[numbers[row * columns + column]] * scaleAt(row, column);
  });

const scale = (values: number[], shape: number[]) =>
  safetensorsOf(Float32Array.from(values), shape);

Deno.test("F8 with a scale a block of 128 by 128, the last blocks cut", async () => {
  const scales = [0.1, 0.2, 0.3, 0.4].map(Math.fround);
  const files = await folderWith({
    [name]: f8("F8_E4M3"),
    [`${name}_scale_inv`]: scale(scales, [2, 2]),
  }, { quant_method: "fp8", fmt: "e4m3", weight_block_size: [128, 128] });
  assertEquals(await down(files), wanted((r, c) => scales[2 * Number(r > 127) + Number(c > 127)]));
});

Deno.test("F8 with blocks of another size", async () => {
  const scales = Array.from({ length: 3 * 5 }, (_, i) => 2 ** (i - 7));
  const files = await folderWith({
    [name]: f8("F8_E4M3"),
    [`${name}_scale_inv`]: bfloat16(Float32Array.from(scales), [3, 5]),
  }, { quant_method: "fp8", weight_block_size: [64, 32] });
  assertEquals(
    await down(files),
    wanted((r, c) => scales[5 * Math.floor(r / 64) + Math.floor(c / 32)]),
  );
});

Deno.test("F8 with one scale, or one a row", async () => {
  const quantised = { quant_method: "fp8", weight_block_size: null };
  for (const shape of [[], [1]]) {
    const files = await folderWith({
      [name]: f8("F8_E4M3"),
      [`${name}_scale`]: scale([0.25], shape),
    }, quantised);
    assertEquals(await down(files), wanted(() => 0.25));
  }
  const each = Array.from({ length: rows }, (_, i) => Math.fround(i / 7));
  const files = await folderWith({
    [name]: f8("F8_E4M3"),
    [`${name}_scale`]: scale(each, [rows, 1]),
  }, quantised);
  assertEquals(await down(files), wanted((row) => each[row]));
});

Deno.test("F8 without scales is read where nothing says that there are scales", async () => {
  assertEquals(await down(await folderWith({ [name]: f8("F8_E4M3") })), wanted(() => 1));
  const e5m2 = await down(await folderWith({ [name]: f8("F8_E5M2") }));
  assert(e5m2.some((value, i) => value !== wanted(() => 1)[i]));
  const files = await folderWith({ [name]: f8("F8_E4M3") }, { quant_method: "fp8" });
  await assertRejects(
    () => down(files),
    UserError,
    `found F8_E4M3 [150, 140], wanted a matrix with ${name}_scale_inv or ${name}_scale beside it`,
  );
});

Deno.test("scales of another shape or type are refused by both shapes", async () => {
  const refused: [SafetensorsTensor, string][] = [
    [
      scale([1, 2], [2, 1]),
      "found F32 [2, 1], wanted F32, F16 or BF16 [] or [1] or [150, 1] or [2",
    ],
    [safetensorsOf(Uint32Array.of(1), [1]), "found U32 [1], wanted F32, F16 or BF16 []"],
  ];
  for (const [tensor, message] of refused) {
    const files = await folderWith({ [name]: f8("F8_E4M3"), [`${name}_scale_inv`]: tensor }, {
      quant_method: "fp8",
    });
    await assertRejects(() => down(files), UserError, message);
  }
});

const gptOss: Config = {
  ...{ model_type: "gpt_oss", num_hidden_layers: 1, hidden_size: 32, vocab_size: 2 },
  ...{ num_attention_heads: 1, num_key_value_heads: 1, head_dim: 2, intermediate_size: 64 },
  ...{ num_local_experts: 3, num_experts_per_tok: 1, tie_word_embeddings: true },
};

const experts = "model.layers.0.mlp.experts";

/** Random blocks of a matrix an expert, and the number at an expert, row and column of it. */
function blocksOf(perExpert: readonly [number, number], path: string) {
  const random = split(1, path);
  const [height, width] = perExpert;
  const groups = width / 32;
  const u8 = (shape: number[], draw: () => number): SafetensorsTensor => ({
    ...{ dtype: "U8", shape },
    bytes: Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, draw),
  });
  const blocks = u8([3, height, groups, 16], () => random.int(0, 255));
  const scales = u8([3, height, groups], () => random.int(120, 134));
  const at = (expert: number, row: number, column: number) => {
    const place = (expert * height + row) * width + column;
    const byte = blocks.bytes[place >> 1];
    const value = valuesOfE2M1[column % 2 === 0 ? byte & 15 : byte >> 4];
    return value * 2 ** (scales.bytes[place >> 5] - 127);
  };
  return { blocks, scales, at };
}

Deno.test("gpt-oss: blocks of four bits, rows of gate and up alternating", async () => {
  const files = await madeFolder({ config: gptOss });
  const up = blocksOf([128, 32], "up");
  const down = blocksOf([32, 64], "down");
  await changeTensors(files, (tensors) => {
    for (const name of ["gate_up_proj", "down_proj"]) delete tensors[`${experts}.${name}`];
    tensors[`${experts}.gate_up_proj_blocks`] = up.blocks;
    tensors[`${experts}.gate_up_proj_scales`] = up.scales;
    tensors[`${experts}.down_proj_blocks`] = down.blocks;
    tensors[`${experts}.down_proj_scales`] = down.scales;
  });
  changeJson(files, "config.json", (json) => ({
    ...json,
    quantization_config: { quant_method: "mxfp4", modules_to_not_convert: ["lm_head"] },
  }));
  const folder = await openModelFolder("x", { files });
  const ups = await readTensor(folder, "layers.0.moe.up");
  const downs = await readTensor(folder, "layers.0.moe.down");
  for (let e = 0; e < 3; e++) {
    for (let d = 0; d < 32; d++) {
      for (let f = 0; f < 64; f++) {
        for (const plane of [0, 1]) {
          assertEquals(ups[((e * 2 + plane) * 32 + d) * 64 + f], up.at(e, 2 * f + plane, d));
        }
        assertEquals(downs[(e * 64 + f) * 32 + d], down.at(e, d, f));
      }
    }
  }
  const biases = folder.tensors.find((tensor) => tensor.name === "layers.0.moe.up.bias")!;
  assertEquals(await readTensor(folder, biases.name), eighths(biases));
  const slices = [];
  for await (const { from } of tensorSlices(folder, "layers.0.moe.up")) slices.push(from);
  assertEquals(slices, [0, 4096, 8192]);

  await changeTensors(files, (tensors) => {
    tensors[`${experts}.down_proj_scales`] = {
      dtype: "U8",
      shape: [3, 2, 32],
      bytes: down.scales.bytes,
    };
  });
  await assertRejects(
    () => openModelFolder("x", { files }),
    UserError,
    `tensor ${experts}.down_proj_scales of model.safetensors: found U8 [3, 2, 32], wanted U8 [3, 32, 2]`,
  );
  await changeTensors(files, (tensors) => delete tensors[`${experts}.down_proj_scales`]);
  await assertRejects(
    () => openModelFolder("x", { files }),
    UserError,
    `tensor ${experts}.down_proj is missing, wanted [3, 32, 64]`,
  );
});

Deno.test("gpt-oss: a width that no blocks of 32 fill is refused", async () => {
  const files = await madeFolder({ config: { ...gptOss, intermediate_size: 48 } });
  await changeTensors(files, (tensors) => {
    delete tensors[`${experts}.down_proj`];
    const u8 = (...shape: number[]): SafetensorsTensor => ({
      ...{ dtype: "U8", shape, bytes: new Uint8Array(shape.reduce((a, b) => a * b, 1)) },
    });
    tensors[`${experts}.gate_up_proj_blocks`] = u8(3, 96, 1, 16);
    tensors[`${experts}.gate_up_proj_scales`] = u8(3, 96, 1);
    delete tensors[`${experts}.gate_up_proj`];
    tensors[`${experts}.down_proj_blocks`] = u8(3, 32, 1, 16);
    tensors[`${experts}.down_proj_scales`] = u8(3, 32, 1);
  });
  await assertRejects(
    () => openModelFolder("x", { files }),
    UserError,
    "found U8 [3, 32, 1, 16], wanted blocks of 32 along the last axis of [3, 32, 48]",
  );
});
