/**
 * The traces that placements are judged on: made up by a law, and recorded of trained routers.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Sizes } from "../../sim/cost/sizes.ts";
import { readJsonFile } from "../read_json.ts";
import { isPath } from "../read_model.ts";
import { readRouting } from "../simulate/simulation.ts";
import { halveCounts, type HalvedTrace, syntheticTrace } from "./synthetic_trace.ts";
import balanced from "./recorded/loss_free.json" with { type: "json" };
import topTwo from "./recorded/mixtral.json" with { type: "json" };

/** Traces that ship, recorded by `experiment routing-trace` with 64 experts. */
export const recordedTraces: Readonly<Record<string, { counts_LE: number[][] }>> = {
  "mixtral": topTwo,
  "loss-free": balanced,
};

/** A trace, split anew by each seed. */
export interface TraceSource {
  /** As tables name it. */
  name: string;
  /** The counts of a recorded trace as a whole. */
  counts_LE?: number[][];
  /** Its halves. */
  halves(seed: number): HalvedTrace;
}

/** What made-up traces are drawn by, beside the skew. */
export interface TraceSettings {
  /** Tokens. */
  tokens: number;
  /** Layers; they stand for those of the model in turn. */
  layers: number;
  /** How far popularity moves between the halves. */
  drift: number;
  /** Share of choices that follow from the layer before. */
  affinity: number;
}

/** A made-up trace. */
export function madeUpTrace(skew: number, { moe }: Sizes, settings: TraceSettings): TraceSource {
  const { experts, topK } = moe!;
  return {
    name: `skew ${skew}`,
    halves: (seed) => syntheticTrace({ ...settings, experts, topK, skew, seed }),
  };
}

/** Counts of a recorded trace, checked as the simulator checks them. */
async function countsOf(word: string, sizes: Sizes): Promise<number[][]> {
  const shipped = recordedTraces[word];
  if (!shipped && !isPath(word)) {
    throw new UserError(
      `Cannot read trace "${word}": wanted ${Object.keys(recordedTraces).join(", ")} or the path ` +
        `of a JSON file`,
    );
  }
  const value = shipped ?? await readJsonFile(word);
  readRouting(value, word, sizes);
  const { counts_LE } = value as { counts_LE: number[][] };
  if (counts_LE.flat().every(Number.isSafeInteger)) return counts_LE;
  throw new UserError(`Cannot split ${word} into halves: wanted counts_LE in whole choices`);
}

/**
 * A recorded trace: one that ships, or a file.
 *
 * @throws {UserError} where it is not there or of other experts than the model's.
 */
export async function recordedTrace(word: string, sizes: Sizes): Promise<TraceSource> {
  const counts_LE = await countsOf(word, sizes);
  return {
    ...{ name: `recorded ${word}`, counts_LE },
    halves: (seed) => halveCounts(counts_LE, seed),
  };
}
