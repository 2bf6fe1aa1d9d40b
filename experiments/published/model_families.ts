/**
 * Families of models by the beginning of their names, with what tables leave out: tied tables,
 * positions, norms, and the sizes of models that are printed by name alone.
 *
 * @module
 */
import type { CaseWorkload } from "./case.ts";

/** What is known of a family beside the row. */
export interface ModelFamily {
  /** Key under which all rows of the family are left out together. */
  key: string;
  /** Pattern of the name. */
  name: RegExp;
  /** Whether the output layer reuses the input table. */
  tied?: boolean;
  /** Whether positions are a learned table. */
  learnedPositions?: boolean;
  /** Whether norms have a bias. */
  normBias?: boolean;
  /** Whether feed-forward networks have two matrices. */
  gelu?: boolean;
  /** Whether layers without attention make it more than a plain decoder. */
  hybrid?: boolean;
  /** Sizes where the row prints the name alone. */
  sizes?: CaseWorkload;
  /** Where these come from. */
  source: string;
}

const gpt = { tied: true, learnedPositions: true, normBias: true, gelu: true } as const;

/** The first that fits counts. */
export const modelFamilies: readonly ModelFamily[] = [
  {
    key: "gpt-3-175b",
    name: /^GPT ?-?3/i,
    ...gpt,
    source: "arXiv 2005.14165, table 2.1; Megatron shares both tables",
  },
  { key: "gpt", name: /^GPT (\d|h)/, ...gpt, source: "arXiv 2104.04473, section 5" },
  { key: "gpt-oss-120b", name: /^GPT-OSS/i, source: "openai/gpt-oss-120b, config.json" },
  {
    key: "mpt",
    name: /^MPT/i,
    ...gpt,
    source:
      "llm-foundry, scripts/train/yamls/pretrain: biases and positions close n_params exactly",
  },
  {
    key: "nemotron-340b",
    name: /^Nemotron-340B/i,
    normBias: true,
    gelu: true,
    sizes: {
      layers: 96,
      hidden: 18432,
      ffn: 73728,
      heads: 96,
      kv_heads: 8,
      vocab: 256000,
    },
    source: "arXiv 2406.11704, table 1: squared ReLU; closes printed TFLOP/s to 0.1 %",
  },
  {
    key: "nemotron-8b",
    name: /^Nemotron-8B/i,
    normBias: true,
    gelu: true,
    sizes: { layers: 32, hidden: 4096, ffn: 16384, heads: 32, kv_heads: 32, vocab: 256000 },
    source: "nvidia/nemotron-3-8b-base-4k: squared ReLU; closes printed TFLOP/s to 0.1 %",
  },
  {
    key: "nemotron-hybrid",
    name: /^Nemotron_3/i,
    hybrid: true,
    source: "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B: Mamba, expert and attention layers in turn",
  },
  {
    key: "llama-3-8b",
    name: /Llama-?3(\.1)?[- ]8B|Llama3[- ]8B/i,
    sizes: { layers: 32, hidden: 4096, ffn: 14336, heads: 32, kv_heads: 8, vocab: 128256 },
    source: "arXiv 2407.21783, table 3",
  },
  { key: "llama-3-8x70b", name: /^Llama3-8x70B/i, source: "arXiv 2504.14960, section 4.1" },
  { key: "llama-3-70b", name: /Llama-?3(\.1)?[- ]70B/i, source: "arXiv 2407.21783, table 3" },
  { key: "llama-3-405b", name: /Llama-?3(\.1)?[- ]405B/i, source: "arXiv 2407.21783, table 3" },
  { key: "llama-2", name: /Llama-?2/i, source: "arXiv 2307.09288, section 2" },
  { key: "llama-1", name: /^LLaMA \d/, source: "arXiv 2302.13971, table 2" },
  { key: "deepseek-v3", name: /^DeepSeek-V3/i, source: "arXiv 2412.19437, section 4.2" },
  { key: "deepseek-v2", name: /^DeepSeek-V2/i, source: "arXiv 2405.04434, section 3.1" },
  { key: "kimi-k2", name: /^Kimi/i, source: "moonshotai/Kimi-K2-Base, config.json" },
  { key: "qwen3-235b", name: /^Qwen3-235B/i, source: "Qwen/Qwen3-235B-A22B, config.json" },
  { key: "qwen3-30b", name: /^Qwen3-30B/i, source: "Qwen/Qwen3-30B-A3B, config.json" },
  { key: "qwen3-8b", name: /^Qwen3-8B/i, source: "Qwen/Qwen3-8B, config.json" },
  { key: "mixtral-g8t8", name: /^Mixtral-8x22B-G8T8/i, source: "arXiv 2504.14960, section 4.1" },
  { key: "mixtral-8x22b", name: /^Mixtral-8x22B/i, source: "mistralai/Mixtral-8x22B-v0.1" },
  { key: "mixtral-8x7b", name: /^Mixtral-8x7B/i, source: "arXiv 2401.04088, table 1" },
];
