/**
 * Attention of a layer with plain heads: projections with biases, norms of queries and keys, rotary
 * positions, and the keys and values of all tokens in the cache. Heads of attention experts are those of
 * all of them, and are weighed before the last product.
 *
 * @module
 */
import {
  attention,
  gemm,
  putRows,
  type Recorder,
  rope,
  roundUp,
  type Tensor,
} from "../../kernels/mod.ts";
import { headCounts } from "../nn/attention_experts.ts";
import type { RunnableAttention } from "../nn/model_check.ts";
import type { MhaAttention } from "../spec/model.ts";
import { weighedExperts } from "./attention_experts.ts";
import { inLayer, type LayerRun, rmsNormedOnly } from "./running.ts";

/** x W + bias, with a residual where there is one. */
export function project(
  recorder: Recorder,
  x: Tensor,
  options: LayerRun & { name: string; residual?: Tensor },
): Tensor {
  const { running: { weights, kernels }, name, residual } = options;
  const full = inLayer(options, name);
  return gemm(recorder, x, {
    ...{ b: weights.product(full), bias: weights.find(`${full}.bias`), add: residual },
    ...{ label: full, variant: kernels.gemm },
  });
}

/** Turns the heads of x in place to the positions of its rows. */
export function place(
  recorder: Recorder,
  x: Tensor,
  options: LayerRun & { heads: number; first?: number },
): void {
  const { running: { angles, settings }, heads, first, past } = options;
  rope(recorder, x, {
    ...{ table: angles, heads, first, length: x.shape[0], offset: past, inPlace: true },
    pairing: settings.rope.pairs === "halves" ? "half" : "interleaved",
  });
}

/** The same memory with other rows and columns, both without padding columns. */
function asRows(x: Tensor, rows: number, columns: number): Tensor {
  return { ...x, shape: [rows, columns], pitch: columns, plane: roundUp(rows, 8) * columns };
}

/** Norm of queries or keys, by head or over all of them; x itself where the model has none. */
function normHeads(
  recorder: Recorder,
  x: Tensor,
  options: LayerRun & { name: string; width: number; by: MhaAttention["qkNorm"] },
): Tensor {
  const { running, name: short, width, by } = options;
  if (by === "none") return x;
  const name = inLayer(options, short);
  if (by === "width") return rmsNormedOnly(recorder, x, { running, name });
  const [rows, columns] = x.shape;
  const heads = asRows(x, rows * columns / width, width);
  return asRows(rmsNormedOnly(recorder, heads, { running, name }), rows, columns);
}

/** residual + Attn(a), for the rows of a pass; their keys and values join the cache. */
export function plainAttention(
  recorder: Recorder,
  a: Tensor,
  options: LayerRun & { spec: RunnableAttention; residual: Tensor },
): Tensor {
  const { residual, ...run } = options;
  const { spec, running: { weights, settings }, cache, past, layer } = run;
  const { pool } = recorder;
  const { headDim: width, qkNorm: by } = spec;
  const { heads, kvHeads } = headCounts(spec);
  const placed = (name: "q" | "k", count: number) => {
    const raw = project(recorder, a, { ...run, name: `attention.${name}` });
    const x = normHeads(recorder, raw, { ...run, name: `attention.${name}Norm`, width, by });
    place(recorder, x, { ...run, heads: count });
    return x;
  };
  const q = placed("q", heads);
  const k = placed("k", kvHeads);
  putRows(recorder, cache.first, { x: k, first: past, label: "cache keys" });
  pool.release(k);
  const v = project(recorder, a, { ...run, name: "attention.v" });
  putRows(recorder, cache.second, { x: v, first: past, label: "cache values" });
  pool.release(v);
  const { o, lse } = attention(recorder, { q, k: cache.first, v: cache.second }, {
    ...{ length: q.shape[0], past, heads, kvHeads, scale: settings.attentionScale },
    ...{ window: layer.window, sink: weights.find(inLayer(options, "attention.sinks")) },
  });
  pool.release(q, lse);
  const y = spec.kind === "experts"
    ? weighedExperts(recorder, o, { ...run, spec, a, residual })
    : project(recorder, o, { ...run, name: "attention.out", residual });
  pool.release(o);
  return y;
}
