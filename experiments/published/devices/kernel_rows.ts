/**
 * Published kernel times as one list: what ran, on what, how long.
 *
 * The sources count in different ways. SimuMax prints efficiencies; those of attention count the
 * full square of scores and a backward pass of 2.5 times the forward one. Its gradients of weights
 * are added to main gradients, which are read and written. Vidur prints milliseconds of the
 * projections of one tensor-parallel shard, gate and up as one product. DeepGEMM prints FLOP/s;
 * `derived_time_us` is worked out from them.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { PublishedCase } from "../case.ts";

/** A product, or the products of `groups` experts with m, n and k each. */
export interface ProductWork {
  kind: "product" | "grouped";
  m: number;
  n: number;
  k: number;
  groups: number;
  /** Bytes that an element of the result moves. */
  resultBytes: number;
}

/** Causal attention. */
export interface AttentionWork {
  kind: "forward" | "backward";
  heads: number;
  queries: number;
  /** Keys that a query sees on average. */
  keys: number;
  qkDim: number;
  vDim: number;
}

/** Element-wise work. */
export interface PassWork {
  kind: "activation" | "norm" | "cast";
  /** Bytes read and written. */
  bytes: number;
}

/** A kernel that was timed. */
export interface KernelRow {
  /** Id of the case, and what of it. */
  id: string;
  /** Device as the case names it. */
  gpu: string;
  /** Format of the products. */
  precision: "bf16" | "fp8";
  /** What ran. */
  work: ProductWork | AttentionWork | PassWork;
  /** How long it took. */
  seconds: number;
  /** Shapes of one family differ in little; one is left out at a time. */
  family: string;
}

function numbersIn(shape: string): (name: string) => number {
  return (name) => {
    const found = shape.match(new RegExp(`\\b${name}=(\\d+)`));
    if (!found) {
      throw new UserError(`Cannot read a kernel's shape: found "${shape}", wanted ${name}=NUMBER`);
    }
    return Number(found[1]);
  };
}

const sorted = (...sizes: number[]) => sizes.sort((a, b) => a - b).join("x");

/** Tokens of nearly all of SimuMax's products; what remains of a shape are the weights. */
const usualTokens = 4096;

function simumaxMatmul(shape: string): { work: ProductWork; family: string } {
  const size = numbersIn(shape);
  const [m, n, k] = [size("m"), size("n"), size("k")];
  const added = shape.includes("accumulate=True");
  const resultBytes = (shape.includes("out_dtype=fp32") ? 4 : 2) * (added ? 2 : 1);
  const sizes = [m, n, k];
  const at = sizes.indexOf(usualTokens);
  if (at >= 0) sizes.splice(at, 1);
  return { work: { kind: "product", m, n, k, groups: 1, resultBytes }, family: sorted(...sizes) };
}

function simumaxGrouped(shape: string): { work: ProductWork; family: string } {
  const size = numbersIn(shape);
  const [rows, n, k, groups] = [size("M"), size("N"), size("K"), size("ng")];
  const family = `grouped ${sorted(n, k)}`;
  const stage = shape.match(/stage=(\w+)/)?.[1];
  const kind = "grouped";
  if (stage === "fwd") {
    return { work: { kind, m: rows, n, k, groups, resultBytes: 2 }, family };
  }
  if (stage === "bwd_grad_act") {
    return { work: { kind, m: rows, n: k, k: n, groups, resultBytes: 2 }, family };
  }
  const resultBytes = shape.includes("main_grad_dtype=fp32") ? 8 : 4;
  return { work: { kind, m: n, n: k, k: rows, groups, resultBytes }, family };
}

function simumaxAttention(
  shape: string,
  kind: "forward" | "backward",
): { work: AttentionWork; family: string } {
  const size = numbersIn(shape);
  const queries = size("seq_len");
  const heads = size("batch") * size("head_num");
  const [qkDim, vDim] = [size("qk_head_dim"), size("v_head_dim")];
  const family = `${kind} ${heads} heads of ${qkDim} and ${vDim}`;
  return { work: { kind, heads, queries, keys: queries / 2, qkDim, vDim }, family };
}

