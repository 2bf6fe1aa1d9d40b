/**
 * What an experiment is: one question, its parameters as data, and a function that answers it.
 *
 * An experiment never reads a clock, a random source or the command line. It gets what it may use
 * in its {@linkcode Context} and gives back everything of a result but its provenance, which the
 * command line adds.
 *
 * @module
 */
import type { Provenance, Result } from "../reports/result.ts";

/** A parameter's value: what JSON holds and a user can type. */
export type Value = number | string | boolean | readonly number[] | readonly string[];

/** A parameter: its value in a quick and in a full run, and what it means, unit included. */
export interface Parameter<V extends Value = Value> {
  /** Value where the answer should take seconds. */
  quick: V;
  /** Value where the answer should be as good as this machine gives. */
  full: V;
  /** What it is, with its unit. */
  note: string;
}

/** Where the run stands, for the person who waits. */
export interface Progress {
  /** Begins a stretch of `total` steps; a stretch under way is closed. */
  start(total: number, label: string): void;
  /** One step is done; `label` says what comes now. */
  step(label?: string): void;
  /** Closes the stretch. */
  stop(): void;
}

/** What an experiment may use. */
export interface Context<P extends Record<string, Value> = Record<string, Value>> {
  /** Seed of every random stream. */
  seed: number;
  /** True where seconds matter more than tight intervals. */
  quick: boolean;
  /** Values of the parameters. */
  parameters: P;
  /** Where the run stands. */
  progress: Progress;
  /** Aborted by Ctrl-C: throw its reason (`signal.throwIfAborted()`) between steps. */
  signal: AbortSignal;
  /** Says a line to the person who waits; never part of the result. */
  log(line: string): void;
  /** Folder of the result, for files beside it. */
  out: string;
}

/** What a run learns of the device and its inputs, taken over into the provenance. */
export type Circumstances = Pick<Provenance, "adapter" | "timer" | "inputs" | "kernels">;

/** What an experiment gives back: a result without the parts that the command line knows. */
export type Outcome =
  & Omit<Result, "schema" | "experiment" | "title" | "question" | "provenance">
  & {
    circumstances: Circumstances;
    /** Called once result and page are written: frees what a run that was stopped would go on from. */
    written?(): Promise<void>;
  };

/** An experiment, as the registry and the command line see it. */
export interface Experiment {
  /** Lower case with hyphens, such as "moe-layer"; names the folder of the results. */
  id: string;
  /** Title of the report. */
  title: string;
  /** The question, in one sentence. */
  question: string;
  /** Parameters by name. */
  parameters: Record<string, Parameter>;
  /** Answers the question. */
  run(context: Context): Promise<Outcome>;
}

/** A literal's type made wide: `quick: 64` declares a number, not 64. */
export type Wide<V> = V extends number ? number : V extends string ? string
: V extends boolean ? boolean
: V extends readonly number[] ? readonly number[]
: V extends readonly string[] ? readonly string[]
: never;

/**
 * Makes an experiment, so that `context.parameters` has the types that the parameters declare.
 *
 * @example
 * ```ts
 * import { defineExperiment, valuesOf } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const experiment = defineExperiment({
 *   id: "doubling",
 *   title: "Doubling",
 *   question: "Does twice the work take twice the time?",
 *   parameters: { tokens: { quick: 256, full: 4096, note: "tokens in a batch" } },
 *   run: ({ parameters }) => Promise.reject(new Error(`${2 * parameters.tokens} tokens`)),
 * });
 * assertEquals(valuesOf(experiment, { quick: true }), { tokens: 256 });
 * ```
 */
export function defineExperiment<const P extends Record<string, Parameter>>(
  experiment: Omit<Experiment, "parameters" | "run"> & {
    parameters: P;
    run(context: Context<{ -readonly [K in keyof P]: Wide<P[K]["quick"]> }>): Promise<Outcome>;
  },
): Experiment {
  return experiment as Experiment;
}

/** Values of an experiment's parameters in a quick or a full run. */
export function valuesOf(
  experiment: Experiment,
  options: { quick: boolean },
): Record<string, Value> {
  const pick = options.quick ? "quick" : "full";
  return Object.fromEntries(
    Object.entries(experiment.parameters).map(([name, parameter]) => [name, parameter[pick]]),
  );
}
