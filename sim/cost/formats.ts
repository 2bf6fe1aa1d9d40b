/**
 * Number formats of products: which peak of a device holds for them, and what they weigh.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Profile } from "../../kernels/base/profile_schema.ts";
import type { Precision } from "../plan/plan.ts";

/** A number format of products. */
export interface Format {
  /** Key of a profile's peaks. */
  peak: keyof Profile["peakFlopsPerSecond"];
  /** Format whose laws hold where a profile has none of its own. */
  like: Precision;
  /** Bytes of an element of the inputs, scales of blocks included. */
  bytes: number;
  /**
   * Bytes moved for an element to bring it to the format: it is read in 16 bits and written twice, as
   * it lies and as the product of the weights' gradient reads it; NVFP4's scale of the whole tensor
   * takes a read of its own before. 0: it is kept so.
   */
  castBytes: number;
}

/** Formats by name. One scale byte an element of 32 (MX) or 16 (NVFP4) weighs on the narrow ones. */
export const formats: Readonly<Record<Precision, Format>> = {
  fp32: { peak: "f32", like: "fp32", bytes: 4, castBytes: 0 },
  tf32: { peak: "tf32", like: "bf16", bytes: 4, castBytes: 0 },
  bf16: { peak: "bf16", like: "bf16", bytes: 2, castBytes: 0 },
  fp16: { peak: "f16", like: "bf16", bytes: 2, castBytes: 0 },
  fp8: { peak: "fp8", like: "fp8", bytes: 1, castBytes: 4 },
  mxfp8: { peak: "fp8", like: "fp8", bytes: 1 + 1 / 32, castBytes: 4 + 2 / 32 },
  fp4: { peak: "fp4", like: "fp4", bytes: 0.5 + 1 / 16, castBytes: 5 + 2 / 16 },
};

/**
 * The peak of a device in a format, FLOP/s.
 *
 * @throws {UserError} where the device does not know the format.
 */
export function peakOf(profile: Profile, precision: Precision): number {
  const peak = profile.peakFlopsPerSecond[formats[precision].peak];
  if (peak) return peak;
  const known = (Object.keys(formats) as Precision[])
    .filter((name) => profile.peakFlopsPerSecond[formats[name].peak]);
  throw new UserError(
    `Cannot price ${precision} on ${profile.id}: found no such peak in its profile, ` +
      `wanted one of ${known.join(", ")}`,
  );
}
