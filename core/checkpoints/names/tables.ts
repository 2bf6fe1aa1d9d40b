/**
 * Which names the files of an architecture have.
 *
 * @module
 */
import { deepseekNames, latentNames } from "./deepseek.ts";
import { denseNames } from "./dense.ts";
import { gptOssNames, gptOssPackedNames } from "./gpt_oss.ts";
import { mixtralNames } from "./mixtral.ts";
import { expertNames, qwen2MoeNames } from "./qwen.ts";
import type { NameTable } from "./rule.ts";

/** By `model_type`. */
export const nameTables: Readonly<Record<string, NameTable>> = {
  llama: denseNames,
  qwen2: denseNames,
  qwen3: denseNames,
  mixtral: mixtralNames,
  qwen2_moe: qwen2MoeNames,
  qwen3_moe: expertNames,
  olmoe: expertNames,
  deepseek: deepseekNames,
  deepseek_v2: latentNames,
  deepseek_v3: latentNames,
  kimi_k2: latentNames,
  gpt_oss: gptOssNames,
};

/** By `model_type`, where the experts are in blocks of four-bit numbers. */
export const packedNameTables: Readonly<Record<string, NameTable>> = { gpt_oss: gptOssPackedNames };
