/**
 * The layer spread over many devices: data and expert parallelism, predicted by the simulator.
 *
 * @module
 */
import { modelPreset, type MoeLayerShape, moeLayerShape } from "../../core/mod.ts";
import type { DType, Profile } from "../../kernels/mod.ts";
import { contentId } from "../hash.ts";
import type { Row, Timeline } from "../../reports/result.ts";
import {
  type Cluster,
  countsFromChoices,
  deviceProfile,
  expertParallel,
  type ExpertParallelResult,
  imbalance,
  insideProfile,
  parseCluster,
  priceOp,
  skewedCounts,
  sumOverRanks,
  withDevice,
} from "../../sim/mod.ts";

/** A simulated step with what describes it. */
interface Simulated {
  row: Row;
  result: ExpertParallelResult;
}

const exact = (value: number, method: string) => ({ value, lo: value, hi: value, n: 0, method });

async function simulate(
  table: string,
  options: {
    cluster: Cluster;
    profile: Profile;
    shape: MoeLayerShape;
    counts_RE: number[][];
    tokensPerRank: number;
    dtype: DType;
    labels: Record<string, string | number>;
    warnings: string[];
  },
): Promise<Simulated> {
  const { cluster, profile, shape, counts_RE, tokensPerRank, dtype, labels, warnings } = options;
  const ranks = counts_RE.length;
  let extrapolated = false;
  const result = expertParallel({
    layer: shape,
    counts_RE,
    tokens_R: Array.from({ length: ranks }, () => tokensPerRank),
    dtype,
    cluster,
    price(op) {
      extrapolated ||= !insideProfile(op, profile);
      return priceOp(op, profile);
    },
  });
  const { step, shares, perRank } = result;
  const rate = ranks * tokensPerRank;
  const row: Row = {
    id: await contentId({ table, labels, cluster: cluster.id, shape, dtype }),
    table,
    labels,
    kind: "simulated",
    metrics: {
      stepSeconds: step,
      computeFraction: exact(shares.compute, "simulated"),
      communicationFraction: exact(shares.communication, "simulated"),
      waitingFraction: exact(shares.waiting, "simulated"),
      tokensPerSecond: {
        value: rate / step.value,
        lo: rate / step.hi,
        hi: rate / step.lo,
        n: 0,
        method: step.method,
      },
      rowImbalance: exact(imbalance(perRank.map((r) => r.rows)), "rows of the busiest rank / mean"),
    },
    warnings: extrapolated ? [...warnings, "an operator lies beyond the profiled range"] : warnings,
  };
  return { row, result };
}

/** The layer that is spread over copies of this device: 64 small experts, two a token. */
export const spreadLayer: MoeLayerShape = {
  dModel: 256,
  dExpert: 192,
  experts: 64,
  topK: 2,
  sharedExperts: 0,
  sharedWidth: 0,
};
/** Tokens of each device: the batch grows with the devices. */
export const TOKENS_PER_DEVICE = 256;

const DEVICES = [1, 2, 4, 8, 16, 32, 64];

/** The layer over 1 to 64 copies of this device, under a measured routing of its tokens. */
export async function overThisDevice(
  profile: Profile,
  ids_TK: Uint32Array,
): Promise<{ rows: Row[]; timeline: Timeline }> {
  const table = "devices";
  const { topK, experts } = spreadLayer;
  const all: Simulated[] = [];
  for (const ranks of DEVICES) {
    const counts_RE = countsFromChoices(
      ids_TK.subarray(0, ranks * TOKENS_PER_DEVICE * topK),
      { ranks, experts, topK },
    );
    const cluster = withDevice(parseCluster(`this:${ranks}`), profile);
    all.push(
      await simulate(table, {
        cluster,
        profile,
        shape: spreadLayer,
        counts_RE,
        tokensPerRank: TOKENS_PER_DEVICE,
        dtype: "f32",
        labels: { devices: ranks, expertsPerDevice: experts / ranks },
        warnings: ranks > 1 ? ["the links are assumed, not measured"] : [],
      }),
    );
  }
  const shown = all[DEVICES.indexOf(8)];
  return {
    rows: all.map((s) => s.row),
    timeline: {
      id: "gantt-this-device-8",
      title: "The layer over 8 copies of this device",
      note: "Each lane is a stream of one device. Waiting is what the slowest peer of an " +
        "all-to-all costs the others; it comes from the measured routing.",
      kind: "simulated",
      spans: shown.result.spans,
    },
  };
}

const MODELS = ["mixtral-8x7b", "qwen3-30b-a3b", "deepseek-v3"];
const SKEWS = [0, 0.5];
const TOKENS_PER_GPU = 4096;

/** One layer of known models on a node of eight H100, balanced and skewed. */
export async function onH100Node(
  seed: number,
): Promise<{ rows: Row[]; timelines: Timeline[] }> {
  const cluster = parseCluster("h100:8");
  const profile = deviceProfile(cluster.device);
  const rows: Row[] = [];
  const timelines: Timeline[] = [];
  for (const id of MODELS) {
    const shape = moeLayerShape(modelPreset(id));
    for (const exponent of SKEWS) {
      const counts_RE = skewedCounts({
        ranks: cluster.devices,
        tokensPerRank: TOKENS_PER_GPU,
        experts: shape.experts,
        topK: shape.topK,
      }, { exponent, seed, shuffled: true });
      const { row, result } = await simulate("h100", {
        cluster,
        profile,
        shape,
        counts_RE,
        tokensPerRank: TOKENS_PER_GPU,
        dtype: "bf16",
        labels: {
          model: id,
          skewExponent: exponent,
          busiestExpert: Number(imbalance(sumOverRanks(counts_RE)).toFixed(2)),
        },
        warnings: [],
      });
      rows.push(row);
      if (id === MODELS[0] && exponent === 0.5) {
        timelines.push({
          id: `gantt-h100-${id}`,
          title: `One ${id} layer on 8 x H100, forward, skew exponent ${exponent}`,
          note: "Expert parallelism over NVLink, bf16, one expert a device. The device with the " +
            "hot expert computes while the others wait for its rows.",
          kind: "simulated",
          spans: result.spans,
        });
      }
    }
  }
  return { rows, timelines };
}
