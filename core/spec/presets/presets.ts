/**
 * The models that are known by name, read from the descriptions beside this file.
 *
 * @module
 */
import { unknownName } from "../../../kernels/base/errors.ts";
import type { Model } from "../model.ts";
import { readModel } from "../schema.ts";
import arctic from "./arctic.json" with { type: "json" };
import bamLarge from "./bam-large.json" with { type: "json" };
import bamLargeSeed from "./bam-large-seed.json" with { type: "json" };
import bamLargeSharedKv from "./bam-large-shared-kv.json" with { type: "json" };
import bamSmall from "./bam-small.json" with { type: "json" };
import bamSmallSeed from "./bam-small-seed.json" with { type: "json" };
import bamSmallSharedKv from "./bam-small-shared-kv.json" with { type: "json" };
import btxLarge from "./btx-large.json" with { type: "json" };
import btxLlama2_7b from "./btx-llama-2-7b.json" with { type: "json" };
import btxSmall from "./btx-small.json" with { type: "json" };
import dbrx from "./dbrx.json" with { type: "json" };
import deepseekMoe145b from "./deepseek-moe-145b.json" with { type: "json" };
import deepseekMoe16b from "./deepseek-moe-16b.json" with { type: "json" };
import deepseekMoe2b from "./deepseek-moe-2b.json" with { type: "json" };
import deepseekV2 from "./deepseek-v2.json" with { type: "json" };
import deepseekV3 from "./deepseek-v3.json" with { type: "json" };
import deepseekV3Mtp from "./deepseek-v3-mtp.json" with { type: "json" };
import deepspeedMoe13b from "./deepspeed-moe-13b.json" with { type: "json" };
import deepspeedMoe52b from "./deepspeed-moe-52b.json" with { type: "json" };
import deepspeedPrMoe31b from "./deepspeed-pr-moe-31b.json" with { type: "json" };
import deepspeedPrMoe4b from "./deepspeed-pr-moe-4b.json" with { type: "json" };
import glam1_2t from "./glam-1.2t.json" with { type: "json" };
import glam1_9b from "./glam-1.9b.json" with { type: "json" };
import glam143b from "./glam-143b.json" with { type: "json" };
import glam27b from "./glam-27b.json" with { type: "json" };
import gpt4Rumour from "./gpt-4-rumour.json" with { type: "json" };
import gptOss120b from "./gpt-oss-120b.json" with { type: "json" };
import gptOss20b from "./gpt-oss-20b.json" with { type: "json" };
import gpt3_175b from "./gpt3-175b.json" with { type: "json" };
import grok1 from "./grok-1.json" with { type: "json" };
import gshard150b from "./gshard-150b.json" with { type: "json" };
import gshard200b from "./gshard-200b.json" with { type: "json" };
import gshard37b from "./gshard-37b.json" with { type: "json" };
import gshard600b from "./gshard-600b.json" with { type: "json" };
import jamba from "./jamba.json" with { type: "json" };
import kimiK2 from "./kimi-k2.json" with { type: "json" };
import llama2_13b from "./llama-2-13b.json" with { type: "json" };
import llama2_70b from "./llama-2-70b.json" with { type: "json" };
import llama2_7b from "./llama-2-7b.json" with { type: "json" };
import llama3_70b from "./llama-3-70b.json" with { type: "json" };
import llama3_8b from "./llama-3-8b.json" with { type: "json" };
import llama3_1_405b from "./llama-3.1-405b.json" with { type: "json" };
import llamaMoe3_0b2_16 from "./llama-moe-3.0b-2-16.json" with { type: "json" };
import llamaMoe3_5b2_8 from "./llama-moe-3.5b-2-8.json" with { type: "json" };
import llamaMoe3_5b4_16 from "./llama-moe-3.5b-4-16.json" with { type: "json" };
import minimaxText01 from "./minimax-text-01.json" with { type: "json" };
import mixtral8x22b from "./mixtral-8x22b.json" with { type: "json" };
import mixtral8x7b from "./mixtral-8x7b.json" with { type: "json" };
import nemotron3Nano30bA3b from "./nemotron-3-nano-30b-a3b.json" with { type: "json" };
import nemotron3Super120bA12b from "./nemotron-3-super-120b-a12b.json" with { type: "json" };
import nemotron4_340b from "./nemotron-4-340b.json" with { type: "json" };
import olmoe from "./olmoe.json" with { type: "json" };
import openmoe34b from "./openmoe-34b.json" with { type: "json" };
import openmoe8b from "./openmoe-8b.json" with { type: "json" };
import openmoeBase from "./openmoe-base.json" with { type: "json" };
import palm540b from "./palm-540b.json" with { type: "json" };
import qwen1_5MoeA2_7b from "./qwen1.5-moe-a2.7b.json" with { type: "json" };
import qwen3_235bA22b from "./qwen3-235b-a22b.json" with { type: "json" };
import qwen3_30bA3b from "./qwen3-30b-a3b.json" with { type: "json" };
import qwen3_8b from "./qwen3-8b.json" with { type: "json" };
import qwen3Next80bA3b from "./qwen3-next-80b-a3b.json" with { type: "json" };
import skyworkMoe from "./skywork-moe.json" with { type: "json" };
import stMoe269b from "./st-moe-269b.json" with { type: "json" };
import stMoe4_1b from "./st-moe-4.1b.json" with { type: "json" };
import switch1571b from "./switch-1571b.json" with { type: "json" };
import switch26b from "./switch-26b.json" with { type: "json" };
import switch395b from "./switch-395b.json" with { type: "json" };
import switch7b from "./switch-7b.json" with { type: "json" };
import tiny from "./tiny.json" with { type: "json" };
import yuan2_0M32 from "./yuan-2.0-m32.json" with { type: "json" };

