/**
 * What the report of `moe-layer` says: verdict, tables and notes.
 *
 * @module
 */
import { mean } from "simple-statistics";
import { median } from "../../kernels/base/mod.ts";
import type { Pair, Result } from "../../reports/result.ts";
import { spreadLayer, TOKENS_PER_DEVICE } from "./cluster_predict.ts";
import { errorOf, summarisePairs } from "./errors_of_pairs.ts";
import type { MeasuredBatch } from "./layer_measure.ts";

const percent = (x: number) => `${(100 * x).toFixed(1)} %`;

/** Median error up to which the answer is yes, and up to which it is "roughly". */
const [GOOD, ROUGH] = [0.15, 0.3];

/** Pace beyond which the verdict mentions it. */
const DRIFT = 0.1;

/** The answer in a sentence; `pace` is how long profiled shapes took now, over the profile. */
export function verdictOf(pairs: readonly Pair[], pace: number): string {
  const errors = (inside: boolean) =>
    pairs.filter((p) => p.inside === inside).map((p) => Math.abs(errorOf(p)));
  const [inside, outside] = [errors(true), errors(false)];
  if (inside.length === 0) return "No layer lay inside the profiled range: nothing to say.";
  const typical = median(inside);
  const answer = typical.value <= GOOD ? "Yes" : typical.value <= ROUGH ? "Roughly" : "No";
  const { worst } = summarisePairs("inside", pairs.filter((p) => p.inside));
  const beyond = outside.length > 0
    ? ` Beyond the profiled range it is ${
      percent(median(outside).value)
    } (${outside.length} layers).`
    : "";
  return `${answer}: the median error is ${percent(typical.value)} (95 % interval ` +
    `${percent(typical.lo)} to ${
      percent(typical.hi)
    }) over ${inside.length} layers that were never ` +
    `profiled; the worst is ${worst.label}, ${worst.error > 0 ? "+" : ""}${percent(worst.error)}.` +
    beyond + (Math.abs(pace - 1) > DRIFT ? ` ${driftOf(pace)}` : "");
}

function driftOf(pace: number): string {
  return `Meanwhile profiled shapes took ${
    pace.toFixed(2)
  } times what the profile says: the machine ` +
    "is not in the state in which it was profiled.";
}

/** Mean pace of the rounds whose samples count. */
export function usedPace(batches: readonly MeasuredBatch[]): number {
  return mean(batches.flatMap(({ paces, rounds }) => rounds.map((round) => paces[round])));
}

/** What the profiled shapes that ran between the layers say of the machine. */
export function paceNote(batches: readonly MeasuredBatch[]): Result["notes"][number] {
  const all = batches.flatMap((b) => b.paces);
  const used = batches.reduce((n, b) => n + b.rounds.length, 0);
  return {
    heading: "Pace of the machine",
    paragraphs: [
      "Layers are measured in rounds, one sample of each in every round, and after a round the " +
      "middle shape of every product is timed again. Over the profile these shapes took " +
      `${Math.min(...all).toFixed(2)} to ${
        Math.max(...all).toFixed(2)
      } times as long. The samples of ` +
      `${used} of ${all.length} rounds count: those within 12 % of the profile, or all of a batch ` +
      "where fewer than three are. The raw samples below are those of all rounds. Predictions rest " +
      "on the profile alone.",
    ],
  };
}

const simulatedColumns = [
  "stepSeconds",
  "tokensPerSecond",
  "computeFraction",
  "communicationFraction",
  "waitingFraction",
  "rowImbalance",
];

/** The tables, in order. */
export const tables: Result["tables"] = [
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

/** How it was done, and what it leaves out. */
export const notes: Result["notes"] = [
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
