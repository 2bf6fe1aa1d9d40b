/** A folder is opened as a whole or refused in a line, by its headers alone. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { idOfFolder, openModelFolder } from "../../../core/checkpoints/folder.ts";
import type { MemoryFiles } from "../../../core/checkpoints/memory_files.ts";
import { readTensor } from "../../../core/checkpoints/read.ts";
import type { FileOpener } from "../../../core/checkpoints/shard_reader.ts";
import { safetensorsOf } from "../../../core/train/safetensors.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { eighths } from "./drawn_configs.ts";
import { changeJson, changeTensors, madeFolder, refusal, zeros } from "./made_folder.ts";

const expert = "model.layers.1.block_sparse_moe.experts.2";

type Change = (files: MemoryFiles) => unknown;

const cases: Readonly<Record<string, [change: Change, message: string]>> = {
  "no config.json": [
    (files) => files.contents.delete("x/config.json"),
    "Cannot read x: found no config.json in it",
  ],
  "a config.json that is no JSON": [
    (files) => files.contents.set("x/config.json", Uint8Array.of(123)),
    "Cannot read x/config.json: found no JSON",
  ],
  "a config.json that is no text": [
    (files) => files.contents.set("x/config.json", Uint8Array.of(255)),
    "Cannot read x/config.json: found bytes that are no UTF-8",
  ],
  "a list as config.json": [
    (files) => changeJson(files, "config.json", () => []),
    "Cannot read x/config.json: found no object",
  ],
  "a config.json without an end": [
    (files) => files.contents.set("x/config.json", new Uint8Array(2 ** 20 + 1)),
    "Cannot read x/config.json: found 1048577 bytes, wanted at most 1048576",
  ],
  "a config.json that is too deep": [
    (files) =>
      files.contents.set(
        "x/config.json",
        new TextEncoder().encode(`{"a":${"[".repeat(9999)}${"]".repeat(9999)}}`),
      ),
    "Cannot read x/config.json: found lists and objects 10000 deep, wanted at most 32",
  ],
  "an unknown architecture": [
    (files) => changeJson(files, "config.json", (json) => ({ ...json, model_type: "mixtrel" })),
    'Unknown architecture of a checkpoint "mixtrel": did you mean "mixtral"?',
  ],
  "an unknown format": [
    (files) =>
      changeJson(files, "config.json", (json) => ({
        ...json,
        quantization_config: { quant_method: "gptq", bits: 4 },
      })),
    'at quantization_config.quant_method found "gptq", wanted fp8 or mxfp4, or a model that is',
  ],
  "blocks without a size": [
    (files) =>
      changeJson(files, "config.json", (json) => ({
        ...json,
        quantization_config: { quant_method: "fp8", weight_block_size: [128, 0] },
      })),
    "at quantization_config.weight_block_size found [128,0], wanted rows and columns of a block",
  ],
  "more layers than tensors": [
    (files) => changeJson(files, "config.json", (json) => ({ ...json, num_hidden_layers: 1e15 })),
    "at num_hidden_layers found 1000000000000000, wanted at most 35, the tensors that the files have",
  ],
  "more experts than tensors": [
    (files) => changeJson(files, "config.json", (json) => ({ ...json, num_local_experts: 1e15 })),
    "found BF16 [3, 6], wanted [1000000000000000, 6]",
  ],
  "no tensors": [
    (files) => files.contents.delete("x/model.safetensors"),
    "Cannot read x: found neither model.safetensors.index.json nor model.safetensors",
  ],
  "another format of files": [
    (files) => {
      files.contents.set("x/pytorch_model.bin", files.contents.get("x/model.safetensors")!);
      files.contents.delete("x/model.safetensors");
    },
    "nor model.safetensors; pytorch_model.bin is not read, save it as safetensors",
  ],
  "a missing tensor": [
    (files) => changeTensors(files, (tensors) => delete tensors[`${expert}.w3.weight`]),
    `tensor ${expert}.w3.weight is missing, wanted [5, 6]; nearest is ` +
    "model.layers.0.block_sparse_moe.experts.2.w3.weight",
  ],
  "tensors under another prefix": [
    (files) =>
      changeTensors(files, (tensors) => {
        tensors["embed_tokens.weight"] = tensors["model.embed_tokens.weight"];
        delete tensors["model.embed_tokens.weight"];
      }),
    "tensor model.embed_tokens.weight is missing, wanted [10, 6]; nearest is embed_tokens.weight",
  ],
  "a tensor that is left over": [
    (files) => changeTensors(files, (tensors) => tensors["model.extra"] = zeros(2, 3)),
    "Cannot read x: found a tensor model.extra BF16 [2, 3] in model.safetensors that the model of " +
    "config.json has not",
  ],
  "an expert that is left over": [
    (files) => changeJson(files, "config.json", (json) => ({ ...json, num_local_experts: 2 })),
    "tensor model.layers.0.block_sparse_moe.gate.weight of model.safetensors: found BF16 [3, 6], " +
    "wanted [2, 6]",
  ],
  "a matrix the other way round": [
    (files) => changeTensors(files, (tensors) => tensors[`${expert}.w2.weight`] = zeros(5, 6)),
    `Cannot read x: tensor ${expert}.w2.weight of model.safetensors: found BF16 [5, 6], wanted [6, 5]`,
  ],
  "numbers of a type that no model has": [
    (files) =>
      changeTensors(files, (tensors) => {
        tensors["model.norm.weight"] = safetensorsOf(new Uint32Array(6), [6]);
      }),
    "tensor model.norm.weight of model.safetensors: found U32 [6], wanted a type of F32, F16, BF16",
  ],
  "a cut shard": [
    (files) => {
      const all = files.contents.get("x/model.safetensors")!;
      files.contents.set("x/model.safetensors", all.slice(0, -1));
    },
    "Cannot read x/model.safetensors: tensor ",
  ],
  "a header that claims any length": [
    (files) => files.contents.get("x/model.safetensors")!.fill(255, 0, 4),
    "Cannot read x/model.safetensors: found a header of 4294967295 bytes, wanted 2 to",
  ],
};

for (const [what, [change, message]] of Object.entries(cases)) {
  Deno.test(`refused: ${what}`, async () => {
    const files = await madeFolder();
    await change(files);
    const found = await refusal(files);
    assert(found.includes(message), `${found}\n${message}`);
  });
}

Deno.test("harmless tensors are left out, and it is said which and why", async () => {
  const config = {
    ...{ model_type: "deepseek_v3", num_hidden_layers: 2, hidden_size: 6, vocab_size: 10 },
    ...{ num_attention_heads: 2, intermediate_size: 5, num_experts_per_tok: 2 },
    ...{ n_routed_experts: 2, moe_intermediate_size: 3, n_shared_experts: 1, kv_lora_rank: 4 },
    ...{ qk_nope_head_dim: 2, qk_rope_head_dim: 2, v_head_dim: 2, num_nextn_predict_layers: 1 },
    tie_word_embeddings: true,
  };
  const files = await madeFolder({ config });
  await changeTensors(files, (tensors) => {
    tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = zeros(1);
    tensors["lm_head.weight"] = zeros(10, 6);
    tensors["model.layers.2.eh_proj.weight"] = zeros(6, 12);
    tensors["model.layers.0.mlp.experts.0.up_proj.input_scale"] = zeros(1);
  });
  const { leftOut } = await openModelFolder("x", { files });
  assertEquals(
    leftOut.map(({ why, names }) => [why, ...names]).sort(),
    [
      [
        "a module that predicts further tokens is not run",
        "model.layers.2.eh_proj.weight",
      ],
      [
        "activations are not narrowed",
        "model.layers.0.mlp.experts.0.up_proj.input_scale",
      ],
      [
        "frequencies follow from the settings",
        "model.layers.0.self_attn.rotary_emb.inv_freq",
      ],
      ["the head is the token table", "lm_head.weight"],
    ],
  );
  await changeTensors(files, (tensors) => tensors["model.layers.3.eh_proj.weight"] = zeros(6, 12));
  assert((await refusal(files)).includes("found a tensor model.layers.3.eh_proj.weight"));
});

Deno.test("opening reads headers and texts alone", async () => {
  const files = await madeFolder({ maxShardBytes: 600 });
  const read = new Map<string, number>();
  let open = 0;
  const counting: FileOpener = {
    async open(path) {
      const source = await files.open(path);
      if (!source) return undefined;
      open++;
      return {
        ...source,
        read(at, length) {
          read.set(path, Math.max(read.get(path) ?? 0, at + length));
          return source.read(at, length);
        },
        close: () => void open--,
      };
    },
  };
  const folder = await openModelFolder("x", { files: counting });
  assertEquals(open, 0);
  for (const { name } of folder.shards) {
    const bytes = files.contents.get(`x/${name}`)!;
    const header = 8 + new DataView(bytes.buffer).getUint32(0, true);
    assertEquals(read.get(`x/${name}`), header);
    assert(header < bytes.length);
  }
  await readTensor(folder, "layers.1.moe.up");
  assertEquals(open, 1);
  folder.close();
  assertEquals(open, 0);
});

Deno.test("a disk that fails says so, and a file that changed after it was opened too", async () => {
  const files = await madeFolder();
  const denied: FileOpener = { open: () => Promise.reject(new Error("not a folder")) };
  assertEquals(await refusal(denied), "Cannot open x/config.json: not a folder");
  const folder = await openModelFolder("x", { files });
  const all = files.contents.get("x/model.safetensors")!;
  files.contents.set("x/model.safetensors", all.slice(0, -2));
  await assertRejects(
    () => readTensor(folder, "norm"),
    UserError,
    `found ${all.length - 2} bytes, wanted ${all.length} as before: the file has changed`,
  );
  files.contents.delete("x/model.safetensors");
  await assertRejects(() => readTensor(folder, "norm"), UserError, "found no bytes, wanted");
  files.contents.set("x/model.safetensors", all);
  assertEquals(await readTensor(folder, "norm"), eighths({ name: "norm", shape: [6] }));
  const short: FileOpener = {
    async open(path) {
      const source = await files.open(path);
      return source && { ...source, read: (at, n) => source.read(at, at > 5000 ? n - 1 : n) };
    },
  };
  const cut = await openModelFolder("x", { files: short });
  await assertRejects(() => readTensor(cut, "head"), UserError, "found 119 bytes, wanted 120");
  await assertRejects(() => readTensor(cut, "haed"), UserError, 'did you mean "head"?');
});

Deno.test("a folder's name is made an id", () => {
  const ids = ["/a/OLMoE-1B-7B-0924/", "b\\Qwen3 30B_A3B", "..", "", "x--y.z."].map(idOfFolder);
  assertEquals(ids, ["olmoe-1b-7b-0924", "qwen3-30b-a3b", "model", "model", "x-y.z"]);
});
