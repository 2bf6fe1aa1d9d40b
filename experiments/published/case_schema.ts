/**
 * What the fields of a published row may hold: exact for training steps, by kind of value for
 * kernels, exchanges, inference and memory, whose fields differ from table to table.
 *
 * @module
 */
import { z } from "zod";
import type { Schema } from "../../kernels/base/config.ts";
import type { PublishedCase } from "./case.ts";

const text = z.string().min(1).optional();
const count = z.int().positive().optional();
const countOrNone = z.int().min(0).optional();
const amount = z.number().positive().optional();
const flag = z.boolean().optional();
const figures = z.record(z.string(), z.number());
const value = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.int())]);
const values = z.record(z.string(), value);

const source = z.strictObject({
  ref: z.string().min(1),
  repo: text,
  file: text,
  section: text,
  table: text,
  commit: text,
  read_at: text,
});

const common = {
  id: z.string().min(1),
  source,
  quality: z.enum(["A", "B", "C"]),
  tier: z.literal("bulk").optional(),
  notes: text,
  check: figures.optional(),
  peer: figures.optional(),
};

const workload = z.strictObject({
  model: z.string().min(1),
  layers: count,
  full_layers: count,
  dense_layers: countOrNone,
  hidden: count,
  ffn: count,
  expert_ffn: count,
  heads: count,
  kv_heads: count,
  head_dim: count,
  attention: text,
  q_lora: countOrNone,
  kv_lora: count,
  qk_nope: count,
  qk_rope: countOrNone,
  v_head: count,
  vocab: count,
  experts: count,
  topk: count,
  shared_experts: countOrNone,
  mtp: countOrNone,
  mlp: text,
  activation: text,
  n_params: count,
  seq_len: z.int().positive(),
  gbs: count,
  mbs: count,
  micro_batches: count,
  grad_accum: count,
  precision: z.string().min(1),
  recompute: text,
  dispatcher: text,
  routing: text,
  kernel: text,
  task: z.enum(["Pre-Training", "SFT", "LoRA"]).optional(),
  runtime: text,
  stack: text,
});

const hardware = z.strictObject({
  gpu: z.string().min(1),
  n_gpus: z.int().positive(),
  gpus_per_node: count,
  intra: text,
  inter: text,
  interconnect_confidence: text,
});

const plan = z.strictObject({
  tp: count,
  pp: count,
  cp: count,
  dp: count,
  ep: count,
  etp: count,
  edp: count,
  vpp: count,
  sp: flag,
  zero: text,
  overlap: text,
  schedule: text,
  method: text,
  interleaved: text,
  pp_layout: text,
});

const recipe = z.strictObject({
  recipe: text,
  match_score_of_6: z.int().min(0).max(6).optional(),
  recompute_modules: z.array(z.string().min(1)).optional(),
  dispatcher: text,
  a2a_overlap: flag,
  cuda_graph: z.tuple([
    z.union([z.string(), z.null()]),
    z.union([z.string(), z.array(z.string())]),
  ]).optional(),
  pp_layout: text,
  fsdp: flag,
  cpu_offloading_num_layers: count,
});

const result = z.strictObject({
  step_time_s: amount,
  step_time_ms: amount,
  derived_step_time_s: amount,
  derived_step_time_s_fullattn: amount,
  tokens_per_s: amount,
  tokens_per_s_per_gpu: amount,
  derived_tokens_per_s_per_gpu: amount,
  derived_tokens_per_s_per_gpu_fullattn: amount,
  model_tflops_per_gpu: amount,
  tflops_per_gpu: amount,
  hw_tflops_per_gpu: amount,
  tflops_per_gpu_with_cp: amount,
  tflops_per_gpu_without_cp: amount,
  tflops_megatron_def: amount,
  tflops_aleph_def: amount,
  mfu: amount,
  mfu_pct: amount,
  hfu_pct: amount,
  pct_peak: amount,
  days_for_300B_tokens: amount,
  days_per_trillion_tokens: amount,
  gpu_hours_per_trillion_tokens: amount,
  pretrain_gpu_hours: amount,
  pretrain_tokens: amount,
  peak_allocated_GiB_max_rank: amount,
  peak_reserved_GiB: amount,
  peak_allocated_MB_by_rank: figures.optional(),
  peak_memory_GB: amount,
  memory_GiB: amount,
  outcome: z.enum(["OOM", "OOM Error"]).optional(),
});

/** What is known of training steps, by part of the row. */
export const trainingFields = { workload, hardware, plan, recipe };

const training = z.strictObject({
  ...common,
  category: z.enum(["train_moe", "train_dense", "finetune"]),
  workload,
  hardware,
  plan,
  recipe: recipe.optional(),
  result,
});

const measurement = z.strictObject({
  ...common,
  category: z.enum(["comm", "inference", "kernel", "memory"]),
  workload: values,
  hardware: z.strictObject({
    ...hardware.shape,
    n_gpus: z.int().positive().nullable().optional(),
    gpus_per_node_used: count,
  }),
  plan: values,
  result: values,
});

/** Checks a {@linkcode PublishedCase}. */
export const caseSchema = z.discriminatedUnion("category", [
  training,
  measurement,
]) as unknown as Schema<PublishedCase>;
