/**
 * Scores and top-k on the device: which experts a token goes to, and with what weight.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { storagePrelude } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import { checkScoring, noisyScores, type Scoring, scoringUniforms } from "./scoring.ts";
import { type Choice, routerShader } from "./shaders.ts";

/** The choice of each token, as flat tensors of T * K elements, token by token. */
export interface Routing {
  /** Expert ids, u32. */
  ids: Tensor;
  /** Weights, f32. */
  weights: Tensor;
  /** Scores of all experts [T, E], f32, where they were asked for. */
  scores?: Tensor;
}

/** How a router chooses and what it gives. */
export interface RouterOptions extends Scoring {
  /**
   * Numbers [E], f32, that are added to the scores for choosing alone: they have no gradient, and a
   * controller moves them (auxiliary-loss-free balancing, arXiv 2408.15664, section 3).
   */
  bias?: Tensor;
  /**
   * Experts are taken from the best `chosen` of `count` equal groups of neighbours alone, so that a
   * token visits few nodes. A group is as good as its best expert ("max": DeepSeek-V2, arXiv
   * 2405.04434, section 2.2.2) or its best two ("top2": DeepSeek-V3, section 2.1.2).
   */
  groups?: { count: number; chosen: number; by?: "max" | "top2" };
  /** Whether the scores of all experts are given too. */
  giveScores?: boolean;
  /** Label of the launch. */
  label?: string;
}

function groupsOf(experts: number, options: RouterOptions): Choice["groups"] {
  const { groups, topK } = options;
  if (!groups) return undefined;
  const { count, chosen, by = "max" } = groups;
  const size = experts / count;
  if (!Number.isInteger(size) || count > 32 || !(chosen >= 1 && chosen <= count)) {
    throw new UserError(
      `Cannot choose ${chosen} of ${count} groups of ${experts} experts: ` +
        `wanted at most 32 equal groups, and 1 to all of them chosen`,
    );
  }
  if (chosen * size < topK) {
    throw new UserError(
      `Cannot choose ${topK} experts from ${chosen} groups of ${size}: wanted at most ${
        chosen * size
      }`,
    );
  }
  return { size, count, chosen, by };
}

function launchRouter(
  recorder: Recorder,
  logits: Tensor,
  options: RouterOptions & { ids?: Tensor },
): Routing {
  const { topK, renormalise, bias, noise, label = "router" } = options;
  checkScoring(logits, options);
  const [tokens, experts] = logits.shape;
  if (bias && bias.shape.join() !== `${experts}`) {
    throw new UserError(
      `Cannot choose by a bias [${bias.shape.join(", ")}]: wanted [${experts}], one an expert`,
    );
  }
  if (bias && noise && !noisyScores(options)) {
    throw new UserError("Cannot choose by a bias of the scores and by noise that they do not have");
  }
  const choice: Choice = {
    ...options,
    biased: bias !== undefined,
    given: options.ids !== undefined,
    scoresOut: options.giveScores === true,
    groups: groupsOf(experts, options),
  };
  const { pool, device } = recorder;
  const ids = options.ids ?? pool.tensor("ids_TK", [tokens * topK], { dtype: "u32" });
  const weights = pool.tensor("weights_TK", [tokens * topK]);
  const scores = choice.scoresOut ? pool.tensor("scores_TE", [tokens, experts]) : undefined;
  const noiseRead = choice.given && options.cleanWeights ? undefined : noise;
  const overAll = !renormalise || choice.biased || choice.scoresOut;
  recorder.launch({
    label,
    kernel: compile(device, "router", storagePrelude(logits.dtype) + routerShader(choice)),
    inputs: [logits, noiseRead, bias, ids, weights, scores].filter((t) => t !== undefined),
    uniforms: scoringUniforms(logits, { scoring: options, overAll }),
    grid: linearGrid(tokens),
  });
  return { ids, weights, ...scores && { scores } };
}

/**
 * Records the choice of the `topK` best of the logits [T, E]; ties go to the lower index, and ids are
 * distinct whatever the logits are.
 *
 * Weights are the scores of the chosen, or, where `renormalise` is set, those divided by their sum.
 * For softmax scores these are the two orders of softmax and top-k: the softmax over all E (the sum
 * over a token's K is below 1), and the softmax over the K chosen logits.
 *
 * @throws {UserError} where there are fewer experts than `topK`, or the options do not fit.
 *
 * @example Sigmoid scores, chosen by a bias that the weights do not have
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const logits = pool.upload("logits", [1, 3], Float32Array.of(0, 0, 5));
 * const bias = pool.upload("bias", [3], Float32Array.of(0, 1, 0));
 * const recorder = k.createRecorder(pool);
 * const scoring = { topK: 1, scores: "sigmoid", renormalise: false } as const;
 * const { ids, weights } = k.router(recorder, logits, { ...scoring, bias });
 * recorder.submit();
 * const [[weight], [id]] = await k.download(device, [weights, ids]);
 * device.close();
 * assertEquals([id, weight], [1, 0.5]);
 * ```
 */
export function router(recorder: Recorder, logits: Tensor, options: RouterOptions): Routing {
  return launchRouter(recorder, logits, options);
}

/**
 * Records the weights of experts that were chosen elsewhere (by assignment, hash, Sinkhorn, chance):
 * `ids` holds T * K of them. Gives weights and scores as {@linkcode router} does.
 */
export function weighChosen(
  recorder: Recorder,
  logits: Tensor,
  options: Scoring & { ids: Tensor; giveScores?: boolean; label?: string },
): Routing {
  return launchRouter(recorder, logits, options);
}
