/**
 * A benchmark's file, the contract between the command line and the bench page: what was timed, what
 * it was held against, and the roof that this device has.
 *
 * @module
 */
import type { Estimate } from "../kernels/base/estimate.ts";
import type { Provenance } from "./result.ts";

/** One thing that was timed. */
export interface BenchRow {
  /** Stable name, by which a later run finds its counterpart. */
  id: string;
  /** What was timed, in the order of the columns, such as operator, shape and implementation. */
  labels: Record<string, string | number>;
  /** Time of one call, seconds. */
  seconds: Estimate;
  /** Raw samples of that time, seconds, in the order they were taken. */
  samples: number[];
  /** FLOP of one call, where it has any. */
  flops?: number;
  /** Bytes that one call has to move at the least. */
  bytes?: number;
  /** Things done by one call, such as events, where FLOP and bytes say nothing. */
  items?: { name: string; count: number };
  /** Least time that the roof of the same rounds allows, over the time taken. */
  roofFraction?: Estimate;
  /** What to mind when reading it. */
  warnings: string[];
}

/** What an interval says of a goal: "open" where the goal lies within it. */
export type ContestVerdict = "reached" | "missed" | "open" | "no goal";

/** Two rows of the same work, timed in the same rounds. */
export interface BenchContest {
  /** Stable name, by which a later run finds its counterpart. */
  id: string;
  /** What is asked, such as "dense product against OpenBLAS". */
  says: string;
  /** Id of the row in question. */
  ours: string;
  /** Id of the row that it is held against. */
  theirs: string;
  /** Speed of ours over the speed of theirs: above 1, ours is faster. */
  speed: Estimate;
  /** Raw ratios, a round each, in the order they were taken. */
  samples: number[];
  /** Speed that is wanted, where there is a goal. */
  target?: number;
  /** The goal in words. */
  goal: string;
  /** What the interval says of it. */
  verdict: ContestVerdict;
}

/** What bounds every operator of this device, measured in the rounds of the operators. */
export interface BenchRoof {
  /** Multiply-adds in registers alone. */
  peakFlopsPerSecond: Estimate;
  /** The driver's own copy of a large buffer, read and written. */
  copyBytesPerSecond: Estimate;
}

/** Something that was not timed. */
export interface Skipped {
  /** What is missing. */
  what: string;
  /** Why, and how to get it. */
  why: string;
}

/** What a benchmark that ran on a device says of it. */
export type BenchDevice = Pick<Provenance, "adapter" | "timer" | "kernels">;

/** A benchmark's answer. */
export interface BenchResult {
  /** Which benchmark: "kernels", "train", "sim" or "plan". */
  bench: string;
  /** Where and how it was taken, a sentence each. */
  notes: string[];
  /** What was timed. */
  rows: BenchRow[];
  /** Who was held against whom. */
  contests: BenchContest[];
  /** What was left out. */
  skipped: Skipped[];
  /** The roof, where a device was measured. */
  roof?: BenchRoof;
  /** The device, where there was one. */
  device?: BenchDevice;
}

/** A benchmark's answer as a file, with what names the machine and the day. */
export interface BenchFile extends BenchResult {
  /** Version of this format. */
  schema: 2;
  /** When it began, ISO 8601, UTC. */
  startedAt: string;
  /** Seconds of wall time. */
  wallSeconds: number;
  /** Command line that reproduces it. */
  command: string;
  /** Git commit of the suite, or "unknown". */
  commit: string;
  /** Versions by name: moelab, deno, v8. */
  versions: Record<string, string>;
  /** Model and number of cores. */
  cpu: string;
  /** Operating system and architecture. */
  os: string;
  /** Hash of the dependency lock file. */
  lockHash: string;
}
