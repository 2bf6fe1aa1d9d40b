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
import { median } from "simple-statistics";
import { lowerMoeLayer } from "../../core/mod.ts";
import { type AnyOp, bytes, type Estimate, exactly, flops, sum } from "../../kernels/base/mod.ts";
import {
  adapterKey,
  createPool,
  type Device,
  openDevice,
  parseChoice,
  type Profile,
} from "../../kernels/mod.ts";
import type { Pair, PairSummary, Row } from "../../reports/result.ts";
import { priceOp } from "../../sim/mod.ts";
import { type Circumstances, type Context, defineExperiment, type Outcome } from "../define.ts";
import { contentId } from "../hash.ts";
import { onH100Node, overThisDevice, spreadLayer, TOKENS_PER_DEVICE } from "./cluster_predict.ts";
import { deviceProfileOf } from "./device_profile.ts";
import { errorOf, summarisePairs } from "./errors_of_pairs.ts";
import { drawLayers, type DrawnLayer, isInside } from "./layer_draw.ts";
import { type MeasuredLayer, measureLayer } from "./layer_measure.ts";

/** A layer, what was measured of it and what was predicted. */
interface Compared {
  layer: DrawnLayer;
  measured: MeasuredLayer;
  ops: AnyOp[];
  pair: Pair;
}

const labelOf = ({ tokens: t, shape: s, skew }: DrawnLayer) =>
  `T${t} D${s.dModel} F${s.dExpert} E${s.experts} K${s.topK}` +
  (s.sharedWidth > 0 ? ` S${s.sharedWidth}` : "") + (skew > 0 ? ` skew ${skew}` : "");

async function compare(
  layer: DrawnLayer,
  measured: MeasuredLayer,
  profile: Profile,
): Promise<Compared> {
  const ops = lowerMoeLayer(layer.shape, layer.tokens, { rows: measured.rows });
  const predicted = sum(ops.map((op) => priceOp(op, profile)), "sum of the profile's prices");
  const { index: _, ...configuration } = layer;
  const pair = {
    id: `layer-${await contentId(configuration)}`,
    label: labelOf(layer),
    predicted,
    measured: measured.timing.total.estimate,
    inside: isInside(ops, profile),
  };
  return { layer, measured, ops, pair };
}

const totalFlops = (ops: readonly AnyOp[]) => ops.reduce((s, op) => s + flops(op), 0);

/** Value and interval of `work` divided by seconds. */
function rateOf(work: number, seconds: Estimate): Estimate {
  const { value, lo, hi, n, method } = seconds;
  return { value: work / value, lo: work / hi, hi: work / lo, n, method };
}

function layerRow({ layer, measured, ops, pair }: Compared): Row {
  const { shape } = layer;
  return {
    id: pair.id,
    table: "layers",
    labels: {
      tokens: layer.tokens,
      dModel: shape.dModel,
      dExpert: shape.dExpert,
      experts: shape.experts,
      topK: shape.topK,
      sharedWidth: shape.sharedWidth,
      skew: layer.skew,
      range: pair.inside ? "inside" : "outside",
      digest: measured.digest,
    },
    kind: "measured",
    metrics: {
      layerSeconds: pair.measured,
      rateFlopsPerSecond: rateOf(totalFlops(ops), pair.measured),
      outputErrorFraction: exactly(measured.outputError, "largest over checked tokens"),
    },
    warnings: measured.timing.total.warnings,
  };
}

/** Predicted against measured for each operator by itself: which one the error comes from. */
async function operatorRows(compared: readonly Compared[], profile: Profile): Promise<Row[]> {
  const inside = compared.filter((c) => c.pair.inside);
  const total = inside.reduce((s, c) => s + c.measured.timing.total.estimate.value, 0);
  const names = [...new Set(inside.flatMap((c) => c.ops.map((op) => op.name ?? op.kind)))];
  return await Promise.all(names.map(async (name) => {
    const pairs = inside.flatMap((c) => {
      const op = c.ops.find((op) => (op.name ?? op.kind) === name);
      const measured = c.measured.timing.byLabel[name];
      return op && measured
        ? [{ predicted: priceOp(op, profile), measured: measured.estimate }]
        : [];
    });
    const errors = pairs.map(errorOf);
    const seconds = pairs.reduce((s, p) => s + p.measured.value, 0);
    const over = `over ${pairs.length} layers inside the range`;
    return {
      id: `operator-${await contentId(name)}`,
      table: "operators",
      labels: { operator: name, layers: pairs.length },
      kind: "derived" as const,
      metrics: {
        timeFraction: exactly(seconds / total, over),
        absoluteErrorFraction: exactly(median(errors.map(Math.abs)), `median ${over}`),
        signedErrorFraction: exactly(median(errors), `median ${over}`),
      },
      warnings: [],
    };
  }));
}

