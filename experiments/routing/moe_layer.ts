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
import { stableJson, writeTextFile } from "../../kernels/base/files.ts";
import {
  createPool,
  gradientKinds,
  layerKinds,
  openDevice,
  profileOf,
  startProfiling,
  tunedKernels,
} from "../../kernels/mod.ts";
import { circumstancesOf } from "../circumstances.ts";
import { type Context, defineExperiment, type Outcome } from "../define.ts";
import { onH100Node, overThisDevice, spreadLayer, TOKENS_PER_DEVICE } from "./cluster_predict.ts";
import { MEMORY, profilePath, readProfile } from "../device_profile.ts";
import {
  compare,
  type Compared,
  layerRows,
  layerSummaries,
  rooflinePoints,
} from "./layer_compare.ts";
import { drawLayers } from "./layer_draw.ts";
import { measureLayers } from "./layer_measure.ts";
import { passes } from "./layer_passes.ts";
import { routeLayer } from "./layer_route.ts";
import { operatorPairs, operatorRows } from "./operator_compare.ts";
import { notes, roundsNote, tables, verdictOf } from "./moe_layer_words.ts";

/** The measured and the predicted time of a mixture-of-experts layer, forward and backward. */
export const moeLayerExperiment = defineExperiment({
  id: "moe-layer",
  title: "A mixture-of-experts layer, measured and predicted",
  question:
    "Does a simulator that knows only this device's profile predict the time of a layer it never saw?",
  parameters: {
    layers: { quick: 24, full: 96, note: "layers to draw and compare" },
    repeats: { quick: 7, full: 31, note: "timed repetitions of each layer" },
  },
  run: runMoeLayer,
});

async function runMoeLayer(
  context: Context<{ layers: number; repeats: number }>,
): Promise<Outcome> {
  const { seed, parameters, progress, signal } = context;
  for (const [name, value] of Object.entries(parameters)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new UserError(
        `Cannot run moe-layer with ${name}=${value}: wanted a whole number from 1`,
      );
    }
  }
  const device = await openDevice();
  try {
    const remembered = await readProfile(profilePath(device));
    progress.start(100, "choosing kernels");
    const kernels = await tunedKernels(device, { memory: `${MEMORY}/tune.json` });
    const pool = createPool(device);
    const kinds = [...layerKinds, ...gradientKinds];
    const profiling = startProfiling(pool, { kernels, kinds });
    const layers = drawLayers({ curves: profiling.outlines }, { seed, count: parameters.layers });
    const runs = layers.map((layer) => ({ ...layer, seed, name: `layer/${layer.index}` }));
    let shown = 0;
    const measured = await measureLayers(pool, runs, {
      ...{ kernels, repeats: parameters.repeats, profiling, signal },
      done(share) {
        for (; shown < Math.floor(100 * share); shown++) progress.step("profile and layers");
      },
    });
    profiling.release();
    const profile = await profileOf(pool, { profiling, kernels });
    // What is remembered may have more operators.
    if (!remembered) await writeTextFile(profilePath(device), stableJson(profile));
    const compared: Compared[] = [];
    for (const [i, layer] of layers.entries()) {
      compared.push(await compare(layer, measured[i], profile));
    }
    progress.stop();
    const run = { tokens: 64 * TOKENS_PER_DEVICE, shape: spreadLayer, skew: 0.5 };
    const ids_TK = await routeLayer(pool, { ...run, seed, name: "spread" }, kernels);
    const spread = await overThisDevice(profile, ids_TK);
    const node = await onH100Node(seed);
    const pairs = passes.flatMap((pass) => compared.map((c) => c.passes[pass].pair));
    const worstOutput = Math.max(...compared.map((c) => c.measured.outputError));
    const worstGradient = Math.max(...compared.map((c) => c.measured.gradientError));
    const misses = compared.reduce((s, c) => s + c.measured.routingMisses, 0);
    const checked = compared.reduce((s, c) => s + c.measured.checked, 0);
    return {
      verdict: verdictOf(pairs),
      decision:
        "A plan of layers of this device made from the profile alone carries these errors; measure " +
        "again where a dimension leaves the range. A profile taken on a busier or quieter machine would change this.",
      notes: [...notes, roundsNote(profiling.rounds())],
      tables,
      rows: [
        ...compared.flatMap(layerRows),
        ...await operatorRows(compared, profile),
        ...spread.rows,
        ...node.rows,
      ],
      samples: Object.fromEntries(
        compared.flatMap((c) =>
          passes.map((
            pass,
          ) => [c.passes[pass].pair.id, c.measured.passes[pass].timing.total.seconds])
        ),
      ),
      pairs: [...pairs, ...await operatorPairs(compared, profile)],
      pairStyle: { measured: "measured", series: "group" },
      pairSummaries: layerSummaries(compared),
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
          name: "gradients against the oracle",
          value: worstGradient,
          limit: 1e-4,
          passed: worstGradient <= 1e-4,
          note:
            "largest error of the input's gradient at two tokens of each layer, as a fraction of " +
            "the largest of the token, and of the sums of the weights' gradients",
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
        resolutionSeconds: Math.min(
          ...compared.map((c) => c.measured.passes.forward.timing.resolutionSeconds),
        ),
      }),
    };
  } finally {
    device.close();
  }
}
