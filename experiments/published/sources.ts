/**
 * The sources of published training steps: how their software runs and what their figures count.
 *
 * @module
 */
import type { Overlap } from "../../sim/plan/plan.ts";
import type { SourceRules } from "./source.ts";

const none: Overlap = {
  gradients: false,
  parameters: false,
  tensor: false,
  pipeline: false,
  experts: "none",
};
/** Exchanges of data-parallel ranks beside compute: Megatron's overlap-grad-reduce and -param-gather. */
const data: Overlap = { ...none, gradients: true, parameters: true };
/** Beside that, tensor-parallel products in pieces and sends of interleaved stages. */
const all: Overlap = { ...data, tensor: true, pipeline: true };

const megatron = {
  zero: 1,
  sequenceParallel: true,
  microBatch: "one",
  chunksUpTo: 1,
  formats: {},
} as const;

/** The first that fits counts; the last fits every row. */
export const sources: readonly SourceRules[] = [
  {
    ...megatron,
    id: "megatron-bridge",
    ref: /Megatron-Bridge/,
    stack: "megatron-bridge",
    flops: "causal",
    overlap: all,
    // scripts/performance sets grad_reduce_in_fp32 = False: gradients are kept as they are reduced.
    formats: { gradients: "bf16", mainGradients: "bf16" },
    assumed: [
      "rows whose settings are unknown: no recomputation and no graphs",
      "token drop: capacity factor 1",
    ],
  },
  {
    ...megatron,
    id: "nemo",
    ref: /NVIDIA\/NeMo/,
    stack: "nemo-24.07",
    flops: "full",
    overlap: all,
    assumed: ["no recomputation", "ZeRO stage 1", "long sequences: micro-batch 1"],
  },
  {
    ...megatron,
    id: "megatron-2020",
    ref: /NVIDIA\/Megatron-LM/,
    rows: /^megatron2020/,
    stack: "megatron-2020",
    flops: "recomputed",
    overlap: none,
    zero: 0,
    sequenceParallel: false,
    microBatch: "whole",
    assumed: ["sequences of 1024 tokens", "full recomputation", "no gradient accumulation"],
  },
  {
    ...megatron,
    id: "megatron-lm",
    ref: /NVIDIA\/Megatron-LM/,
    rows: /^mlm-/,
    stack: "megatron-core-0.8",
    flops: "full",
    overlap: all,
    // 24 x 12 x 2048^2 + 2 x 131072 x 2048 parameters are the printed 1.7 B: two tables.
    family: { tied: false, learnedPositions: false },
    assumed: ["micro-batch 1", "one chunk a stage", "no recomputation"],
  },
  {
    ...megatron,
    id: "megatron-moe",
    ref: /NVIDIA\/Megatron-LM/,
    stack: "megatron-core-moe",
    flops: "causal",
    overlap: { ...data, pipeline: true },
    assumed: ["no recomputation where none is printed"],
  },
  {
    ...megatron,
    id: "modelzoo",
    ref: /ModelZoo|2603\.07685/,
    stack: "megatron-core-modelzoo",
    flops: "causal",
    overlap: { ...data, pipeline: true },
    assumed: [
      "long sequences: micro-batch 1",
      "offloaded activations of experts are not described",
    ],
  },
  {
    ...megatron,
    id: "mpfold",
    ref: /2504\.14960/,
    stack: "megatron-core-mpfold",
    flops: "full",
    overlap: { ...data, pipeline: true },
    chunksUpTo: 6,
    assumed: [
      "micro-batch 1",
      "chunks of a stage: the largest divisor of its layers up to 6",
      "expert-tensor parallelism equal to tensor parallelism where blank",
      "no recomputation",
    ],
  },
  {
    ...megatron,
    id: "simumax",
    ref: /SimuMax/,
    stack: "megatron-core-simumax",
    flops: "full",
    overlap: none,
    formats: { gradients: "fp32", mainGradients: "fp32" },
    assumed: [],
  },
  {
    ...megatron,
    id: "megatron-2021",
    ref: /2104\.04473|2201\.11990/,
    stack: "megatron-2021",
    flops: "recomputed",
    overlap: none,
    zero: 0,
    sequenceParallel: false,
    chunksUpTo: 6,
    assumed: [
      "weak scaling: micro-batch 1",
      "weak scaling: chunks of a stage are the largest divisor of its layers up to 6",
    ],
  },
  {
    ...megatron,
    id: "megatron-2022",
    ref: /2205\.05198/,
    stack: "megatron-2022",
    flops: "full",
    overlap: none,
    zero: 0,
    assumed: ["replicated optimiser", "no exchange beside compute"],
  },
  {
    ...megatron,
    id: "aleph",
    ref: /2311\.05610/,
    stack: "aleph",
    flops: "six-n-full",
    overlap: none,
    sequenceParallel: false,
    formats: { gradients: "bf16", mainGradients: "bf16" },
    vocab: 128000,
    assumed: ["vocabulary of 128,000", "2048 sequences of 2048 tokens, or 512 of 8192"],
  },
  {
    ...megatron,
    id: "vtrain",
    ref: /2312\.12391/,
    stack: "vtrain-megatron-deepspeed",
    flops: "recomputed",
    overlap: { ...none, gradients: true },
    zero: 0,
    sequenceParallel: false,
    formats: { gradients: "fp16", mainGradients: "fp16" },
    vocab: 51200,
    assumed: ["vocabulary of 51,200 rows", "attention that stores scores"],
  },
  {
    ...megatron,
    id: "llm-foundry",
    ref: /llm-foundry/,
    stack: "llm-foundry",
    flops: "six-n-full",
    overlap: data,
    zero: 3,
    sequenceParallel: false,
    formats: { gradients: "bf16" },
    // The printed parameter counts close exactly with 50,368 rows, positions and all biases.
    vocab: 50368,
    assumed: [],
  },
  {
    ...megatron,
    id: "torchtitan",
    ref: /torchtitan/,
    // Its H100 have 96 GB of HBM2e at 2.4 TB/s, as its benchmark pages say.
    devices: { h100: "h100-96gb" },
    stack: "torchtitan",
    flops: "full",
    overlap: data,
    zero: 3,
    assumed: [
      "Llama 3 8B where the table names no model",
      "no recomputation where none is printed",
    ],
  },
  {
    ...megatron,
    id: "deepseek",
    ref: /2412\.19437/,
    stack: "deepseek-hai",
    flops: "causal",
    overlap: { ...data, pipeline: true, experts: "dualpipe" },
    formats: { dispatch: "fp8", combine: "bf16", moments: "bf16", mainGradients: "fp32" },
    // Norms and up-projections in section 3.2.3, SwiGLU outputs in section 3.3.3.
    recompute: ["norm", "mla_up", "activation"],
    // The kernels of section 3.2.2, published as DeepEP: a token goes to at most 4 of the 8 nodes.
    dispatcher: "deepep",
    domainLimit: { groups: 8, chosen: 4 },
    assumed: ["micro-batch 1", "routing kept even by the bias update"],
  },
  {
    ...megatron,
    id: "other",
    ref: /^/,
    stack: "megatron-core",
    flops: "causal",
    overlap: { ...data, pipeline: true },
    assumed: ["Megatron Core's defaults"],
  },
];