/** The simplest rival: every layer at the median rate of all layers inside, fitted on them. */
function constantRate(compared: readonly Compared[]): PairSummary {
  const inside = compared.filter((c) => c.pair.inside);
  const rate = median(inside.map((c) => totalFlops(c.ops) / c.pair.measured.value));
  return summarisePairs(
    "inside, baseline of one constant rate (fitted on them)",
    inside.map((c) => ({ ...c.pair, predicted: exactly(totalFlops(c.ops) / rate, "constant") })),
  );
}

function circumstancesOf(
  device: Device,
  options: { profile: Profile; profileHash: string; resolutionSeconds: number },
): Circumstances {
  const { profile, profileHash, resolutionSeconds } = options;
  const limits = [
    "maxBufferSize",
    "maxStorageBufferBindingSize",
    "maxComputeInvocationsPerWorkgroup",
  ];
  return {
    adapter: {
      ...device.adapter,
      features: [...device.gpu.features].map(String).sort(),
      limits: Object.fromEntries(
        limits.map((name) => [name, device.gpu.limits[name as keyof GPUSupportedLimits] as number]),
      ),
      subgroupSize: device.subgroupSize,
    },
    timer: { kind: "WebGPU timestamp queries at pass boundaries", resolutionSeconds },
    inputs: { profile: profileHash },
    kernels: profile.kernels,
  };
}

const percent = (x: number) => `${(100 * x).toFixed(1)} %`;

function verdictOf(summaries: readonly PairSummary[]): string {
  const [inside, outside] = ["inside", "outside"].map((g) => summaries.find((s) => s.group === g));
  if (!inside) return "No layer lay inside the profiled range: nothing to say.";
  const beyond = outside
    ? ` Beyond the profiled range the median error is ${percent(outside.medianAbsoluteError)} ` +
      `(${outside.n} layers).`
    : "";
  return `Yes, to a median error of ${
    percent(inside.medianAbsoluteError)
  } over ${inside.n} layers ` +
    `that were never profiled; the worst is ${inside.worst.label} ` +
    `(${inside.worst.error > 0 ? "+" : ""}${percent(inside.worst.error)}).${beyond}`;
}

const simulatedColumns = [
  "stepSeconds",
  "tokensPerSecond",
  "computeFraction",
  "communicationFraction",
  "waitingFraction",
  "rowImbalance",
];

const tables = [
  {
    id: "layers",
    title: "Measured layers",
    note: "T tokens through E experts of width F, K a token, D wide; drawn by seed. The digest " +
      "names routing and outputs: a run with the same seed gives the same one.",
    columns: ["tokens", "dModel", "dExpert", "experts", "topK", "sharedWidth", "skew", "range"]
      .concat(["layerSeconds", "rateFlopsPerSecond", "outputErrorFraction", "digest"]),
  },
  {
    id: "operators",
    title: "Where the error comes from",
    note: "Each operator's predicted against its measured time, by itself, inside the range.",
    columns: ["operator", "layers", "timeFraction", "absoluteErrorFraction", "signedErrorFraction"],
  },
  {
    id: "devices",
    title: "The layer over copies of this device",
    note: `D=${spreadLayer.dModel}, F=${spreadLayer.dExpert}, E=${spreadLayer.experts}, ` +
      `K=${spreadLayer.topK}, ${TOKENS_PER_DEVICE} tokens a device, under a routing measured here.`,
    columns: ["devices", "expertsPerDevice", ...simulatedColumns],
    best: { tokensPerSecond: "highest" as const },
  },
  {
    id: "h100",
    title: "Layers of known models on 8 x H100",
    note: "Forward pass of one layer, 4096 tokens a device, bf16, expert parallelism over NVLink.",
    columns: ["model", "skewExponent", "busiestExpert", ...simulatedColumns],
  },
];

