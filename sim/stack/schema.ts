/**
 * Checks descriptions of software stacks.
 *
 * @module
 */
import { z } from "zod";
import type { Schema } from "../../kernels/base/config.ts";
import type { Stack } from "./stack.ts";

const positive = z.number().positive();
const some = z.number().min(0);
const share = z.number().min(0).max(1);

/** Checks a {@linkcode Stack}. */
export const stackSchema: Schema<Stack> = z.strictObject({
  schema: z.literal(1),
  id: z.string(),
  description: z.string(),
  sources: z.array(z.string()),
  hostSeconds: some,
  graphFactor: z.strictObject({ partial: share, full: share }),
  gapSeconds: some,
  kernels: z.strictObject({ layer: some, moe: some, expert: some }),
  elementwisePasses: some,
  normPasses: some,
  activationPasses: some,
  permuteFactor: some,
  routerPasses: some,
  lossPasses: some,
  scorePasses: some,
  castPasses: some,
  attentionFactor: positive,
  productFactor: positive,
  groupedFactor: positive,
  bandwidthFactor: z.strictObject({ tensor: positive, data: positive, experts: positive }),
  hiddenShare: z.strictObject({
    tensor: share,
    gradients: share,
    parameters: share,
    experts: share,
  }),
  byArchitecture: z.record(
    z.string(),
    z.strictObject({
      productFactor: positive.optional(),
      attentionFactor: positive.optional(),
      groupedFactor: positive.optional(),
    }),
  ).optional(),
  fixedSeconds: some,
  reservedBytes: some,
  allocatorFactor: positive,
});
