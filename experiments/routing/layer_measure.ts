/**
 * Runs one layer on the device: its time, its routing, and its error against the oracle.
 *
 * @module
 */
import {
  moeLayer,
  moeLayerOracle,
  type MoeLayerShape,
  type MoeLayerWeights,
  randomWeights,
  uploadWeights,
} from "../../core/mod.ts";
import {
  createRecorder,
  download,
  type KernelChoice,
  normals,
  type Pool,
  routerOracle,
  rowTimes,
  split,
  time,
  type Timing,
} from "../../kernels/mod.ts";
import { sha256 } from "../hash.ts";

/** What to run. */
export interface LayerRun {
  tokens: number;
  shape: MoeLayerShape;
  /** Exponent of the skew. */
  skew: number;
  seed: number;
  /** Name of its random streams. */
  name: string;
}

/** Inputs of a run: the skew is a router bias, fed through a column of ones in x. */
export interface LayerInputs {
  x: Float32Array;
  weights: MoeLayerWeights;
}

/** What a run showed. */
export interface MeasuredLayer {
  timing: Timing;
  /** Expert ids, T * K, as the device chose them. */
  ids: Uint32Array;
  /** Tokens of each expert. */
  rows: number[];
  /** Largest error of an output as a fraction of the largest of its row, over checked tokens. */
  outputError: number;
  /** Checked tokens whose experts differ from the oracle's although the cut was not a tie. */
  routingMisses: number;
  /** Tokens that were checked. */
  checked: number;
  /** First 12 digits of the SHA-256 of routing and outputs. */
  digest: string;
}

/** Tokens that are held against the oracle, spread over the batch. */
const CHECKED = 6;

/** Seeded inputs of a layer. */
export function layerInputs(run: LayerRun): LayerInputs {
  const { shape, tokens, skew, seed, name } = run;
  const { dModel: d, experts: e } = shape;
  const x = normals(split(seed, `${name}/x`), tokens * d);
  const weights = randomWeights(shape, split(seed, name).int(0, 0x7fffffff));
  for (let t = 0; t < tokens; t++) x[t * d] = 1;
  for (let i = 0; i < e; i++) weights.router_DE[i] = -skew * Math.log(i + 1);
  return { x, weights };
}

/** Counts of each expert. */
export function countExperts(ids: ArrayLike<number>, experts: number): number[] {
  const rows = new Array<number>(experts).fill(0);
  for (let i = 0; i < ids.length; i++) rows[ids[i]]++;
  return rows;
}

function check(
  run: LayerRun,
  inputs: LayerInputs,
  got: { y: Float32Array; ids: Uint32Array; weights: Float32Array },
): Pick<MeasuredLayer, "outputError" | "routingMisses" | "checked"> {
  const { shape, tokens } = run;
  const { dModel: d, experts: e, topK } = shape;
  const step = Math.max(1, Math.floor(tokens / CHECKED));
  const rows = Array.from({ length: Math.min(CHECKED, tokens) }, (_, i) => i * step);
  const routing = { ids: got.ids, weights: got.weights, topK };
  const wanted = moeLayerOracle(inputs.x, {
    ...run,
    weights: inputs.weights,
    routing,
    tokens: rows,
  });
  let outputError = 0;
  let routingMisses = 0;
  rows.forEach((t, i) => {
    const row = wanted.subarray(i * d, (i + 1) * d);
    const scale = row.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    row.forEach((v, j) => {
      outputError = Math.max(outputError, Math.abs(got.y[t * d + j] - v) / scale);
    });
    const logits = rowTimes(inputs.x, inputs.weights.router_DE, { row: t, k: d, n: e }).values;
    const oracle = routerOracle(logits, { t: 1, e, k: topK, renormalise: true });
    const chosen = new Set(got.ids.subarray(t * topK, (t + 1) * topK));
    if (oracle.gap[0] > 1e-6 && !oracle.ids.every((id) => chosen.has(id))) routingMisses++;
  });
  return { outputError, routingMisses, checked: rows.length };
}

/** Uploads, times, reads back and checks one layer; leaves nothing on the device. */
export async function measureLayer(
  pool: Pool,
  run: LayerRun,
  options: { kernels: KernelChoice; repeats: number },
): Promise<MeasuredLayer> {
  const { shape, tokens } = run;
  const inputs = layerInputs(run);
  const x_TD = pool.upload("x_TD", [tokens, shape.dModel], inputs.x);
  const w = uploadWeights(pool, shape, inputs.weights);
  const gate = { topK: shape.topK, softmax: "after" as const };
  const { kernels } = options;
  const timing = await time(pool, (recorder) => {
    x_TD.mirrored = false; // the input of a layer is fresh in every step
    pool.release(...moeLayer(recorder, x_TD, { shape, gate, w, kernels }).tensors);
  }, { repeats: options.repeats });
  const recorder = createRecorder(pool);
  const out = moeLayer(recorder, x_TD, { shape, gate, w, kernels });
  recorder.submit();
  const [y, weights] = await download(pool.device, [out.y_TD, out.routing.weights]);
  const [ids] = await download(pool.device, [out.routing.ids], Uint32Array);
  pool.release(...out.tensors, x_TD, ...Object.values(w).filter((t) => t !== null));
  pool.trim();
  const bytes = new Uint8Array(y.byteLength + ids.byteLength);
  bytes.set(new Uint8Array(ids.buffer));
  bytes.set(new Uint8Array(y.buffer), ids.byteLength);
  return {
    timing,
    ids,
    rows: countExperts(ids, shape.experts),
    ...check(run, inputs, { y, ids, weights }),
    digest: (await sha256(bytes)).slice(0, 12),
  };
}
