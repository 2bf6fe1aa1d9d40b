/**
 * What one needs to reproduce a run and to judge it, gathered without running a program.
 *
 * @module
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import config from "../deno.json" with { type: "json" };
import { readTextFileIfAny } from "../kernels/base/files.ts";
import type { Provenance } from "../reports/result.ts";
import type { Circumstances, Value } from "./define.ts";
import { readCommit } from "./git.ts";
import { contentId, sha256 } from "./hash.ts";

/** What is known of suite and machine before a run begins. */
export type Host = Pick<Provenance, "commit" | "versions" | "os" | "cpu" | "lockHash">;

/** What names a run, and when and how it was made. */
export interface Run {
  /** Id of the experiment. */
  experiment: string;
  /** Seed of the run. */
  seed: number;
  /** Values of the parameters. */
  parameters: Record<string, Value>;
  /** When it began, ISO 8601, UTC. */
  startedAt: string;
  /** Seconds of wall time. */
  wallSeconds: number;
  /** Command line that reproduces it. */
  command: string;
}

/** Folder of the suite. */
const suite = new URL("..", import.meta.url);

/** Model and number of the logical cores, such as "Intel Xeon, 2 cores". */
function describeCpu(): string {
  const cores = cpus();
  return `${cores[0]?.model.trim() || "unknown"}, ${cores.length} cores`;
}

/** Reads what is known of suite and machine. */
export async function describeHost(folder: string = fileURLToPath(suite)): Promise<Host> {
  const lock = await readTextFileIfAny(`${folder}/deno.lock`);
  return {
    commit: await readCommit(folder),
    versions: { moelab: config.version, deno: Deno.version.deno, v8: Deno.version.v8 },
    os: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    cpu: describeCpu(),
    lockHash: lock === undefined ? "unknown" : await sha256(lock),
  };
}

/** Puts a result's provenance together; the run's id depends on what it was asked alone. */
export async function provenanceOf(
  run: Run,
  options: { host: Host; circumstances: Circumstances },
): Promise<Provenance> {
  const { experiment, seed, parameters, startedAt, wallSeconds, command } = run;
  const { inputs } = options.circumstances;
  const runId = await contentId({ experiment, seed, parameters, inputs });
  return {
    runId,
    startedAt,
    wallSeconds,
    command,
    seed,
    ...options.host,
    ...options.circumstances,
  };
}
