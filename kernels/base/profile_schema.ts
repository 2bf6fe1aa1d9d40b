/**
 * What is known of a device, measured here or published: the simulator's only knowledge of it.
 *
 * A curve holds seconds at the corners of a grid (`axes`), with the interval of each sample, or no
 * grid at all for a published device; the law beside it says what the device does off the grid.
 *
 * @module
 */
import { z } from "zod";
import type { Schema } from "./config.ts";

/** How a device does off its measured grid: a fraction of a roofline that falls on small sizes. */
export interface Law {
  /** Fraction of the peak that the largest sizes reach. */
  computeEfficiency: number;
  /** Fraction of the memory bandwidth that the largest sizes reach. */
  memoryEfficiency: number;
  /** Size of m, n or k at which the compute efficiency has halved: 1 + h/m + h/n + h/k. */
  halfSize: number;
}

/** How long products take that a device computes tile by tile, as fractions of its peaks. */
export interface TileLaw {
  /** Fraction of the peak that full waves of long tiles reach. */
  computeEfficiency: number;
  /** Fraction of the memory bandwidth that products reach. */
  memoryEfficiency: number;
  /** Inner size k whose products take as long as a tile's fixed time. */
  innerHalfSize: number;
  /** Time of a FLOP in small tiles over that in large ones. */
  smallTileFactor: number;
  /** Share of the time to write results that is not hidden behind tiles. */
  exposedResults: number;
}

/** Products in one number format. */
export interface PrecisionLaws {
  /** Products of two matrices. */
  product: TileLaw;
  /** Products of many experts in one call. */
  grouped: TileLaw;
  /** Seconds that a call adds for each expert beside its tiles: kernels issued one by one. */
  groupSeconds: number;
}

/** One pass of fused attention. */
export interface AttentionLaw {
  /** Fraction of the 16-bit peak with many heads and long sequences. */
  computeEfficiency: number;
  /** Queries of all heads at which the time has doubled: too few to fill the device. */
  halfRows: number;
  /** Keys seen at which the time has doubled: masked halves of the tiles on the diagonal. */
  halfKeys: number;
}

/** Number formats of products, as plans name them. */
export type ProductFormat = "fp32" | "tf32" | "bf16" | "fp16" | "fp8" | "mxfp8" | "fp4";

/** How a figure of a profile is known. */
export type Grade =
  | "data sheet"
  | "measured shape"
  | "fitted to kernel rows"
  | `assumed from ${string}`;

/**
 * Products of groups that have a begun tile each and nothing else. What such a tile takes of a full
 * one's time depends on the matrices: where these are small it is what is stored, where they are
 * large it is what is loaded, and that is the same for one row as for all.
 */
export interface BegunTiles {
  /** Groups of one begun tile. */
  groups: number;
  /** Rows of each. */
  rows: number;
  /** Grid coordinates by dimension, ascending. */
  axes: Record<string, number[]>;
  /** Seconds of each grid corner, in the order of {@linkcode gridCorners}. */
  seconds: number[];
}

/** Seconds of one kind of op over its dimensions. */
export interface Curve {
  /** Dimensions are rounded up to these before they are looked up (tile sizes). */
  quantum: Record<string, number>;
  /** Grid coordinates by dimension, ascending. */
  axes: Record<string, number[]>;
  /** Dimensions that were held fixed while measuring, for the record. */
  fixed: Record<string, number>;
  /** Median seconds of each grid corner, in the order of {@linkcode gridCorners}. */
  seconds: number[];
  /** Lower end of each sample's interval, seconds. */
  lo: number[];
  /** Upper end of each sample's interval, seconds. */
  hi: number[];
  /** Launches of each grid corner; one each where absent. */
  launches?: number[];
  /** What groups take whose rows do not fill a tile; else rows are rounded up to their quantum. */
  begun?: BegunTiles;
}

/** The axes of a curve in the alphabetical order of their names, whatever order a file has them in. */
export function sortedAxes(axes: Curve["axes"]): [name: string, values: number[]][] {
  return Object.entries(axes).sort(([a], [b]) => a < b ? -1 : 1);
}

/**
 * The corners of a grid: every combination of the axes' values, axes in alphabetical order, the
 * last one fastest.
 *
 * @example
 * ```ts
 * import { gridCorners } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(gridCorners({ n: [3], m: [1, 2] }), [{ m: 1, n: 3 }, { m: 2, n: 3 }]);
 * ```
 */
export function gridCorners(axes: Curve["axes"]): Record<string, number>[] {
  return sortedAxes(axes).reduce<Record<string, number>[]>(
    (all, [name, values]) => all.flatMap((c) => values.map((v) => ({ ...c, [name]: v }))),
    [{}],
  );
}

