/**
 * The choices of a checkpoint as a trace that `simulate --routing` reads, and what a cluster's step
 * loses by them.
 *
 * @module
 */
import { join } from "node:path";
import { UserError } from "../../../kernels/base/errors.ts";
import { stableJson, writeTextFile } from "../../../kernels/base/files.ts";
import type { SimulatedTrace } from "../../training/trace/simulate_trace.ts";
import { type SimulatedWords, simulateTrace } from "../../training/trace/simulate_trace.ts";
import { choiceCounts, type RoutedTexts } from "./routed.ts";

/** A trace: choices counted by layer and expert, and where they come from. */
export interface CheckpointTrace {
  /** Choices: layers with experts in rows, experts in columns. */
  counts_LE: number[][];
  /** Indices of the layers. */
  layers: number[];
  /** Id of the model. */
  model: string;
  /** Names of the texts' domains. */
  domains: string[];
  /** Tokens that were counted. */
  tokens: number;
}

/** A trace that was written, with the cluster's steps or why there are none. */
export interface TraceCost {
  /** Where it lies. */
  path: string;
  /** What was asked of the simulator. */
  words: SimulatedWords;
  /** The steps. */
  simulated?: SimulatedTrace;
  /** Why there are none. */
  refused?: string;
}

/** The trace of routed texts. */
export function checkpointTrace(texts: RoutedTexts, model: string): CheckpointTrace {
  return {
    ...{ counts_LE: choiceCounts(texts), layers: [...texts.layers], model },
    domains: [...texts.domains],
    tokens: texts.sequences.reduce((sum, { ids }) => sum + ids.length, 0),
  };
}

/** Ranks that share the experts of a layer where the plan does not say it. */
const RANKS = 8;

/** A plan for a model of so many experts: as many as 8 ranks share them. */
export function planFor(experts: number): string {
  let ranks = Math.min(RANKS, experts);
  while (experts % ranks !== 0) ranks--;
  return `ep=${ranks},zero=1`;
}

/** Writes the trace into a folder and simulates a step under it. */
export async function traceCost(
  trace: CheckpointTrace,
  options: { out: string; words: SimulatedWords },
): Promise<TraceCost> {
  const { out, words } = options;
  const path = join(out, "traces", `${trace.model}.json`);
  await writeTextFile(path, stableJson(trace));
  try {
    return {
      path,
      words,
      simulated: await simulateTrace({ name: trace.model, path, trace }, words),
    };
  } catch (error) {
    // The study stands without it: not every model that runs can be put on every cluster.
    if (error instanceof UserError) return { path, words, refused: error.message };
    throw error;
  }
}
