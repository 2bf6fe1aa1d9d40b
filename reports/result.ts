/**
 * `result.json`, the contract between experiments and reports: everything a page shows is in it.
 *
 * @module
 */
import type { Estimate } from "../kernels/base/estimate.ts";
import type { Span } from "../sim/engine/span.ts";
import type { Kind } from "./kind.ts";
import type { IntervalPlot } from "./interval_plot.ts";
import type { Bars, Card, Funnel, Heatmap, LinePlot, Scatter, Waterfall } from "./visuals.ts";

export type { Kind };

/** What one needs to reproduce the run and to judge it. */
export interface Provenance {
  /** Stable name of the run: a hash of experiment, options, seed and inputs. */
  runId: string;
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
  /** Operating system and architecture. */
  os: string;
  /** CPU model and number of cores. */
  cpu: string;
  /** The WebGPU adapter. */
  adapter: {
    vendor: string;
    architecture: string;
    device: string;
    description: string;
    software: boolean;
    features: string[];
    limits: Record<string, number>;
    subgroupSize: number;
  };
  /** How times were taken, and the smallest step of that clock in seconds. */
  timer: { kind: string; resolutionSeconds: number };
  /** Seed of the run. */
  seed: number;
  /** Hashes of what went in (profile, model, cluster), by name. */
  inputs: Record<string, string>;
  /** Hash of the dependency lock file. */
  lockHash: string;
  /** Kernel variant chosen for each operator. */
  kernels: Record<string, string>;
}

/** One configuration and its numbers. */
export interface Row {
  /** Stable id: a hash of the configuration, used as permalink. */
  id: string;
  /** The table that the row belongs to. */
  table: string;
  /** The configuration, in the order of the columns. */
  labels: Record<string, string | number>;
  /** Where its numbers come from. */
  kind: Kind;
  /** Numbers by metric; the unit is the key's ending (Seconds, Bytes, FlopsPerSecond, Fraction). */
  metrics: Record<string, Estimate>;
  /** What to mind when reading it. */
  warnings: string[];
  /** Why this configuration cannot run, where it cannot; it then has no metrics to compare. */
  infeasible?: string;
}

/** A table of rows, with what it shows in a sentence. */
export interface TableInfo {
  /** Id, named by {@linkcode Row.table}. */
  id: string;
  /** Caption. */
  title: string;
  /** How to read it. */
  note: string;
  /** Order of the columns: keys of labels and of metrics; those not named here follow. */
  columns?: string[];
  /** Metrics whose best row is marked, and which end is best. */
  best?: Record<string, "lowest" | "highest">;
  /** Metrics that are drawn above the table: a line from one to the other, with a mark between. */
  ranges?: { low: string; middle: string; high: string };
}

/** How pairs are shown, where they are not of this machine's own measurements. */
export interface PairStyle {
  /** Where the measured values come from; "measured" unless given. */
  measured: Kind;
  /** What points are told apart by: the profiled range, unless given, or {@linkcode Pair.group}. */
  series: "range" | "group";
}

/** A predicted and a measured value of the same thing. */
export interface Pair {
  /** Id of the row that was measured. */
  id: string;
  /** Short human name. */
  label: string;
  /** What it is a pair of, such as "forward", where the pairs are of several kinds. */
  group?: string;
  /** Prediction, seconds. */
  predicted: Estimate;
  /** Measurement, seconds. */
  measured: Estimate;
  /** True where every dimension lies within the profiled range. */
  inside: boolean;
}

/** A kernel on the roofline. */
export interface RooflinePoint {
  /** Id of the row. */
  id: string;
  /** Kernel and shape. */
  label: string;
  /** FLOP a byte of compulsory traffic. */
  flopPerByte: number;
  /** Achieved, FLOP/s. */
  flopsPerSecond: Estimate;
}

/** Measured roof of the device. */
export interface Roofline {
  /** Best measured FLOP/s. */
  peakFlopsPerSecond: number;
  /** Measured memory bandwidth. */
  memoryBytesPerSecond: number;
  /** Points under it. */
  points: RooflinePoint[];
}

/** One timeline, drawn as a Gantt chart. */
export interface Timeline {
  /** Permalink id. */
  id: string;
  /** Caption. */
  title: string;
  /** How to read it. */
  note: string;
  /** What it is. */
  kind: Kind;
  /** The spans. */
  spans: Span[];
}

/** Error statistics of pairs, computed by the experiment, shown by the report. */
export interface PairSummary {
  /** Which pairs: "inside" or "outside" the profiled range. */
  group: string;
  /** Number of pairs. */
  n: number;
  /** Median of |predicted / measured - 1|. */
  medianAbsoluteError: number;
  /** Mean of the same. */
  meanAbsoluteError: number;
  /** Median of predicted / measured - 1. */
  medianSignedError: number;
  /** Largest |predicted / measured - 1|, and its pair. */
  worst: { id: string; label: string; error: number };
  /** Kendall rank correlation of predicted and measured. */
  kendallTau: number;
}

/** What an experiment writes and a report shows. */
export interface Result {
  /** Version of this format. */
  schema: 1;
  /** Id of the experiment. */
  experiment: string;
  /** Title of the page. */
  title: string;
  /** The question that it answers. */
  question: string;
  /** The answer in one sentence, with numbers and intervals. */
  verdict: string;
  /** The decision that the answer supports, and what would change it. */
  decision: string;
  /** How each part was done, and its limits: a heading and paragraphs. */
  notes: { heading: string; paragraphs: string[] }[];
  /** Item 10 of the report's criteria. */
  provenance: Provenance;
  /** Tables, in order. */
  tables: TableInfo[];
  /** Rows of all tables. */
  rows: Row[];
  /** Raw samples in seconds, by row id or kernel. */
  samples: Record<string, number[]>;
  /** Predicted against measured. */
  pairs: Pair[];
  /** How they are shown, where not as measured here and told apart by the profiled range. */
  pairStyle?: PairStyle;
  /** Errors of the pairs by group. */
  pairSummaries: PairSummary[];
  /** Roofline of this device. */
  roofline?: Roofline;
  /** Timelines. */
  timelines: Timeline[];
  /** Checks that the run made of itself, such as the error against the oracle. */
  checks: { name: string; value: number; limit: number; passed: boolean; note: string }[];
  /** What the page is about, on cards that come first. */
  cards?: Card[];
  /** Points with their front. */
  scatters?: Scatter[];
  /** Curves. */
  lines?: LinePlot[];
  /** Tables of numbers as colours. */
  heatmaps?: Heatmap[];
  /** Bars. */
  bars?: Bars[];
  /** Parts that add up. */
  waterfalls?: Waterfall[];
  /** How many became few. */
  funnels?: Funnel[];
  /** Numbers with intervals over one axis. */
  intervals?: IntervalPlot[];
  /** Ids of sections in the order in which they are read; those not named follow as usual. */
  sections?: string[];
}
