/**
 * Damaged folders: thousands of them are opened to what they say, or refused in a line. Anything
 * else, an exception of another kind or a read beyond a file, is a failure.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openModelFolder } from "../../../core/checkpoints/folder.ts";
import { type MemoryFiles, memoryFiles } from "../../../core/checkpoints/memory_files.ts";
import { readTensor } from "../../../core/checkpoints/read.ts";
import type { FileOpener } from "../../../core/checkpoints/shard_reader.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { split, type Stream } from "../../../kernels/base/random.ts";
import type { Config } from "./drawn_configs.ts";
import { madeFolder, smallConfig } from "./made_folder.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const encode = (text: string): Bytes => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Files that hold every read to the bounds of its file, and count what was asked for. */
function bounded(files: MemoryFiles): FileOpener & { asked(): number } {
  let asked = 0;
  return {
    asked: () => asked,
    async open(path) {
      const source = await files.open(path);
      return source && {
        ...source,
        read(at, length) {
          assert(
            at >= 0 && length >= 0 && at + length <= Math.max(8, source.size),
            `${path}: ${at}`,
          );
          asked += length;
          return source.read(at, length);
        },
      };
    },
  };
}

/** Numbers of the model's files by a reader that trusts them: BF16 where the header says. */
function trusted(files: MemoryFiles): (name: string) => number[] {
  const all = files.contents.get("x/model.safetensors")!;
  const view = new DataView(all.buffer, all.byteOffset, all.length);
  const length = view.getUint32(0, true);
  const header = JSON.parse(decode(all.subarray(8, 8 + length)));
  return (name) => {
    const { data_offsets: [from, to], dtype } = header[name];
    const word = new DataView(new ArrayBuffer(4));
    return Array.from({ length: (to - from) / 2 }, (_, i) => {
      const bits = view.getUint16(8 + length + from + 2 * i, true);
      if (dtype === "F16") return new Float16Array(Uint16Array.of(bits).buffer)[0];
      word.setUint16(0, bits);
      return word.getFloat32(0);
    });
  };
}

/** Numbers and words that a damaged file says. */
const odd: readonly unknown[] = [
  ...[0, -1, 1, 2, 3, 6, 0.5, 1e9, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, -1e300, null, true, false],
  ...["", "F32", "F16", "U8", "BF16", "BOOL", "__proto__", "F8_E4M3", [], {}, [[]], [0, 0], [1e15]],
  ...["yarn", "llama", { rope_type: "yarn", factor: 2 }, { a: { b: 1 } }, ["full_attention"], [1]],
];

const pick = <T>(stream: Stream, list: readonly T[]): T => list[stream.int(0, list.length - 1)];

/** Changes a random place of a JSON value. */
function changeValue(value: unknown, stream: Stream): unknown {
  const isInner = typeof value === "object" && value !== null && Object.keys(value).length > 0;
  if (!isInner || stream.uniform() < 0.1) return pick(stream, odd);
  const copy: Record<string, unknown> = Array.isArray(value) ? [...value] as never : { ...value };
  const key = pick(stream, Object.keys(copy));
  const other = pick(stream, Object.keys(copy));
  switch (stream.int(0, 7)) {
    case 0:
      delete copy[key];
      break;
    case 1:
      [copy[key], copy[other]] = [copy[other], copy[key]];
      break;
    case 2:
      copy[`${key}x`] = copy[key];
      break;
    default:
      copy[key] = changeValue(copy[key], stream);
  }
  return copy;
}

/** Changes bytes: some turned, a piece twice, a piece left out, the end cut. */
function changeBytes(bytes: Bytes, stream: Stream): Bytes {
  const at = stream.int(0, bytes.length - 1);
  const to = Math.min(bytes.length, at + stream.int(1, 20));
  switch (stream.int(0, 4)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return new Uint8Array([...bytes.subarray(0, to), ...bytes.subarray(at)]);
    case 2:
      return new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(to)]);
    default: {
      const copy = bytes.slice();
      for (let i = 0; i <= stream.int(0, 3); i++) {
        copy[stream.int(0, copy.length - 1)] = pick(stream, [
          ...encode('0919{}[],:"e-\\ '),
          255,
          0,
        ]);
      }
      return copy;
    }
  }
}

/** A file of tensors of which the header is changed, as JSON or as bytes. */
function changeHeader(file: Bytes, stream: Stream): Bytes {
  const length = new DataView(file.buffer).getUint32(0, true);
  if (stream.uniform() < 0.1) {
    const copy = file.slice();
    copy[stream.int(0, 7)] = stream.int(0, 255);
    return copy;
  }
  if (stream.uniform() < 0.1) return file.slice(0, stream.int(0, file.length - 1));
  const header = file.slice(8, 8 + length);
  const changed = stream.uniform() < 0.5
    ? changeBytes(header, stream)
    : encode(JSON.stringify(changeValue(JSON.parse(decode(header)), stream)));
  const out = new Uint8Array(8 + changed.length + file.length - 8 - length);
  new DataView(out.buffer).setUint32(0, changed.length, true);
  out.set(changed, 8);
  out.set(file.subarray(8 + length), 8 + changed.length);
  return out;
}

