/**
 * Evaluation of a batch as a recipe says: the plain pass, and what its decoder makes of others.
 *
 * @module
 */
import type { Device } from "../../../kernels/mod.ts";
import type { Gating } from "../../nn/gating.ts";
import type { Batch, ForwardOptions } from "../../nn/transformer.ts";
import { type BatchEvaluation, batchLogits, evaluateBatch } from "../evaluate_step.ts";
import type { TrainerBatch } from "../trainer_batch.ts";
import type { PassVariant } from "./decoder.ts";
import { decoderOf } from "./decoding.ts";

/** What evaluations run on. */
export interface EvaluatorOptions {
  /** The gates; none where the description's own router runs. */
  gating?: Gating;
  /** The batch on the device. */
  batch: Batch;
  /** Different tags. */
  tags: number;
  /** Puts a batch there, and gives its tags. */
  write(host: TrainerBatch): Uint32Array;
  /** A pass without noise in training. */
  forward(variant: PassVariant): ForwardOptions;
}

/** Evaluates batches on a device. */
export interface Evaluator {
  /** The loss of each token, plain and decoded, and what the routers did in the plain pass. */
  evaluate(host: TrainerBatch): Promise<BatchEvaluation>;
  /** The logits [T, V] of the plain pass. */
  logits(host: TrainerBatch): Promise<Float32Array>;
}

/** See {@linkcode Evaluator}. */
export function evaluatorOf(device: Device, options: EvaluatorOptions): Evaluator {
  const { gating, batch, tags, write, forward } = options;
  const pass = (host: TrainerBatch, variant: PassVariant = {}) => {
    const { tag } = variant;
    const tagged = tag === undefined ? host : { ...host, tags: host.ids.map(() => tag) };
    const tags_T = write(tagged);
    return evaluateBatch(device, { batch, options: forward(variant), tags_T, tags });
  };
  const logits = (host: TrainerBatch, variant: PassVariant = {}) => {
    write(host);
    return batchLogits(device, { batch, options: forward(variant) });
  };
  return {
    logits: (host) => logits(host),
    async evaluate(host) {
      const plain = await pass(host);
      const spec = gating?.recipe.decoding;
      const [shape] = gating?.shapes.values() ?? [];
      if (!gating || !spec || !shape) return plain;
      const { experts, length, vocabulary } = shape;
      const decoded_T = await decoderOf(spec)({
        ...{ spec, recipe: gating.recipe, length, vocabulary },
        ...{ plain_T: plain.losses_T, targets: host.targets, domains: Math.min(tags, experts) },
        losses: async (variant) => (await pass(host, variant)).losses_T,
        logits: (variant) => logits(host, variant),
      });
      return { ...plain, decoded_T };
    },
  };
}
