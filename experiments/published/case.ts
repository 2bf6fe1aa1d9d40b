/**
 * A published measurement: what somebody ran, on what, and what they printed of it.
 *
 * Fields keep the names and the units of the collection that they come from (`step_time_ms`,
 * `tokens_per_s_per_gpu`), since a row is a quotation; everything behind `describeCase` speaks in
 * seconds and bytes. What a field may hold is checked by `caseSchema`.
 *
 * @module
 */

/** What was measured. */
export type CaseCategory =
  | "train_moe"
  | "train_dense"
  | "finetune"
  | "comm"
  | "inference"
  | "kernel"
  | "memory";

/** The categories whose rows are whole training steps. */
export const trainingCategories: readonly CaseCategory[] = ["train_dense", "train_moe", "finetune"];

/** Where a row was printed. */
export interface CaseSource {
  /** Repository or paper. */
  ref: string;
  /** Repository that holds the data, where `ref` is a paper. */
  repo?: string;
  /** File in the repository. */
  file?: string;
  /** Section of the file, or its release. */
  section?: string;
  /** Table of the paper. */
  table?: string;
  /** Commit of the repository. */
  commit?: string;
  /** How the paper was read. */
  read_at?: string;
  /** Other fields. */
  [field: string]: unknown;
}

/** The model and what it was fed. Counts are of the whole model. */
export interface CaseWorkload {
  /** Name as printed. */
  model?: string;
  /** Layers that were run. */
  layers?: number;
  /** Layers of the published model, where fewer were run. */
  full_layers?: number;
  /** Layers at the start without experts. */
  dense_layers?: number;
  /** Model width. */
  hidden?: number;
  /** Width of a dense feed-forward network. */
  ffn?: number;
  /** Width of an expert. */
  expert_ffn?: number;
  /** Query heads. */
  heads?: number;
  /** Key and value heads. */
  kv_heads?: number;
  /** Width of a head where it is not hidden / heads. */
  head_dim?: number;
  /** "MLA", "alternating sliding-window 128 / full"; else softmax over all keys. */
  attention?: string;
  /** Latent attention: rank of the queries. */
  q_lora?: number;
  /** Latent attention: rank of keys and values. */
  kv_lora?: number;
  /** Latent attention: width of a head's query and key without rotation. */
  qk_nope?: number;
  /** Latent attention: width of their rotary part. */
  qk_rope?: number;
  /** Latent attention: width of a head's value. */
  v_head?: number;
  /** Rows of the vocabulary. */
  vocab?: number;
  /** Routed experts of a layer. */
  experts?: number;
  /** Experts that a token uses. */
  topk?: number;
  /** Shared experts of a layer, each as wide as a routed one. */
  shared_experts?: number;
  /** Modules that predict further tokens. */
  mtp?: number;
  /** Feed-forward network, where it is not gated. */
  mlp?: string;
  /** Activation, where it is not gated. */
  activation?: string;
  /** Parameters as printed. */
  n_params?: number;
  /** Tokens of a sequence. */
  seq_len?: number;
  /** Sequences of a step. */
  gbs?: number;
  /** Sequences of a micro-batch on one replica. */
  mbs?: number;
  /** Micro-batches of a replica. */
  micro_batches?: number;
  /** The same under llm-foundry's name. */
  grad_accum?: number;
  /** Number format, in words. */
  precision?: string;
  /** What is computed again, in words. */
  recompute?: string;
  /** How tokens reach their experts, in words. */
  dispatcher?: string;
  /** Who goes where, in words. */
  routing?: string;
  /** Kernel of attention and norms, in words. */
  kernel?: string;
  /** Pre-training, supervised fine-tuning or low-rank adaptation. */
  task?: string;
  /** Eager or compiled. */
  runtime?: string;
  /** Software, in words. */
  stack?: string;
  /** Other fields, of kernels, exchanges and inference. */
  [field: string]: unknown;
}

/** Devices and links. */
export interface CaseHardware {
  /** Device. */
  gpu: string;
  /** How many. */
  n_gpus?: number | null;
  /** In one node. */
  gpus_per_node?: number;
  /** Links in a node, in words. */
  intra?: string;
  /** Links between nodes, in words. */
  inter?: string;
  /** Whether the links were printed or are those of the product. */
  interconnect_confidence?: string;
  /** Other fields. */
  [field: string]: unknown;
}

/** The plan as printed. */
export interface CasePlan {
  /** Tensor-parallel ranks. */
  tp?: number | string;
  /** Pipeline stages. */
  pp?: number;
  /** Context-parallel ranks. */
  cp?: number;
  /** Data-parallel replicas. */
  dp?: number;
  /** Expert-parallel ranks. */
  ep?: number | string;
  /** Tensor-parallel ranks of an expert. */
  etp?: number;
  /** Replicas of an expert. */
  edp?: number;
  /** Model chunks of a stage. */
  vpp?: number;
  /** Sequence parallelism. */
  sp?: boolean;
  /** What is sharded over data ranks, in words. */
  zero?: string;
  /** What runs beside what, in words. */
  overlap?: string;
  /** Order of the pipeline, in words. */
  schedule?: string;
  /** The paper's name for the plan. */
  method?: string;
  /** Whether stages are interleaved, where chunks are not printed. */
  interleaved?: string;
  /** Chunks of the pipeline in Megatron's notation, such as "Et*4|(t*4|)*14tmL". */
  pp_layout?: string;
  /** Other fields. */
  [field: string]: unknown;
}

/** Settings from the publisher's own configuration at the tag of the release. */
export interface CaseRecipe {
  /** Name and tag. */
  recipe?: string;
  /** How many of TP, PP, EP, CP, GBS and MBS agree with the row. */
  match_score_of_6?: number;
  /** Modules that are computed again. */
  recompute_modules?: string[];
  /** How tokens reach their experts. */
  dispatcher?: string;
  /** Whether the exchange of tokens runs beside another micro-batch. */
  a2a_overlap?: boolean;
  /** Who captures graphs, and what is in them. */
  cuda_graph?: [string | null, string | string[]];
  /** Chunks of the pipeline. */
  pp_layout?: string;
  /** Fully sharded data parallelism. */
  fsdp?: boolean;
  /** Layers whose activations move to the host. */
  cpu_offloading_num_layers?: number;
}

/** A published measurement; see the module. */
export interface PublishedCase {
  /** Unique name. */
  id: string;
  /** What was measured. */
  category: CaseCategory;
  /** Where it was printed. */
  source: CaseSource;
  /** Model and input. */
  workload: CaseWorkload;
  /** Devices and links. */
  hardware: CaseHardware;
  /** Plan. */
  plan: CasePlan;
  /** What was printed, and what arithmetic made of it (`derived_…`). */
  result: Record<string, unknown>;
  /** A: absolute number, whole plan. B: part of the plan or a second reading. C: neither. */
  quality: "A" | "B" | "C";
  /** Settings that are not in the table. */
  recipe?: CaseRecipe;
  /** Arithmetic on the row. */
  check?: Record<string, number>;
  /** "bulk" for members of a large sweep. */
  tier?: string;
  /** Remarks. */
  notes?: string;
  /** What another simulator said of the row. */
  peer?: Record<string, number>;
}
