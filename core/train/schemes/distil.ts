/**
 * Distillation of a model with experts into a dense one (Switch Transformer, arXiv 2101.03961, section
 * 4.1): the student begins with the teacher's weights outside the experts, and learns from a mixture of
 * the teacher's prediction and the text, a quarter to three quarters.
 *
 *     loss = (1 - share) CE(text) + share CE(softmax of the teacher's logits)
 *
 * @module
 */
import type { Arrays } from "../../arrays/arrays.ts";
import { addAll, lossOfRows, meanOfAll, rmsRows } from "../../programs/blocks.ts";
import {
  type DecoderBody,
  decoderEnds,
  type DecoderSizes,
  embedded,
  tokenIndices,
} from "../../programs/decoder_parts.ts";
import type { ModelProgram } from "../../programs/program.ts";
import type { FfnSpec } from "../../spec/model.ts";
import { firstValues, modelBeginnings } from "../../nn/parameters.ts";
import { checkAlike, fillModel, madeModel, type WeightedModel } from "./model_weights.ts";
import { densifiedSpec, sparseLayers } from "./networks.ts";

/** The teacher's part of the loss. */
export const TEACHER_SHARE = 0.25;

/**
 * The loss of each token [T, 1] of logits [T, V], from ids [T, 1] of the text and the logits [T, V] of a
 * teacher, to which no gradient goes.
 */
export function distilledLosses<A, I>(
  g: Arrays<A, I>,
  logits: A,
  options: { teacher: A; targets: I; share?: number },
): A {
  const { teacher, targets, share = TEACHER_SHARE } = options;
  const taught = g.softmax(g.detach(teacher));
  // The chances of the teacher sum to 1: CE = log sum exp - their mean of the logits.
  const expected = g.sumRows(g.map("multiply", taught, logits));
  const ofTeacher = g.map("subtract", g.logSumExp(logits), expected);
  const ofText = lossOfRows(g, logits, targets);
  return g.map("add", g.scale(ofText, 1 - share), g.scale(ofTeacher, share));
}

/**
 * A decoder that learns from a teacher: as `decoderAround`, and a batch has the teacher's logits [T, V]
 * as "teacher" beside. Its figures are "each", the cross-entropy with the text [T, 1], and "ofTokens",
 * their mean.
 */
export function distilledDecoder(
  sizes: DecoderSizes,
  body: DecoderBody,
  options: { share?: number } = {},
): ModelProgram {
  const { sequences, length, vocabulary } = sizes;
  return {
    parameters: { ...decoderEnds(sizes), ...body.parameters },
    ...body.states && { states: body.states },
    indices: tokenIndices(sizes),
    matrices: { teacher: [sequences * length, vocabulary] },
    loss(g, run) {
      const { w, x: { teacher }, ids: { targets } } = run;
      const { x, losses = [], states, figures } = body.blocks(g, embedded(g, run, sizes), run);
      const logits = g.product(rmsRows(g, x, w.norm), w.head);
      const each = lossOfRows(g, logits, targets);
      const taught = distilledLosses(g, logits, { teacher, targets, share: options.share });
      return {
        loss: addAll(g, [meanOfAll(g, taught), ...losses]),
        figures: { ...figures, each, ofTokens: meanOfAll(g, each) },
        states,
      };
    },
  };
}

/**
 * A dense student: the weights of a model outside its experts, and new networks, as wide as one expert
 * where nothing else is said.
 *
 * @throws {UserError} where the model has no experts, or parts beside them.
 */
export function studentOf(
  source: WeightedModel,
  options: { seed: number; ffn?: Partial<FfnSpec> },
): WeightedModel {
  const { seed } = options;
  checkAlike([source]);
  const { model } = source;
  const ffn = densifiedSpec(model, "distil", options.ffn);
  const target = madeModel(model, "student", { moe: undefined, ffn });
  const beginnings = modelBeginnings(target);
  const names = sparseLayers(model)
    .flatMap(({ index }) => [`layers.${index}.ffn.up`, `layers.${index}.ffn.down`]);
  const made = names.map((name) => [name, firstValues(beginnings[name], { seed, name })] as const);
  return fillModel(target, { from: [source], made: Object.fromEntries(made), seed });
}