const notes = [
  {
    heading: "How the prediction is made",
    paragraphs: [
      "The profile holds the seconds of each operator on a grid of shapes. A layer is lowered to " +
      "operators; each is priced by interpolation between profiled shapes, in the logarithm of " +
      "its dimensions, after these are rounded up to the kernel's tiles. The layer's price is the " +
      "sum. Nothing is fitted on the layers that are compared.",
      "Expert loads are those that the router chose on the device: each expert's rows are rounded " +
      "up to tiles by themselves, so skew and small experts cost what their padding costs.",
    ],
  },
  {
    heading: "What is left out",
    paragraphs: [
      "Gaps between launches, cache effects of what ran before, and other programs on the machine. " +
      "On software Vulkan the last is the largest: the same shape varies by 10 to 30 % between " +
      "quiet and busy moments.",
      "Over several devices the links are assumed (their description says so) and every choice of " +
      "a token crosses the link by itself.",
    ],
  },
];

/** The measured and the predicted time of a mixture-of-experts layer. */
export const moeLayerExperiment = defineExperiment({
  id: "moe-layer",
  title: "A mixture-of-experts layer, measured and predicted",
  question:
    "Does a simulator that knows only this device's profile predict the time of a layer it never saw?",
  parameters: {
    layers: { quick: 40, full: 96, note: "layers to draw and compare" },
    repeats: { quick: 7, full: 21, note: "timed repetitions of each layer" },
  },
  run: runMoeLayer,
});

async function runMoeLayer(
  context: Context<{ layers: number; repeats: number }>,
): Promise<Outcome> {
  const { seed, quick, parameters, progress, signal } = context;
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
    progress.start(layers.length + 1, "layers");
    const compared: Compared[] = [];
    for (const layer of layers) {
      signal.throwIfAborted();
      const run = { ...layer, seed, name: `layer/${layer.index}` };
      const measured = await measureLayer(pool, run, { kernels, repeats: parameters.repeats });
      compared.push(await compare(layer, measured, profile));
      progress.step(labelOf(layer));
    }
    const routed = await measureLayer(pool, {
      tokens: 64 * TOKENS_PER_DEVICE,
      shape: spreadLayer,
      skew: 0.5,
      seed,
      name: "spread",
    }, { kernels, repeats: 1 });
    progress.step("clusters");
    progress.stop();
    const spread = await overThisDevice(profile, routed.ids);
    const node = await onH100Node(seed);
    const pairs = compared.map((c) => c.pair);
    const group = (inside: boolean) => pairs.filter((p) => p.inside === inside);
    const pairSummaries = [
      ...(group(true).length > 0
        ? [summarisePairs("inside", group(true)), constantRate(compared)]
        : []),
      ...(group(false).length > 0 ? [summarisePairs("outside", group(false))] : []),
    ];
    const worstOutput = Math.max(...compared.map((c) => c.measured.outputError));
    const misses = compared.reduce((s, c) => s + c.measured.routingMisses, 0);
    const checked = compared.reduce((s, c) => s + c.measured.checked, 0);
    return {
      verdict: verdictOf(pairSummaries),
      decision:
        "Inside the range, plan layers of this device by the profile alone; measure again " +
        "where a dimension leaves it. A profile taken on a busier or quieter machine would change this.",
      notes,
      tables,
      rows: [
        ...compared.map(layerRow),
        ...await operatorRows(compared, profile),
        ...spread.rows,
        ...node.rows,
      ],
      samples: Object.fromEntries(
        compared.map((c) => [c.pair.id, c.measured.timing.total.seconds]),
      ),
      pairs,
      pairSummaries,
      roofline: {
        peakFlopsPerSecond: profile.peakFlopsPerSecond.f32!,
        memoryBytesPerSecond: profile.memoryBandwidthBytesPerSecond,
        points: compared.flatMap((c) =>
          c.ops.filter((op) => op.kind.startsWith("grouped")).map((op) => ({
            id: c.pair.id,
            label: `${op.kind} ${c.pair.label}`,
            flopPerByte: flops(op) / bytes(op),
            flopsPerSecond: rateOf(flops(op), c.measured.timing.byLabel[op.name!].estimate),
          }))
        ),
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
      circumstances: circumstancesOf(device, {
        profile,
        profileHash: `${adapterKey(device.adapter)} ${await contentId(profile)}`,
        resolutionSeconds: Math.min(
          ...compared.map((c) => c.measured.timing.resolutionSeconds),
        ),
      }),
    };
  } finally {
    device.close();
  }
}
