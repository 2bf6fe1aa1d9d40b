/**
 * The first question: does a simulator that knows only a device's profile predict the time of a
 * mixture-of-experts layer that it never saw?
 *
 * Layers are drawn by seed, run on the device and checked against the CPU oracle; the simulator
 * prices the operators that the same description lowers to, with the token counts that the router
 * really chose. Then it spreads a layer over devices that are not there.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { createPool, openDevice, paceMeter, parseChoice } from "../../kernels/mod.ts";
import { circumstancesOf } from "../circumstances.ts";
import { type Context, defineExperiment, type Outcome } from "../define.ts";
import { onH100Node, overThisDevice, spreadLayer, TOKENS_PER_DEVICE } from "./cluster_predict.ts";
import { deviceProfileOf } from "../device_profile.ts";
import { summarisePairs } from "./errors_of_pairs.ts";
import {
  compare,
  type Compared,
  constantRate,
  layerRow,
  operatorRows,
  rooflinePoints,
} from "./layer_compare.ts";
import { drawLayers } from "./layer_draw.ts";
import { type MeasuredBatch, measureLayers } from "./layer_measure.ts";
import { notes, paceNote, tables, usedPace, verdictOf } from "./moe_layer_words.ts";

/** The measured and the predicted time of a mixture-of-experts layer. */
export const moeLayerExperiment = defineExperiment({
  id: "moe-layer",
  title: "A mixture-of-experts layer, measured and predicted",
  question:
    "Does a simulator that knows only this device's profile predict the time of a layer it never saw?",
  parameters: {
    layers: { quick: 40, full: 96, note: "layers to draw and compare" },
    repeats: { quick: 7, full: 31, note: "timed repetitions of each layer" },
  },
  run: runMoeLayer,
});

/** Layers that lie on the device at once, to be measured in rounds. */
const BATCH = 20;

async function runMoeLayer(
  context: Context<{ layers: number; repeats: number }>,
): Promise<Outcome> {
  const { seed, quick, parameters, progress, signal } = context;
  for (const [name, value] of Object.entries(parameters)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new UserError(
        `Cannot run moe-layer with ${name}=${value}: wanted a whole number from 1`,
      );
    }
  }
  const device = await openDevice();
  try {
    progress.start(100, "profile of this device");
    let share = 0;
    const profile = await deviceProfileOf(device, {
      quick,
      signal,
      progress(what, done) {
        for (; share < Math.floor(done * 100); share++) progress.step(`profile: ${what}`);
      },
    });
    progress.stop();
    const kernels = parseChoice(profile.kernels);
    const pool = createPool(device);
    const layers = drawLayers(profile, { seed, count: parameters.layers });
    const { repeats } = parameters;
    const compared: Compared[] = [];
    const batches: MeasuredBatch[] = [];
    progress.start(layers.length * (repeats + 2), "layers");
    for (let first = 0; first < layers.length; first += BATCH) {
      const batch = layers.slice(first, first + BATCH);
      const runs = batch.map((layer) => ({ ...layer, seed, name: `layer/${layer.index}` }));
      const step = () => progress.step("layers");
      const meter = paceMeter(profile, { pool, kernels });
      const pace = () => meter.sample();
      const measured = await measureLayers(pool, runs, { kernels, repeats, pace, step, signal });
      meter.release();
      batches.push(measured);
      for (const [i, layer] of batch.entries()) {
        compared.push(await compare(layer, measured.layers[i], profile));
      }
    }
    progress.stop();
    const { layers: [routed] } = await measureLayers(pool, [{
      tokens: 64 * TOKENS_PER_DEVICE,
      shape: spreadLayer,
      skew: 0.5,
      seed,
      name: "spread",
    }], { kernels, repeats: 1, signal });
    const spread = await overThisDevice(profile, routed.ids);
    const node = await onH100Node(seed);
    const pairs = compared.map((c) => c.pair);
    const group = (inside: boolean) => pairs.filter((p) => p.inside === inside);
    const pairSummaries = [
      ...[true, false].filter((inside) => group(inside).length > 0)
        .map((inside) => summarisePairs(inside ? "inside" : "outside", group(inside))),
      ...(group(true).length > 0 ? [constantRate(compared)] : []),
    ];
    const worstOutput = Math.max(...compared.map((c) => c.measured.outputError));
    const misses = compared.reduce((s, c) => s + c.measured.routingMisses, 0);
    const checked = compared.reduce((s, c) => s + c.measured.checked, 0);
    return {
      verdict: verdictOf(pairs, usedPace(batches)),
      decision:
        "Inside the range, plan layers of this device by the profile alone; measure again " +
        "where a dimension leaves it. A profile taken on a busier or quieter machine would change this.",
      notes: [...notes, paceNote(batches)],
      tables,
      rows: [
        ...compared.map(layerRow),
        ...await operatorRows(compared, profile),
        ...spread.rows,
        ...node.rows,
      ],
      samples: Object.fromEntries(
        compared.map((c) => [c.pair.id, c.measured.samples]),
      ),
      pairs,
      pairSummaries,
      roofline: {
        peakFlopsPerSecond: profile.peakFlopsPerSecond.f32!,
        memoryBytesPerSecond: profile.memoryBandwidthBytesPerSecond,
        points: rooflinePoints(compared),
      },
      timelines: [spread.timeline, ...node.timelines],
      checks: [
        {
          name: "outputs against the oracle",
          value: worstOutput,
          limit: 1e-4,
          passed: worstOutput <= 1e-4,
          note:
            `largest error of ${checked} tokens, as a fraction of the largest output of the token`,
        },
        {
          name: "routing against the oracle",
          value: misses,
          limit: 0,
          passed: misses === 0,
          note: `tokens of ${checked} whose experts differ without a tie`,
        },
      ],
      circumstances: await circumstancesOf(device, {
        profile,
        resolutionSeconds: Math.min(...compared.map((c) => c.measured.timing.resolutionSeconds)),
      }),
    };
  } finally {
    device.close();
  }
}
