/**
 * Runs layers on the device: their times, their routing, and their errors against the oracle.
 *
 * @module
 */
import {
  moeLayer,
  moeLayerOracle,
  type MoeLayerOutput,
  type MoeLayerShape,
  type MoeLayerTensors,
  type MoeLayerWeights,
  randomWeights,
  uploadWeights,
} from "../../core/mod.ts";
import {
  createRecorder,
  download,
  type KernelChoice,
  type LaunchTime,
  normals,
  type Pool,
  type Recorder,
  routerOracle,
  rowTimes,
  runTimed,
  split,
  type Tensor,
  type Timing,
  timingOf,
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
  /** Times of the rounds in which the machine was on its pace. */
  timing: Timing;
  /** Total time of every round, on pace or not. */
  samples: number[];
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

/** A layer on the device, ready to run. */
interface PreparedLayer {
  run: LayerRun;
  inputs: LayerInputs;
  x_TD: Tensor;
  w: MoeLayerTensors;
  /** Times of each round. */
  runs: LaunchTime[][];
}

function prepare(pool: Pool, run: LayerRun): PreparedLayer {
  const inputs = layerInputs(run);
  const x_TD = pool.upload("x_TD", [run.tokens, run.shape.dModel], inputs.x);
  return { run, inputs, x_TD, w: uploadWeights(pool, run.shape, inputs.weights), runs: [] };
}

function record(recorder: Recorder, layer: PreparedLayer, kernels: KernelChoice): MoeLayerOutput {
  const { run: { shape }, x_TD, w } = layer;
  x_TD.slot.mirrored = false; // the input of a layer is fresh in every step
  const gate = { topK: shape.topK, softmax: "after" as const };
  return moeLayer(recorder, x_TD, { shape, gate, w, kernels });
}

/** Runs a layer once more, reads back what came out, checks it, and frees the layer. */
async function conclude(
  pool: Pool,
  layer: PreparedLayer,
  options: { kernels: KernelChoice; rounds: readonly number[] },
): Promise<MeasuredLayer> {
  const { run, inputs, x_TD, w, runs } = layer;
  const { kernels, rounds } = options;
  const recorder = createRecorder(pool);
  const out = record(recorder, layer, kernels);
  recorder.submit();
  const [y, weights] = await download(pool.device, [out.y_TD, out.routing.weights]);
  const [ids] = await download(pool.device, [out.routing.ids], Uint32Array);
  pool.release(...out.tensors, x_TD, ...Object.values(w).filter((t) => t !== null));
  const bytes = new Uint8Array(y.byteLength + ids.byteLength);
  bytes.set(new Uint8Array(ids.buffer));
  bytes.set(new Uint8Array(y.buffer), ids.byteLength);
  return {
    timing: timingOf(rounds.map((round) => runs[round])),
    samples: timingOf(runs).total.seconds,
    ids,
    rows: countExperts(ids, run.shape.experts),
    ...check(run, inputs, { y, ids, weights }),
    digest: (await sha256(bytes)).slice(0, 12),
  };
}

/** Rounds at most, over those wanted. */
const MOST_ROUNDS = 1.6;
/** Rounds on pace below which all rounds are taken. */
const LEAST_ROUNDS = 3;
/** A round is on pace while profiled shapes take this near to what the profile says. */
const PACE = 0.12;

/** The layers of a batch, and the pace of the machine in each round. */
export interface MeasuredBatch {
  layers: MeasuredLayer[];
  /** Time of profiled shapes over the profile, by round. */
  paces: number[];
  /** Rounds whose samples count: those on pace, or all where these are too few. */
  rounds: number[];
}

/**
 * Measures layers in rounds: each round takes one sample of every layer, so that a slow spell of the
 * machine spreads over all of them. All layers lie on the device at once; afterwards none does.
 *
 * With a `pace` (profiled shapes now, over the profile) asked in each round, rounds in which the
 * machine is not in the state in which it was profiled are repeated, and count only where too few
 * others are had. The layers' own times have no say in it.
 */
export async function measureLayers(
  pool: Pool,
  runs: readonly LayerRun[],
  options: {
    kernels: KernelChoice;
    repeats: number;
    pace?: () => Promise<number>;
    /** Told after each step; there are `repeats + 2` for each layer. */
    step?: () => void;
    signal?: AbortSignal;
  },
): Promise<MeasuredBatch> {
  const { kernels, repeats, pace, step, signal } = options;
  const layers = runs.map((run) => prepare(pool, run));
  const paces: number[] = [];
  const steady = () => paces.flatMap((p, round) => Math.abs(p - 1) <= PACE ? [round] : []);
  const most = pace ? Math.ceil(MOST_ROUNDS * repeats) : repeats;
  // The first round compiles, mirrors the weights, and is not counted.
  for (let round = 0; round <= most && steady().length < repeats; round++) {
    for (const layer of layers) {
      signal?.throwIfAborted();
      const times = await runTimed(
        pool,
        (recorder) => pool.release(...record(recorder, layer, kernels).tensors),
      );
      if (round > 0) layer.runs.push(times);
      if (round <= repeats) step?.();
    }
    const now = await pace?.() ?? 1;
    if (round > 0) paces.push(now);
  }
  const rounds = steady().length >= Math.min(LEAST_ROUNDS, repeats)
    ? steady()
    : paces.map((_, round) => round);
  const measured: MeasuredLayer[] = [];
  for (const layer of layers) {
    measured.push(await conclude(pool, layer, { kernels, rounds }));
    step?.();
  }
  pool.trim();
  return { layers: measured, paces, rounds };
}
