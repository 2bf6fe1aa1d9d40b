/**
 * What is known of a device, measured here or published: the simulator's only knowledge of it.
 *
 * A curve holds seconds at the corners of a grid (`axes`), with the interval of each sample, or no
 * grid at all for a published device; the law beside it says what the device does off the grid.
 *
 * @module
 */
import { z } from "zod";

const positive = z.number().positive();

/** How a device does off its measured grid: a fraction of a roofline that falls on small sizes. */
export const lawSchema = z.strictObject({
  /** Fraction of the peak that the largest sizes reach. */
  computeEfficiency: positive,
  /** Fraction of the memory bandwidth that the largest sizes reach. */
  memoryEfficiency: positive,
  /** Size of m, n or k at which the compute efficiency has halved: 1 + h/m + h/n + h/k. */
  halfSize: z.number().min(0),
});

/** Seconds of one kind of op over its dimensions. */
export const curveSchema = z.strictObject({
  /** Dimensions are rounded up to these before they are looked up (tile sizes). */
  quantum: z.record(z.string(), positive),
  /** Grid coordinates by dimension, ascending. */
  axes: z.record(z.string(), z.array(positive).min(1)),
  /** Dimensions of the grid that are held fixed, for the record. */
  fixed: z.record(z.string(), positive),
  /** Median seconds of each grid corner, last axis fastest. */
  seconds: z.array(positive),
  /** Interval of each sample. */
  lo: z.array(positive),
  hi: z.array(positive),
});

/** A device profile; see the module. */
export const profileSchema = z.strictObject({
  schema: z.literal(1),
  id: z.string(),
  device: z.strictObject({
    name: z.string(),
    vendor: z.string(),
    architecture: z.string(),
    software: z.boolean(),
  }),
  kind: z.enum(["measured", "published"]),
  /** Where each figure comes from. */
  sources: z.array(z.string()),
  /** Device memory. */
  memoryBytes: positive,
  memoryBandwidthBytesPerSecond: positive,
  /** Peak by storage type; for a measured device the best that a kernel reached. */
  peakFlopsPerSecond: z.partialRecord(z.enum(["f32", "bf16", "f16", "fp8", "fp4"]), positive),
  /** Fixed cost of one dispatch. */
  launchSeconds: z.number().min(0),
  law: lawSchema,
  /** Law by kind of op where it differs. */
  laws: z.record(z.string(), lawSchema),
  curves: z.record(z.string(), curveSchema),
  /** Which kernel variants were measured: replayed by every run that uses the profile. */
  kernels: z.record(z.string(), z.string()),
});

/** A device profile. */
export type Profile = z.infer<typeof profileSchema>;
/** Seconds of one kind of op over its dimensions. */
export type Curve = z.infer<typeof curveSchema>;
/** Off-grid behaviour. */
export type Law = z.infer<typeof lawSchema>;
