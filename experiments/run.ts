/**
 * One run of an experiment, from its parameters to a whole result.
 *
 * @module
 */
import type { Result } from "../reports/result.ts";
import type { Context, Experiment, Value } from "./define.ts";
import type { Host } from "./provenance.ts";
import { provenanceOf } from "./provenance.ts";

/** What a run takes from its surroundings, so that it reads no clock itself. */
export interface RunSurroundings {
  /** Facts of suite and machine. */
  host: Host;
  /** When it began, ISO 8601, UTC. */
  startedAt: string;
  /** Seconds that rise with wall time. */
  seconds(): number;
  /** Command line that reproduces the run. */
  command: string;
}

/** Thrown where the user stopped a run: nothing was written. */
export class Interrupted extends Error {
  /** Name of the class, as printed. */
  override name = "Interrupted";
}

/** A run that has not been written yet. */
export interface Ran {
  /** The result with its provenance. */
  result: Result;
  /** To be called once it is written. */
  written(): Promise<void>;
}

/** Runs an experiment and gives its result with provenance. */
export async function runExperiment(
  experiment: Experiment,
  context: Context<Record<string, Value>>,
  surroundings: RunSurroundings,
): Promise<Ran> {
  const began = surroundings.seconds();
  const { circumstances, written, ...parts } = await experiment.run(context);
  const provenance = await provenanceOf({
    experiment: experiment.id,
    seed: context.seed,
    parameters: context.parameters,
    startedAt: surroundings.startedAt,
    wallSeconds: surroundings.seconds() - began,
    command: surroundings.command,
  }, { host: surroundings.host, circumstances });
  const { id, title, question } = experiment;
  return {
    result: { schema: 1, experiment: id, title, question, provenance, ...parts },
    written: async () => await written?.(),
  };
}
