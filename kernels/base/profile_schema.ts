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
  peakFlopsPerSecond: Partial<Record<"f32" | "bf16" | "f16" | "fp8" | "fp4", number>>;
  /** Fixed cost of one dispatch, seconds. */
  launchSeconds: number;
  /** Off-grid behaviour of every kind of op without a law of its own. */
  law: Law;
  /** Off-grid behaviour by kind of op. */
  laws: Record<string, Law>;
  /** Measured curves by kind of op. */
  curves: Record<string, Curve>;
  /** Which kernel variant was measured, by operator: replayed by runs that use the profile. */
  kernels: Record<string, string>;
}

const positive = z.number().positive();

const law = z.strictObject({
  computeEfficiency: positive,
  memoryEfficiency: positive,
  halfSize: z.number().min(0),
});

const curve = z.strictObject({
  quantum: z.record(z.string(), positive),
  axes: z.record(z.string(), z.array(positive).min(1)),
  fixed: z.record(z.string(), positive),
  seconds: z.array(positive),
  lo: z.array(positive),
  hi: z.array(positive),
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
  peakFlopsPerSecond: z.partialRecord(z.enum(["f32", "bf16", "f16", "fp8", "fp4"]), positive),
  launchSeconds: z.number().min(0),
  law,
  laws: z.record(z.string(), law),
  curves: z.record(z.string(), curve),
  kernels: z.record(z.string(), z.string()),
});
