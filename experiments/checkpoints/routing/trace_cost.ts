/**
 * The choices of a checkpoint as a trace that `simulate --routing` reads, and what a cluster's step
 * loses by them.
 *
 * @module
 */
import { join } from "node:path";
import { UserError } from "../../../kernels/base/errors.ts";
import { stableJson, writeTextFile } from "../../../kernels/base/files.ts";
import {
  type SimulatedTrace,
  type SimulatedWords,
  simulateTrace,
  tracedWords,
} from "../../training/trace/simulate_trace.ts";
import { simulateEvents } from "../../simulate/events.ts";
import { readSimulation } from "../../simulate/inputs.ts";
import { choiceCounts, type RoutedTexts } from "./routed.ts";
import { type TracedExchange, tracedExchange } from "./trace_exchange.ts";

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
  /** What an all-to-all carries under the trace; absent where the plan has none that is counted. */
  exchange?: TracedExchange;
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

async function exchangeOf(
  texts: RoutedTexts,
  { trace, path, words }: { trace: CheckpointTrace; path: string; words: SimulatedWords },
): Promise<TracedExchange | undefined> {
  const { counts_LE } = trace;
  const step = simulateEvents(await readSimulation(tracedWords(words, path)));
  return tracedExchange(texts, { counts_LE, step });
}

/** Writes the trace of texts into a folder and simulates a step under it. */
export async function traceCost(
  texts: RoutedTexts,
  options: { model: string; out: string; words: SimulatedWords },
): Promise<TraceCost> {
  const { model, out, words } = options;
  const trace = checkpointTrace(texts, model);
  const path = join(out, "traces", `${trace.model}.json`);
  await writeTextFile(path, stableJson(trace));
  try {
    return {
      path,
      words,
      simulated: await simulateTrace({ name: trace.model, path, trace }, words),
      exchange: await exchangeOf(texts, { trace, path, words }),
    };
  } catch (error) {
    // The study stands without it: not every model that runs can be put on every cluster.
    if (error instanceof UserError) return { path, words, refused: error.message };
    throw error;
  }
}
