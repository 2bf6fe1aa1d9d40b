/**
 * The forward pass of a released model over some tokens that follow those in its cache.
 *
 *     serial      m = x + Attn(norm x)      y = m + Network(norm m)
 *     parallel    y = x + Attn(norm x) + Network(norm x)     PaLM, arXiv 2204.02311; BAM, 2408.08274
 *
 * Norms of a parallel block may be one.
 *
 * Everything is recorded at once; nothing is awaited.
 *
 * @module
 */
import { embed, gemm, type Recorder, type Tensor } from "../../kernels/mod.ts";
import { cast } from "../../kernels/mod.ts";
import { sharesNorm } from "../nn/parameters.ts";
import { layersOf, type ModelLayer } from "../spec/layers.ts";
import { plainAttention } from "./attention.ts";
import type { LayerCache } from "./cache.ts";
import { experts, type LayerRouting } from "./experts.ts";
import { latentAttention } from "./latent_attention.ts";
import { network } from "./network.ts";
import { inLayer, type LayerRun, normed, type Running } from "./running.ts";

/** What a pass is told. */
export interface PassOptions {
  /** The model. */
  running: Running;
  /** What each layer has seen. */
  cache: readonly LayerCache[];
  /** Tokens that it has seen. */
  past: number;
  /** Token ids, u32 [T]. */
  ids: Tensor;
  /** The rows whose logits are wanted, u32; all where absent, none where there is no such row. */
  wanted?: Tensor;
  /** Whether logits are wanted at all; true where absent. */
  logits?: boolean;
}

/** What a pass leaves on the device, to be released. */
export interface PassLeft {
  /** Logits [T, part of V], one behind the other by columns. */
  logits: Tensor[];
  /** The choices of layers with experts. */
  routes: { layer: number; routing: LayerRouting }[];
}

/** The rows of a table that ids name, as f32. */
function lookUp(recorder: Recorder, parts: readonly Tensor[], ids: Tensor): Tensor {
  const [{ dtype, shape: [, width] }] = parts;
  const x = recorder.pool.tensor("embedding", [ids.shape[0], width], { dtype });
  let first = 0;
  for (const part of parts) {
    embed(recorder, part, { ids, first, into: x });
    first += part.shape[0];
  }
  if (dtype === "f32") return x;
  const full = cast(recorder, x, { to: "f32" });
  recorder.pool.release(x);
  return full;
}

function attend(recorder: Recorder, a: Tensor, options: LayerRun & { residual: Tensor }): Tensor {
  const { attention: spec } = options.running.model;
  return spec.kind === "mla"
    ? latentAttention(recorder, a, { ...options, spec })
    : plainAttention(recorder, a, { ...options, spec });
}

/** Records a layer over x, which it releases. */
function layerPass(
  recorder: Recorder,
  x: Tensor,
  options: LayerRun,
): { y: Tensor; routing?: LayerRouting } {
  const { running } = options;
  const { pool } = recorder;
  const { model } = running;
  const normOf = (of: Tensor, name: string) =>
    normed(recorder, of, { running, name: inLayer(options, name) });
  const a = normOf(x, "attention.norm");
  const residual = attend(recorder, a, { ...options, residual: x });
  const dense = options.layer.network === "dense";
  const second = dense ? "ffn.norm" : "moe.norm";
  let b = a;
  if (sharesNorm(model)) pool.release(x);
  else if (model.block === "parallel") {
    b = normOf(x, second);
    pool.release(a, x);
  } else {
    pool.release(a, x);
    b = normOf(residual, second);
  }
  const made: { y: Tensor; routing?: LayerRouting } = dense
    ? { y: network(recorder, b, { ...options, up: "ffn.up", down: "ffn.down", residual }) }
    : experts(recorder, b, { ...options, residual });
  pool.release(b, residual);
  return made;
}

/** Logits of the rows of x, which it releases. */
function outputLogits(recorder: Recorder, x: Tensor, running: Running): Tensor[] {
  const { model, weights, kernels: { transposed: variant } } = running;
  const last = normed(recorder, x, { running, name: "norm" });
  recorder.pool.release(x);
  const parts = weights.table(model.embedding.tied ? "embedding" : "head");
  const logits = parts.map((b) =>
    gemm(recorder, last, { b, transposeB: true, label: "logits", variant })
  );
  recorder.pool.release(last);
  return logits;
}

/** Records a pass; see the module. */
export function recordPass(recorder: Recorder, options: PassOptions): PassLeft {
  const { running, cache, past, ids, wanted, logits: wants = true } = options;
  const { pool } = recorder;
  let x = lookUp(recorder, running.weights.table("embedding"), ids);
  const routes: PassLeft["routes"] = [];
  for (const layer of layersOf(running.model) as ModelLayer[]) {
    const { y, routing } = layerPass(recorder, x, {
      ...{ running, layer, cache: cache[layer.index], past },
    });
    x = y;
    if (routing) routes.push({ layer: layer.index, routing });
  }
  if (!wants) {
    pool.release(x);
    return { logits: [], routes };
  }
  if (wanted) {
    const some = embed(recorder, x, { ids: wanted, label: "wanted rows" });
    pool.release(x);
    x = some;
  }
  return { logits: outputLogits(recorder, x, running), routes };
}