function simumaxRow({ id, workload, hardware, result }: PublishedCase): KernelRow[] {
  const shape = String(workload.shape);
  const rate = Number(result.efficiency) * Number(workload.peak_tflops) * 1e12;
  const { work, family } = workload.op === "matmul"
    ? simumaxMatmul(shape)
    : workload.op === "group_matmul"
    ? simumaxGrouped(shape)
    : simumaxAttention(shape, workload.op === "sdp_fwd" ? "forward" : "backward");
  const printedFlops = "m" in work
    ? 2 * work.groups * work.m * work.n * work.k
    : 2 * work.queries ** 2 * work.heads * (work.qkDim + work.vDim) *
      (work.kind === "backward" ? 2.5 : 1);
  const seconds = printedFlops / rate;
  return [{ id, gpu: hardware.gpu, precision: "bf16", work, family, seconds }];
}

/** Heads of keys and values times their width, of Llama-2 7B (as many as heads) and 70B (8 of 128). */
const keyWidth = (model: string, hidden: number) => model.includes("70b") ? 1024 : hidden;

function vidurRow({ id, workload, hardware, plan, result }: PublishedCase): KernelRow[] {
  const [hidden, ffn] = [Number(workload.hidden), Number(workload.ffn)];
  const [tokens, tp] = [Number(workload.tokens), Number(plan.tp)];
  const model = String(workload.model);
  const gpu = hardware.gpu;
  const products: [name: string, n: number, k: number][] = [
    ["up_proj_ms", 2 * ffn / tp, hidden],
    ["down_proj_ms", hidden, ffn / tp],
    ["qkv_proj_ms", (hidden + 2 * keyWidth(model, hidden)) / tp, hidden],
    ["o_proj_ms", hidden, hidden / tp],
  ];
  const passes: [name: string, kind: "activation" | "norm", bytes: number][] = [
    ["act_ms", "activation", tokens * ffn / tp * 3 * 2],
    ["input_norm_ms", "norm", tokens * hidden * 2 * 2],
  ];
  const rows: Omit<KernelRow, "seconds">[] = [
    ...products.map(([name, n, k]) => ({
      id: `${id} ${name}`,
      gpu,
      precision: "bf16" as const,
      work: { kind: "product" as const, m: tokens, n, k, groups: 1, resultBytes: 2 },
      family: `${model} ${name} tp${tp}`,
    })),
    ...passes.map(([name, kind, bytes]) => ({
      id: `${id} ${name}`,
      gpu,
      precision: "bf16" as const,
      work: { kind, bytes },
      family: `${model} ${name} tp${tp}`,
    })),
  ];
  return rows
    .map((row) => ({ ...row, seconds: Number(result[row.id.split(" ")[1]] ?? 0) * 1e-3 }))
    .filter(({ seconds }) => seconds > 0);
}

function deepGemmRow({ id, workload, hardware, result }: PublishedCase): KernelRow[] {
  const grouped = workload.groups !== undefined;
  const [m, n, k] = [workload.m ?? workload.m_per_group, workload.n, workload.k].map(Number);
  const work: ProductWork = {
    kind: grouped ? "grouped" : "product",
    ...{ m, n, k, groups: Number(workload.groups ?? 1), resultBytes: 2 },
  };
  const family = `${n}x${k}`;
  const seconds = Number(result.derived_time_us) * 1e-6;
  return [{ id, gpu: hardware.gpu, precision: "fp8", work, family, seconds }];
}

/** The kernel times among published cases; those whose work is not told are left out. */
export function kernelRows(cases: readonly PublishedCase[]): KernelRow[] {
  return cases.filter(({ category }) => category === "kernel").flatMap((row) => {
    if (row.source.ref.endsWith("/SimuMax")) return simumaxRow(row);
    if (row.source.ref.endsWith("/vidur")) return vidurRow(row);
    if (row.source.ref.endsWith("/DeepGEMM")) return deepGemmRow(row);
    return [];
  });
}