/** A device profile; see the module. */
export interface Profile {
  /** Version of this format. */
  schema: 1;
  /** Lower case with hyphens, such as "h100". */
  id: string;
  /** The device as its driver names it. */
  device: { name: string; vendor: string; architecture: string; software: boolean };
  /** Measured by this suite, or put together from publications. */
  kind: "measured" | "published";
  /** Where each figure comes from. */
  sources: string[];
  /** Device memory, bytes. */
  memoryBytes: number;
  /** Memory bandwidth, bytes a second: the vendor's, or the best measured. */
  memoryBandwidthBytesPerSecond: number;
  /** Peak FLOP/s by storage type: the vendor's dense peak, or the best measured. */
  peakFlopsPerSecond: Partial<Record<"f32" | "tf32" | "bf16" | "f16" | "fp8" | "fp4", number>>;
  /** Fixed cost of one dispatch, seconds. */
  launchSeconds: number;
  /** From the end of a launch to the begin of the next in a timed recording, where it was measured. */
  gapSeconds?: number;
  /** Off-grid behaviour of every kind of op without a law of its own. */
  law: Law;
  /** Off-grid behaviour by kind of op. */
  laws: Record<string, Law>;
  /** Measured curves by kind of op. */
  curves: Record<string, Curve>;
  /** Which kernel variant was measured, by operator: replayed by runs that use the profile. */
  kernels: Record<string, string>;
  /** Multiprocessors: the units that take one tile each. */
  multiprocessors?: number;
  /** Laws of products by number format; where one is missing, `law` and `laws` hold. */
  precisions?: Partial<Record<ProductFormat, PrecisionLaws>>;
  /** Laws of fused attention by pass. */
  attention?: { forward: AttentionLaw; backward: AttentionLaw };
  /** Fraction of the memory bandwidth that casts to a narrow format reach. */
  castMemoryEfficiency?: number;
  /** Share of the multiprocessors that exchanges of tokens take while they run. */
  communicationShare?: number;
  /** Power limit, watts. */
  powerWatts?: number;
  /** Price of an hour, dollars. */
  hourDollars?: number;
  /** How each field is known, by its name ("precisions.bf16.product"). */
  grades?: Record<string, Grade>;
}

const positive = z.number().positive();

const law = z.strictObject({
  computeEfficiency: positive,
  memoryEfficiency: positive,
  halfSize: z.number().min(0),
});

const tileLaw = z.strictObject({
  computeEfficiency: positive,
  memoryEfficiency: positive,
  innerHalfSize: z.number().min(0),
  smallTileFactor: z.number().min(1),
  exposedResults: z.number().min(0),
});

const precisionLaws = z.strictObject({
  product: tileLaw,
  grouped: tileLaw,
  groupSeconds: z.number().min(0),
});

const attentionLaw = z.strictObject({
  computeEfficiency: positive,
  halfRows: z.number().min(0),
  halfKeys: z.number().min(0),
});

const grade = z.union([
  z.enum(["data sheet", "measured shape", "fitted to kernel rows"]),
  z.templateLiteral(["assumed from ", z.string().min(1)]),
]);

const curve = z.strictObject({
  quantum: z.record(z.string(), positive),
  axes: z.record(z.string(), z.array(positive).min(1)),
  fixed: z.record(z.string(), positive),
  seconds: z.array(positive),
  lo: z.array(positive),
  hi: z.array(positive),
  launches: z.array(positive).optional(),
  begun: z.strictObject({
    groups: z.int().positive(),
    rows: z.int().positive(),
    axes: z.record(z.string(), z.array(positive).min(1)),
    seconds: z.array(positive),
  }).optional(),
});

/** Checks a {@linkcode Profile}. */
export const profileSchema: Schema<Profile> = z.strictObject({
  schema: z.literal(1),
  id: z.string(),
  device: z.strictObject({
    name: z.string(),
    vendor: z.string(),
    architecture: z.string(),
    software: z.boolean(),
  }),
  kind: z.enum(["measured", "published"]),
  sources: z.array(z.string()),
  memoryBytes: positive,
  memoryBandwidthBytesPerSecond: positive,
  peakFlopsPerSecond: z.partialRecord(
    z.enum(["f32", "tf32", "bf16", "f16", "fp8", "fp4"]),
    positive,
  ),
  launchSeconds: z.number().min(0),
  gapSeconds: z.number().min(0).optional(),
  law,
  laws: z.record(z.string(), law),
  curves: z.record(z.string(), curve),
  kernels: z.record(z.string(), z.string()),
  multiprocessors: z.int().positive().optional(),
  precisions: z.partialRecord(
    z.enum(["fp32", "tf32", "bf16", "fp16", "fp8", "mxfp8", "fp4"]),
    precisionLaws,
  ).optional(),
  attention: z.strictObject({ forward: attentionLaw, backward: attentionLaw }).optional(),
  castMemoryEfficiency: positive.optional(),
  communicationShare: z.number().min(0).max(1).optional(),
  powerWatts: positive.optional(),
  hourDollars: positive.optional(),
  grades: z.record(z.string(), grade).optional(),
});
