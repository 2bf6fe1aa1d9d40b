/**
 * What the report of `train-step` says: verdict, tables and notes.
 *
 * @module
 */
import { median } from "../../kernels/base/mod.ts";
import type { Pair, Result } from "../../reports/result.ts";
import { errorOf, summarisePairs } from "../compare/errors_of_pairs.ts";

const percent = (x: number) => `${(100 * x).toFixed(1)} %`;

/** Median errors up to which the answer is yes, and up to which it is "roughly". */
const limits = { seconds: { good: 0.1, rough: 0.25 }, bytes: { good: 0.05, rough: 0.1 } };

function sayErrors(what: string, pairs: readonly Pair[]): { says: string; error: number } {
  const { value, lo, hi } = median(pairs.map((pair) => Math.abs(errorOf(pair))));
  const { worst } = summarisePairs(what, pairs);
  const says =
    `${percent(value)} of ${what} (95 % interval ${percent(lo)} to ${percent(hi)} over ` +
    `${pairs.length} ${pairs.length === 1 ? "model" : "models"}; the worst is ${worst.label}, ` +
    `${worst.error > 0 ? "+" : ""}${percent(worst.error)})`;
  return { says, error: value };
}

/** The answer in a sentence. */
export function stepVerdict(steps: readonly Pair[], memory: readonly Pair[]): string {
  const [seconds, bytes] = [sayErrors("the time", steps), sayErrors("the memory", memory)];
  const within = (key: "good" | "rough") =>
    seconds.error <= limits.seconds[key] && bytes.error <= limits.bytes[key];
  const answer = within("good") ? "Yes" : within("rough") ? "Roughly" : "No";
  return `${answer}: over training steps of models that were never run before, the median error is ` +
    `${seconds.says} and ${bytes.says}.`;
}

/** What the answer decides. */
export const stepDecision =
  "Steps of small models on this device can be planned from the profile alone, within these errors. " +
  "Measure again where sizes leave the profiled range, or where other programs run than did here.";

/** In what state of the machine the two sides were measured. */
export const stepRoundsNote = (rounds: number): Result["notes"][number] => ({
  heading: "One machine, the same minutes",
  paragraphs: [
    `The profile and the steps are measured in the same ${rounds} rounds: one sample of every ` +
    "profiled shape and of every step in each, the steps recorded between the shapes. A step goes to " +
    "the device in one piece: forward, backward and update, nothing read back in between.",
    "A time is the lower quartile of its samples, on both sides, launch by launch: other programs " +
    "only ever add to it. A step takes the sum of its launches and of the gaps between them; the raw " +
    "samples are whole steps, as the clock said.",
  ],
});

const sizeColumns = [
  ...["layers", "dModel", "heads", "headDim", "experts", "topK", "dExpert", "sharedWidth", "dense"],
  ...["vocabulary", "sequences", "length"],
];
const errorColumns = ["steps", "timeFraction", "absoluteErrorFraction", "signedErrorFraction"];

/** The tables, in order. */
export const stepTables: Result["tables"] = [
  {
    id: "steps",
    title: "Measured and predicted steps",
    note: "Models drawn by seed: L layers D wide, query and key heads, E experts of width F, K a " +
      "token, or one dense network; a batch of sequences of random tokens.",
    columns: [
      ...sizeColumns,
      ...["stepSeconds", "predictedSeconds", "tokensPerSecond", "rateFlopsPerSecond"],
    ],
  },
  {
    id: "phases",
    title: "By phase",
    note: "Launches alone; the gaps between them are part of the steps above.",
    columns: ["phase", ...errorColumns],
  },
  {
    id: "operators",
    title: "Where the error comes from",
    note: "Each operator's predicted against its measured time, over all steps that have it.",
    columns: ["phase", "operator", ...errorColumns],
  },
  {
    id: "memory",
    title: "Memory",
    note:
      "What the pools of a trainer held at the most, and what the description says they hold. " +
      "State is weights, moments and batch; activations are everything that a step makes.",
    columns: [
      ...sizeColumns,
      ...["heldBytes", "predictedBytes", "signedErrorFraction", "stateBytes", "activationBytes"],
      "leastActivationBytes",
    ],
  },
];

/** How it was done, and what it leaves out. */
export const stepNotes: Result["notes"] = [
  {
    heading: "How time is predicted",
    paragraphs: [
      "A description is lowered to the operators of a step: forward and loss, gradients, the norm of " +
      "all gradients, AdamW. Each is priced by the profile of this device, which knows seconds of " +
      "operators on a grid of shapes and the gap between two launches. Nothing is fitted on the " +
      "models that are compared.",
      "Expert loads are those that the routers chose, layer by layer: each expert's rows are rounded " +
      "up to tiles by themselves. All else follows from the description and the batch.",
      "Where a number of the operators is not profiled, the nearest is scaled by FLOP: attention is " +
      "profiled with heads 64 wide, gated products of a training with 8 experts.",
    ],
  },
  {
    heading: "How memory is predicted",
    paragraphs: [
      "The description is gone through once with shapes alone: what an operation gives is held until " +
      "its gradient has been made, gradients of weights until the update, and matrices have a mirror " +
      "from the first product that reads them, where kernels read textures. These lifetimes are " +
      "dealt to shared memory by the rule that the trainer deals its own by. No device is asked.",
      "The small tensors that sorts and sums take for a moment are left out.",
    ],
  },
  {
    heading: "What is left out",
    paragraphs: [
      "What ran before an operator and what it left in caches, and other programs on the machine: on " +
      "software Vulkan the last is the largest. Reading the loss back is not part of a step.",
      "Products, attention and what works on rows of experts never share their sizes with a profiled " +
      "shape, nor do they when rounded up to tiles. Operators of one size, such as updates, lie " +
      "between few profiled sizes by nature.",
    ],
  },
];