/** What opening and reading a folder comes to: its numbers by name, or why it is refused. */
async function outcome(files: MemoryFiles): Promise<Map<string, Float32Array> | string> {
  const opener = bounded(files);
  try {
    const folder = await openModelFolder("x", { files: opener });
    const values = new Map<string, Float32Array>();
    for (const { name } of folder.tensors) values.set(name, await readTensor(folder, name));
    const bytes = [...files.contents.values()].reduce((n, { length }) => n + length, 0);
    assert(opener.asked() <= 3 * bytes, "nothing is read over and over");
    return values;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    assertMatch(error.message, /^[^\n]+$/);
    assert(error.message.length < 2000, error.message);
    return error.message;
  }
}

const copyOf = (files: MemoryFiles): MemoryFiles => {
  const copy = memoryFiles();
  for (const [path, bytes] of files.contents) copy.contents.set(path, bytes);
  return copy;
};

const turned = (values: readonly number[], rows: number) =>
  values.map((_, i) => values[(i % rows) * (values.length / rows) + Math.floor(i / rows)]);

Deno.test("4000 damaged headers: what they say, or a refusal", async () => {
  const whole = await madeFolder();
  const stream = split(1, "headers");
  let opened = 0;
  for (let i = 0; i < 4000; i++) {
    const files = copyOf(whole);
    const changed = changeHeader(whole.contents.get("x/model.safetensors")!, stream);
    files.contents.set("x/model.safetensors", changed);
    const found = await outcome(files);
    if (typeof found === "string") continue;
    opened++;
    const said = trusted(files);
    const layer = "model.layers.1";
    assertEquals([...found.get("embedding")!], said("model.embed_tokens.weight"));
    assertEquals(
      [...found.get("layers.1.moe.norm")!],
      said(`${layer}.post_attention_layernorm.weight`),
    );
    assertEquals(
      [...found.get("layers.1.attention.q")!],
      turned(said(`${layer}.self_attn.q_proj.weight`), 8),
    );
    const down = [0, 1, 2].flatMap((e) =>
      turned(said(`${layer}.block_sparse_moe.experts.${e}.w2.weight`), 6)
    );
    assertEquals([...found.get("layers.1.moe.down")!], down);
  }
  // Both ends are reached: harmless changes are read, the others refused.
  assert(opened > 40 && opened < 2000, `${opened} opened`);
});

const configs: readonly Config[] = [
  { ...smallConfig, rope_theta: 1e4, rms_norm_eps: 1e-5, eos_token_id: [2], sliding_window: 4 },
  {
    ...{ model_type: "deepseek_v3", num_hidden_layers: 2, hidden_size: 6, vocab_size: 10 },
    ...{ num_attention_heads: 2, intermediate_size: 5, num_experts_per_tok: 2, n_group: 2 },
    ...{ n_routed_experts: 4, moe_intermediate_size: 3, n_shared_experts: 1, kv_lora_rank: 4 },
    ...{ qk_nope_head_dim: 2, qk_rope_head_dim: 2, v_head_dim: 2, first_k_dense_replace: 1 },
    ...{ topk_group: 1, scoring_func: "sigmoid", topk_method: "noaux_tc", norm_topk_prob: true },
    rope_scaling: { type: "yarn", factor: 4, original_max_position_embeddings: 64, mscale: 1 },
  },
  {
    ...{ model_type: "gpt_oss", num_hidden_layers: 2, hidden_size: 6, vocab_size: 10, head_dim: 4 },
    ...{ num_attention_heads: 2, num_key_value_heads: 1, intermediate_size: 5, sliding_window: 4 },
    ...{ num_local_experts: 3, num_experts_per_tok: 2, swiglu_limit: 7 },
    layer_types: ["sliding_attention", "full_attention"],
  },
  {
    ...{ model_type: "qwen2_moe", num_hidden_layers: 2, hidden_size: 8, vocab_size: 10 },
    ...{ num_attention_heads: 2, intermediate_size: 5, num_experts: 3, num_experts_per_tok: 2 },
    ...{ moe_intermediate_size: 4, shared_expert_intermediate_size: 4, decoder_sparse_step: 1 },
    ...{ mlp_only_layers: [1], quantization_config: { quant_method: "fp8" } },
  },
];

Deno.test("1000 damaged descriptions and indices: the whole model, or a refusal", async () => {
  const index = "x/model.safetensors.index.json";
  const stream = split(1, "configs");
  let opened = 0;
  const before = Deno.memoryUsage().rss;
  for (const config of configs) {
    const whole = await madeFolder({ config, maxShardBytes: 600 });
    const right = await outcome(whole);
    assert(typeof right !== "string", String(right));
    for (let i = 0; i < 250; i++) {
      const files = copyOf(whole);
      const path = i % 4 === 0 ? index : "x/config.json";
      const bytes = whole.contents.get(path)!;
      const changed = stream.uniform() < 0.3
        ? changeBytes(bytes, stream)
        : encode(JSON.stringify(changeValue(JSON.parse(decode(bytes)), stream)));
      files.contents.set(path, changed);
      const found = await outcome(files);
      if (typeof found === "string") continue;
      opened++;
      // A description that opens has tensors of the same numbers: the files are as they were.
      for (const [name, values] of found) {
        const same = right.get(name) ?? right.get("embedding")!;
        assertEquals(values.length, same.length, name);
      }
    }
  }
  assert(opened > 100 && opened < 900, `${opened} opened`);
  assert(Deno.memoryUsage().rss - before < 4e8, "memory");
});
