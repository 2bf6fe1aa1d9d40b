/**
 * The schemas of feed-forward networks and of mixtures of them.
 *
 * @module
 */
import { z } from "zod";
import { count, kinds, no, size } from "./schema_words.ts";

const ffnFields = {
  width: size,
  activation: z.enum(["relu", "relu2", "gelu", "geglu", "swiglu"]),
  bias: no,
};

/** A dense network. */
export const ffn = z.strictObject(ffnFields);

const placement = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("every"), step: size, offset: count.default(0) }),
  z.strictObject({ kind: z.literal("after"), first: count }),
  z.strictObject({ kind: z.literal("list"), layers: z.array(count).min(1) }),
  z.strictObject({
    kind: z.literal("pyramid"),
    groups: z.array(z.strictObject({ layers: z.array(count).min(1), experts: size })).min(1),
  }),
], kinds("every", "after", "list", "pyramid"));

/** A mixture. */
export const moe = z.strictObject({
  ...ffnFields,
  experts: size,
  topK: size,
  shared: z.strictObject({ count: size, width: size }).optional(),
  sharedGate: no,
  router: z.strictObject({
    kind: z.enum(["linear", "mlp", "attention"]).default("linear"),
    bias: no,
    limit: z.strictObject({ groups: size, chosen: size }).optional(),
  }).prefault({}),
  placement: placement.prefault({ kind: "every", step: 1 }),
  denseBeside: ffn.optional(),
  latent: size.optional(),
});
