/**
 * A list of trainings, one after the other. What is finished is kept in a folder by content: a run
 * that was killed goes on where it was. Once all are done the folder is emptied, so that no later run
 * takes over figures of older code.
 *
 * @module
 */
import { join } from "node:path";
import { readTextFileIfAny, stableJson, writeTextFile } from "../../kernels/base/files.ts";
import type { Progress } from "../define.ts";
import { contentId } from "../hash.ts";

/** How a list is run. */
export interface ManyOptions<R, F> {
  /** Does one of them. */
  train(run: R): Promise<F>;
  /** What it is called while it runs. */
  label(run: R): string;
  /** Where finished ones are kept until all are done. */
  folder: string;
  /** What else decides the figures: device, commit. */
  under: unknown;
  /** Where the run stands. */
  progress: Progress;
  /** Throws its reason between two runs; runs look at it themselves. */
  signal: AbortSignal;
  /** Says how many were found finished. */
  log(line: string): void;
}

/** What was kept; nothing where there is no file, or one that was cut short. */
async function kept<F>(path: string): Promise<F | undefined> {
  const text = await readTextFileIfAny(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as F;
  } catch {
    return undefined;
  }
}

/** What a list gave. */
export interface ManyDone<F> {
  /** What came out, in the order of the list. */
  outcomes: F[];
  /** Removes what was kept: call it when nothing can fail any more. */
  forget(): Promise<void>;
}

/** Runs all and gives what came out, in order. Two runs with the same content are run once. */
export async function trainMany<R, F>(
  runs: readonly R[],
  options: ManyOptions<R, F>,
): Promise<ManyDone<F>> {
  const { train, label, folder, under, progress, signal, log } = options;
  const paths = await Promise.all(
    runs.map(async (run) => join(folder, `${await contentId({ run, under })}.json`)),
  );
  const done = new Map<string, F>();
  for (const path of new Set(paths)) {
    const found = await kept<F>(path);
    if (found !== undefined) done.set(path, found);
  }
  if (done.size > 0) log(`${done.size} of ${new Set(paths).size} trainings are already done`);
  progress.start(runs.length, runs.length > 0 ? label(runs[0]) : "nothing");
  for (const [i, run] of runs.entries()) {
    signal.throwIfAborted();
    if (!done.has(paths[i])) {
      const outcome = await train(run);
      await writeTextFile(paths[i], stableJson(outcome));
      done.set(paths[i], outcome);
    }
    progress.step(i + 1 < runs.length ? label(runs[i + 1]) : undefined);
  }
  progress.stop();
  return {
    outcomes: paths.map((path) => done.get(path)!),
    async forget() {
      for (const path of done.keys()) await Deno.remove(path);
    },
  };
}