const files: readonly { id: string }[] = [
  arctic,
  bamLarge,
  bamLargeSeed,
  bamLargeSharedKv,
  bamSmall,
  bamSmallSeed,
  bamSmallSharedKv,
  btxLarge,
  btxLlama2_7b,
  btxSmall,
  dbrx,
  deepseekMoe145b,
  deepseekMoe16b,
  deepseekMoe2b,
  deepseekV2,
  deepseekV3,
  deepseekV3Mtp,
  deepspeedMoe13b,
  deepspeedMoe52b,
  deepspeedPrMoe31b,
  deepspeedPrMoe4b,
  glam1_2t,
  glam1_9b,
  glam143b,
  glam27b,
  gpt4Rumour,
  gptOss120b,
  gptOss20b,
  gpt3_175b,
  grok1,
  gshard150b,
  gshard200b,
  gshard37b,
  gshard600b,
  jamba,
  kimiK2,
  llama2_13b,
  llama2_70b,
  llama2_7b,
  llama3_70b,
  llama3_8b,
  llama3_1_405b,
  llamaMoe3_0b2_16,
  llamaMoe3_5b2_8,
  llamaMoe3_5b4_16,
  minimaxText01,
  mixtral8x22b,
  mixtral8x7b,
  nemotron3Nano30bA3b,
  nemotron3Super120bA12b,
  nemotron4_340b,
  olmoe,
  openmoe34b,
  openmoe8b,
  openmoeBase,
  palm540b,
  qwen1_5MoeA2_7b,
  qwen3_235bA22b,
  qwen3_30bA3b,
  qwen3_8b,
  qwen3Next80bA3b,
  skyworkMoe,
  stMoe269b,
  stMoe4_1b,
  switch1571b,
  switch26b,
  switch395b,
  switch7b,
  tiny,
  yuan2_0M32,
];

const byId = new Map(files.map((file) => [file.id, file]));

/** Ids of all presets, in alphabetical order. */
export const presetIds: readonly string[] = files.map((file) => file.id);

/**
 * The preset with an id, or throws a UserError that names the nearest one.
 *
 * @example
 * ```ts
 * import { modelPreset } from "@moelab/moelab/core";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(modelPreset("deepseek-v3").layers, 61);
 * assertThrows(() => modelPreset("mixtral-8x7"), TypeError, 'did you mean "mixtral-8x7b"?');
 * ```
 */
export function modelPreset(id: string): Model {
  const file = byId.get(id);
  if (!file) throw unknownName("preset", id, presetIds);
  return readModel(file, `preset ${id}`);
}

/** All presets, in alphabetical order of their ids. */
export function modelPresets(): Model[] {
  return presetIds.map(modelPreset);
}
