/**
 * A world for the command line under test: what it printed, a clock that ticks by hand, and an
 * experiment that answers at once.
 *
 * @module
 */
import { exactly } from "../../kernels/base/estimate.ts";
import { silentProgress } from "../../experiments/cli_progress.ts";
import type { Io } from "../../experiments/cli_io.ts";
import type { Circumstances, Context, Experiment, Outcome } from "../../experiments/define.ts";

/** A world, and what happened in it. */
export interface World {
  /** What the command line gets. */
  io: Io;
  /** Lines of the answer, and parts of lines that were written as they came. */
  printed: string[];
  /** Lines beside it. */
  said: string[];
  /** Presses Ctrl-C. */
  interrupt(): void;
}

/** A fresh world on 2 January 2026, in which every look at the clock takes a second. */
export function makeWorld(): World {
  const printed: string[] = [];
  const said: string[] = [];
  const callbacks = new Set<() => void>();
  let seconds = 0;
  const io: Io = {
    print: (text) => printed.push(text),
    write: (text) => printed.push(text),
    say: (line) => said.push(line),
    now: () => new Date(Date.UTC(2026, 0, 2, 3, 4, 5) + 1000 * seconds++),
    seconds: () => seconds++,
    progress: silentProgress,
    onInterrupt(callback) {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
  };
  return { io, printed, said, interrupt: () => callbacks.forEach((callback) => callback()) };
}

/** Circumstances of a run without a device. */
export const nowhere: Circumstances = {
  adapter: {
    vendor: "none",
    architecture: "none",
    device: "none",
    description: "no device",
    software: true,
    features: [],
    limits: {},
    subgroupSize: 0,
  },
  timer: { kind: "none", resolutionSeconds: 1 },
  inputs: {},
  kernels: {},
};

/** The outcome of an experiment that says one number. */
export function outcomeOf(value: number): Outcome {
  return {
    verdict: `The answer is ${value}`,
    decision: "Nothing follows from it",
    notes: [],
    tables: [{ id: "answers", title: "Answers", note: "One row" }],
    rows: [{
      id: "answer",
      table: "answers",
      labels: { zeta: "z", alpha: "a" },
      kind: "derived",
      metrics: { answerCount: exactly(value, "counted") },
      warnings: [],
    }],
    samples: {},
    pairs: [],
    pairSummaries: [],
    timelines: [],
    checks: [],
    circumstances: nowhere,
  };
}

/** An experiment that answers at once, or does as it is told. */
export function answering(
  run: (context: Context) => Promise<Outcome> = ({ seed, parameters }) =>
    Promise.resolve(outcomeOf(seed + (parameters.tokens as number))),
): Experiment {
  return {
    id: "answering",
    title: "Answering",
    question: "What is the answer?",
    parameters: { tokens: { quick: 40, full: 4000, note: "tokens in a batch" } },
    run,
  };
}

/** Calls with the path of a fresh folder, which is removed afterwards. */
export async function inFolder(use: (path: string) => Promise<void>): Promise<void> {
  await Deno.mkdir(".moelab/test", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: ".moelab/test" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Paths of all files under a folder, from it, sorted. */
export function filesIn(folder: string, prefix = ""): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) =>
    entry.isDirectory
      ? filesIn(`${folder}/${entry.name}`, `${prefix}${entry.name}/`)
      : [prefix + entry.name]
  ).sort();
}
