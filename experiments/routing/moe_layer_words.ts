/**
 * What the report of `moe-layer` says: verdict, tables and notes.
 *
 * @module
 */
import { median } from "../../kernels/base/mod.ts";
import type { Pair, Result } from "../../reports/result.ts";
import { spreadLayer, TOKENS_PER_DEVICE } from "./cluster_predict.ts";
import { errorOf, summarisePairs } from "../compare/errors_of_pairs.ts";
import { groupOf } from "./layer_compare.ts";
import { type Pass, passes } from "./layer_passes.ts";

const percent = (x: number) => `${(100 * x).toFixed(1)} %`;

/** Median error up to which the answer is yes, and up to which it is "roughly". */
const [GOOD, ROUGH] = [0.1, 0.25];

/** What is said of one pass, and its median error inside the range. */
function sayPass(pass: Pass, pairs: readonly Pair[]): { says: string; error: number }[] {
  const inside = pairs.filter((pair) => pair.group === groupOf(pass, true));
  if (inside.length === 0) return [];
  const { value, lo, hi } = median(inside.map((pair) => Math.abs(errorOf(pair))));
  const { worst } = summarisePairs(pass, inside);
  const says = `${percent(value)} ${pass} (95 % interval ${percent(lo)} to ${percent(hi)} over ` +
    `${inside.length} layers; the worst is ${worst.label}, ` +
    `${worst.error > 0 ? "+" : ""}${percent(worst.error)})`;
  return [{ says, error: value }];
}

/** The answer in a sentence. */
export function verdictOf(pairs: readonly Pair[]): string {
  const said = passes.flatMap((pass) => sayPass(pass, pairs));
  if (said.length === 0) return "No layer lay inside the profiled range: nothing to say.";
  const error = Math.max(...said.map((one) => one.error));
  const answer = error <= GOOD ? "Yes" : error <= ROUGH ? "Roughly" : "No";
  const outside = pairs.filter((pair) => !pair.inside).map((pair) => Math.abs(errorOf(pair)));
  const beyond = outside.length > 0
    ? ` Beyond the profiled range it is ${percent(median(outside).value)} ` +
      `(${outside.length} passes).`
    : "";
  return `${answer}: the median error on layers that were never profiled is ` +
    `${said.map((one) => one.says).join(" and ")}.` +
    beyond;
}

/** In what state of the machine the two sides were measured. */
export function roundsNote(rounds: number): Result["notes"][number] {
  return {
    heading: "One machine, the same minutes",
    paragraphs: [
      `The profile and the layers are measured in the same ${rounds} rounds: one sample of every ` +
      "profiled shape and of each pass of every layer in each of them, the shapes recorded between " +
      "the layers. So both meet the machine in the same states, whatever else runs on it. A round " +
      "runs without a break: a processor that rests between short recordings is at another pace.",
      "A time is the lower quartile of its samples, on both sides: other programs only ever add to " +
      "it. The intervals reach from the fastest sample to the median. A pass takes the sum of its " +
      "launches and of the gaps between them, each taken so over all rounds; the raw samples below " +
      "are whole passes, as the clock said.",
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

const shapeColumns = ["tokens", "dModel", "dExpert", "experts", "topK", "sharedWidth", "skew"]
  .concat("range");

/** The tables, in order. */
export const tables: Result["tables"] = [
  {
    id: "forward",
    title: "Measured layers, forward",
    note: "T tokens through E experts of width F, K a token, D wide; drawn by seed. The digest " +
      "names routing and outputs: a run with the same seed gives the same one.",
    columns: [...shapeColumns, "layerSeconds", "rateFlopsPerSecond", "outputErrorFraction"]
      .concat("digest"),
  },
  {
    id: "backward",
    title: "Measured layers, backward",
    note: "The gradients of the same layers' input and weights, after a forward pass that kept " +
      "what they need; that pass is not counted.",
    columns: [...shapeColumns, "layerSeconds", "rateFlopsPerSecond", "gradientErrorFraction"],
  },
  {
    id: "operators",
    title: "Where the error comes from",
    note: "Each operator's predicted against its measured time, by itself, inside the range. An " +
      "operator of a backward pass is named after the product that it differentiates: dx is the " +
      "gradient of its input, dw that of its weights.",
    columns: ["pass", "operator", "layers", "timeFraction", "absoluteErrorFraction"]
      .concat("signedErrorFraction"),
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
      "operators, forward and backward; each is priced by interpolation between profiled shapes, " +
      "in the logarithm of its dimensions, after these are rounded up to the kernel's tiles. The " +
      "price of a pass is the sum. Nothing is fitted on the layers that are compared.",
      "Expert loads are those that the router chose on the device: each expert's rows are rounded " +
      "up to tiles by themselves, so skew and small experts cost what their padding costs.",
    ],
  },
  {
    heading: "What is left out",
    paragraphs: [
      "Gaps between launches (2 % of a pass), cache effects of what ran before, and other programs on the machine. " +
      "On software Vulkan the last is the largest: the same shape varies by 10 to 30 % between " +
      "quiet and busy moments.",
      "Over several devices the links are assumed (their description says so) and every choice of " +
      "a token crosses the link by itself.",
    ],
  },
];
