/**
 * The forward pass of a released model over some tokens that follow those in its cache.
 *
 *     m = x + Attn(norm x)      y = m + Network(norm m)
 *
 * Everything is recorded at once; nothing is awaited.
 *
 * @module
 */
import { embed, gemm, type Recorder, type Routing, type Tensor } from "../../kernels/mod.ts";
import { cast } from "../../kernels/mod.ts";
import { layersOf, type ModelLayer } from "../spec/layers.ts";
import { plainAttention } from "./attention.ts";
import type { LayerCache } from "./cache.ts";
import { experts } from "./experts.ts";
import { latentAttention } from "./latent_attention.ts";
import { network } from "./network.ts";
import { inLayer, type LayerRun, rmsNormed, rmsNormedOnly, type Running } from "./running.ts";

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
  routes: { layer: number; routing: Routing }[];
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
  switch (spec.kind) {
    case "mla":
      return latentAttention(recorder, a, { ...options, spec });
    case "experts":
      throw new RangeError("Attention experts have no forward pass here");
    default:
      return plainAttention(recorder, a, { ...options, spec });
  }
}

/** Records a layer over x, which it releases. */
function layerPass(
  recorder: Recorder,
  x: Tensor,
  options: LayerRun,
): { y: Tensor; routing?: Routing } {
  const { running } = options;
  const { pool } = recorder;
  const a = rmsNormed(recorder, x, { running, name: inLayer(options, "attention.norm") });
  const residual = attend(recorder, a, { ...options, residual: x });
  pool.release(a, x);
  const dense = options.layer.network === "dense";
  const name = inLayer(options, dense ? "ffn.norm" : "moe.norm");
  const b = rmsNormed(recorder, residual, { running, name });
  const made: { y: Tensor; routing?: Routing } = dense
    ? { y: network(recorder, b, { ...options, up: "ffn.up", down: "ffn.down", residual }) }
    : experts(recorder, b, { ...options, residual });
  pool.release(b, residual);
  return made;
}

/** Logits of the rows of x, which it releases. */
function outputLogits(recorder: Recorder, x: Tensor, running: Running): Tensor[] {
  const { model, weights, kernels: { transposed: variant } } = running;
  const normed = rmsNormedOnly(recorder, x, { running, name: "norm" });
  const parts = weights.table(model.embedding.tied ? "embedding" : "head");
  const logits = parts.map((b) =>
    gemm(recorder, normed, { b, transposeB: true, label: "logits", variant })
  );
  recorder.pool.release(normed);
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
