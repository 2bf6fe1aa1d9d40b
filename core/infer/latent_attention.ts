/**
 * Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1): keys and values of all
 * heads are made of one small vector a token, and one key that carries its position is shared by all
 * heads. They are made in full here, from the vectors of a pass or, where the cache keeps vectors,
 * from those of all tokens.
 *
 * A head's queries and keys are [without position, with position], padded to a multiple of 8.
 *
 * @module
 */
import {
  attention,
  elementRecipes,
  elements,
  gemm,
  putRows,
  type Recorder,
  rowsOf,
  type Tensor,
} from "../../kernels/mod.ts";
import type { MlaAttention } from "../spec/model.ts";
import { place, project } from "./attention.ts";
import { paddedWidth } from "./cache.ts";
import { inLayer, type LayerRun, rmsNormedOnly } from "./running.ts";

type LatentRun = LayerRun & { spec: MlaAttention };

const sizes = { nope: "u32", rope: "u32", width: "u32", value: "u32" } as const;

const recipes = {
  /** Heads of nope + rope columns as heads of `width` columns, zeros behind. */
  queries: {
    name: "latent queries",
    gives: "f32",
    reads: { q: "f32" },
    values: sizes,
    body: `let head = column / p.width;
  let c = column % p.width;
  if (c >= p.nope + p.rope) { return 0.0; }
  return q[row * p.q_pitch + head * (p.nope + p.rope) + c];`,
  },
  /** The keys of heads that share one key with positions. */
  keys: {
    name: "latent keys",
    gives: "f32",
    reads: { kv: "f32", placed: "f32" },
    values: sizes,
    body: `let head = column / p.width;
  let c = column % p.width;
  if (c < p.nope) { return kv[row * p.kv_pitch + head * (p.nope + p.value) + c]; }
  if (c >= p.nope + p.rope) { return 0.0; }
  return placed[row * p.placed_pitch + c - p.nope];`,
  },
  /** What is behind each head's key. */
  values: {
    name: "latent values",
    gives: "f32",
    reads: { kv: "f32" },
    values: sizes,
    body: `let head = column / p.value;
  return kv[row * p.kv_pitch + head * (p.nope + p.value) + p.nope + column % p.value];`,
  },
} as const;

const sizesOf = ({ nopeDim, ropeDim, valueDim }: MlaAttention) => ({
  ...{ nope: nopeDim, rope: ropeDim, value: valueDim },
  width: paddedWidth(nopeDim + ropeDim),
});

/** Queries [T, heads * width] with positions. */
function latentQueries(recorder: Recorder, a: Tensor, options: LatentRun): Tensor {
  const { spec, running } = options;
  const { pool } = recorder;
  const { heads, qRank, nopeDim, ropeDim } = spec;
  const values = sizesOf(spec);
  let q: Tensor;
  if (qRank === 0) q = project(recorder, a, { ...options, name: "attention.q" });
  else {
    const down = project(recorder, a, { ...options, name: "attention.qDown" });
    const name = inLayer(options, "attention.qDownNorm");
    const small = rmsNormedOnly(recorder, down, { running, name });
    q = project(recorder, small, { ...options, name: "attention.qUp" });
    pool.release(small);
  }
  if (values.width !== nopeDim + ropeDim) {
    const shape = [q.shape[0], heads * values.width] as const;
    const wide = elements(recorder, recipes.queries, { shape, tensors: { q }, values });
    pool.release(q);
    q = wide;
  }
  place(recorder, q, { ...options, heads, first: nopeDim });
  return q;
}

/** The vectors of the rows of a pass [T, kvRank], and their shared keys [T, rope] with positions. */
function latentVectors(recorder: Recorder, a: Tensor, options: LatentRun): [Tensor, Tensor] {
  const { spec: { kvRank, ropeDim }, running } = options;
  const down = project(recorder, a, { ...options, name: "attention.kvDown" });
  const columns = (count: number, shift: number) =>
    elements(recorder, elementRecipes.window, {
      ...{ shape: [down.shape[0], count], tensors: { x: down }, values: { shift } },
    });
  const name = inLayer(options, "attention.kvDownNorm");
  const vectors = rmsNormedOnly(recorder, columns(kvRank, 0), { running, name });
  const placed = columns(ropeDim, kvRank);
  place(recorder, placed, { ...options, heads: 1 });
  recorder.pool.release(down);
  return [vectors, placed];
}

/** Keys [T, heads * width] and values [T, heads * value] of vectors and shared keys. */
function raised(
  recorder: Recorder,
  [vectors, placed]: readonly [Tensor, Tensor],
  options: LatentRun,
): [Tensor, Tensor] {
  const { spec, running: { weights, kernels } } = options;
  const label = inLayer(options, "attention.kvUp");
  const kv = gemm(recorder, vectors, { b: weights.product(label), label, variant: kernels.gemm });
  const values = sizesOf(spec);
  const rows = vectors.shape[0];
  const made = (name: "keys" | "values", width: number) =>
    elements(recorder, recipes[name], {
      ...{ shape: [rows, spec.heads * width], tensors: { kv, placed }, values },
    });
  const both: [Tensor, Tensor] = [made("keys", values.width), made("values", values.value)];
  recorder.pool.release(kv);
  return both;
}

/** residual + Attn(a), for the rows of a pass; what is kept of them joins the cache. */
export function latentAttention(
  recorder: Recorder,
  a: Tensor,
  options: LatentRun & { residual: Tensor },
): Tensor {
  const { residual, ...run } = options;
  const { spec: { heads }, running: { settings }, cache, past } = run;
  const { pool } = recorder;
  const keep = ([first, second]: readonly [Tensor, Tensor]) => {
    putRows(recorder, cache.first, { x: first, first: past, label: "cache first" });
    putRows(recorder, cache.second, { x: second, first: past, label: "cache second" });
    pool.release(first, second);
  };
  const q = latentQueries(recorder, a, run);
  const length = q.shape[0];
  const vectors = latentVectors(recorder, a, run);
  let seen: [Tensor, Tensor] = [cache.first, cache.second];
  if (cache.kind === "latent") {
    keep(vectors);
    const all = { from: 0, count: past + length };
    seen = raised(recorder, [rowsOf(cache.first, all), rowsOf(cache.second, all)], run);
  } else {
    keep(raised(recorder, vectors, run));
    pool.release(...vectors);
  }
  const [k, v] = seen;
  const told = { length, past, heads, scale: settings.attentionScale };
  const { o, lse } = attention(recorder, { q, k, v }, told);
  pool.release(q, lse, ...(cache.kind === "latent" ? seen : []));
  const y = project(recorder, o, { ...run, name: "attention.out", residual });
  pool.release(o);
  return y;
}
