/**
 * Schemas that files of results and of benchmarks share.
 *
 * @module
 */
import { z } from "zod";
import type { Estimate } from "../kernels/base/estimate.ts";
import type { Provenance } from "./result.ts";

const text = z.string();
const number = z.number();

/** A value with its interval. */
export const estimateSchema: z.ZodType<Estimate> = z.strictObject({
  value: number,
  lo: number,
  hi: number,
  n: z.int().min(0),
  method: text,
}).refine((e) => e.lo <= e.hi, { error: "expected lo at most hi" });

/** What a device says of itself. */
export const adapterSchema: z.ZodType<Provenance["adapter"]> = z.strictObject({
  vendor: text,
  architecture: text,
  device: text,
  description: text,
  software: z.boolean(),
  features: z.array(text),
  limits: z.record(text, number),
  subgroupSize: number,
});

/** A device's clock. */
export const timerSchema: z.ZodType<Provenance["timer"]> = z.strictObject({
  kind: text,
  resolutionSeconds: number,
});
