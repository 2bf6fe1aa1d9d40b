/**
 * Runs layers on the device: their times, their routing, and their errors against the oracle.
 *
 * @module
 */
import type { MoeLayerWeights } from "../../core/mod.ts";
import {
  createRecorder,
  download,
  type Estimate,
  type KernelChoice,
  type LaunchTime,
  type Pool,
  type Profiling,
  type RecordedPart,
  runParts,
  sum,
  type Tensor,
  type Timing,
  timingOf,
} from "../../kernels/mod.ts";
import { spreadParts } from "../compare/spread_parts.ts";
import { ADDED, undisturbedLaunches } from "../compare/undisturbed_launches.ts";
import { sha256 } from "../hash.ts";
import { checkLayer, type LayerErrors } from "./layer_check.ts";
import { countExperts, type LayerRun } from "./layer_inputs.ts";
import {
  launchesOf,
  layerParts,
  type Pass,
  passes,
  type PreparedLayer,
  prepareLayer,
  recordBackward,
  recordForward,
  releaseLayer,
  weightTensors,
} from "./layer_passes.ts";

/** Times of a pass. */
export interface MeasuredPass {
  /** Times of all rounds, as the clock said. */
  timing: Timing;
  /** Undisturbed times of its launches and of the gaps between them, added. */
  total: Estimate;
  /** Undisturbed times of the launches of each operator, by its name, added. */
  byOperator: Record<string, Estimate>;
}

/** What a run showed. */
export interface MeasuredLayer extends LayerErrors {
  /** Times by pass. */
  passes: Record<Pass, MeasuredPass>;
  /** Expert ids, T * K, as the device chose them. */
  ids: Uint32Array;
  /** Tokens of each expert. */
  rows: number[];
  /** First 12 digits of the SHA-256 of routing and outputs. */
  digest: string;
}

/** Undisturbed times of a pass and of its operators. */
function undisturbedPass(
  rounds: readonly LaunchTime[][],
): Pick<MeasuredPass, "total" | "byOperator"> {
  const { launches, total } = undisturbedLaunches(rounds);
  const names = new Set(launches.map(({ label }) => label));
  const byOperator = Object.fromEntries([...names].map((name) => [
    name,
    sum(launches.filter(({ label }) => label === name).map((l) => l.seconds), ADDED),
  ]));
  return { total, byOperator };
}

async function floats(pool: Pool, tensors: readonly (Tensor | null)[]): Promise<Float32Array[]> {
  const there = tensors.filter((tensor) => tensor !== null);
  const got = await download(pool.device, there);
  return tensors.map((tensor) => tensor ? got[there.indexOf(tensor)] : new Float32Array());
}

/** Runs a layer once more, reads back what came out, checks it, and frees the layer. */
async function conclude(
  pool: Pool,
  layer: PreparedLayer,
  kernels: KernelChoice,
): Promise<MeasuredLayer> {
  const { run, inputs } = layer;
  const recorder = createRecorder(pool);
  const out = recordForward(recorder, layer, { kernels });
  const forward = recordForward(recorder, layer, { kernels, keep: true });
  const { dx_TD, w } = recordBackward(recorder, layer, { kernels, forward });
  recorder.submit();
  const [y, weights, dx] = await floats(pool, [out.y_TD, out.routing.weights, dx_TD]);
  const gradients = await floats(pool, Object.values(w));
  const [ids] = await download(pool.device, [out.routing.ids], Uint32Array);
  pool.release(...out.tensors, ...forward.tensors, dx_TD, ...weightTensors(w));
  releaseLayer(pool, layer);
  const dw = Object.fromEntries(
    Object.keys(w).map((name, i) => [name, gradients[i]]),
  ) as unknown as MoeLayerWeights;
  const bytes = new Uint8Array(y.byteLength + ids.byteLength);
  bytes.set(new Uint8Array(ids.buffer));
  bytes.set(new Uint8Array(y.buffer), ids.byteLength);
  const timesOf = (pass: Pass) => {
    const rounds = layer.rounds.map((round) => round[pass]);
    return [pass, { timing: timingOf(rounds), ...undisturbedPass(rounds) }];
  };
  return {
    passes: Object.fromEntries(passes.map(timesOf)),
    ids,
    rows: countExperts(ids, run.shape.experts),
    ...checkLayer(run, inputs, { y, ids, weights, dx, dw }),
    digest: (await sha256(bytes)).slice(0, 12),
  };
}

/**
 * Measures layers in rounds: each round takes one sample of every layer, so that a slow spell of the
 * machine spreads over all of them. All layers lie on the device at once; afterwards none does.
 *
 * The shapes of a profile are measured in the same rounds, recorded between the layers: both meet the
 * machine in the same states.
 */
export async function measureLayers(
  pool: Pool,
  runs: readonly LayerRun[],
  options: {
    kernels: KernelChoice;
    repeats: number;
    profiling: Pick<Profiling, "parts" | "take">;
    /** Told after each round, and after each layer's check, the share that is done. */
    done?: (share: number) => void;
    signal?: AbortSignal;
  },
): Promise<MeasuredLayer[]> {
  const { kernels, repeats, profiling, done, signal } = options;
  const layers = runs.map((run) => prepareLayer(pool, run));
  const lists = layers.map((layer) => layerParts(layer, kernels));
  const parts = spreadParts(lists, profiling.parts);
  const place = new Map(parts.map((part, i) => [part, i]));
  const steps = repeats + 2;
  // The first round compiles, mirrors the weights, and is not counted.
  for (let round = 0; round <= repeats; round++) {
    const times = await runParts(pool, parts, {
      signal,
      done: (share) => done?.((round + share) / steps),
    });
    if (round === 0) continue;
    const timesOf = (list: readonly RecordedPart[]) => list.map((part) => times[place.get(part)!]);
    layers.forEach((layer, i) => layer.rounds.push(launchesOf(timesOf(lists[i]))));
    profiling.take(timesOf(profiling.parts));
  }
  const measured: MeasuredLayer[] = [];
  for (const layer of layers) {
    signal?.throwIfAborted();
    measured.push(await conclude(pool, layer, kernels));
    done?.((repeats + 1 + measured.length / layers.length) / steps);
  }
  pool.trim();
  return measured;
}
