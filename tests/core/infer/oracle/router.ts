/**
 * From a token's logits to its experts and their weights.
 *
 * Experts are chosen by their scores plus a bias that balances loads, where there is one; weights
 * come from the scores alone (DeepSeek-V3, arXiv 2412.19437, section 2.1.2). Where groups are
 * limited, experts outside of the best groups cannot be chosen at all. A group's score is that of
 * its best expert (DeepSeek-V2, arXiv 2405.04434, section 2.2.2), or of its best two added (V3).
 * Released code sets the scores of excluded experts to 0 instead, which is another choice only where
 * a bias makes a score that may be chosen negative; the paper excludes them.
 *
 * @module
 */
import type { RouterSettings } from "../../../../core/checkpoints/run_settings.ts";
import type { GroupLimit } from "../../../../core/spec/experts.ts";
import { sigmoid, softmax } from "./tensors.ts";

/** Where a token went. */
export interface Choice {
  /** Its experts, best first. */
  ids: number[];
  /** Their weights. */
  weights: number[];
  /**
   * By how much the last chosen expert's score, bias included, exceeds the first not chosen; or the
   * last chosen group's the first not chosen, where that is less. Infinite where all are chosen.
   */
  margin: number;
}

/** What is known of a router. */
export interface RouteOptions {
  settings: RouterSettings;
  /** Experts a token. */
  topK: number;
  /** Added to scores for the choice alone. */
  balance?: ArrayLike<number>;
  /** Groups that a token may reach. */
  limit?: GroupLimit;
  /** The choice, where it is made elsewhere; the margin is still that of the own scores. */
  imposed?: readonly number[];
}

/** The `count` best of the candidates, equal ones by index, and their lead over the next. */
function best(
  scores: readonly number[],
  { candidates, count }: { candidates: readonly number[]; count: number },
): { ids: number[]; margin: number } {
  const order = [...candidates].sort((a, b) => scores[b] - scores[a] || a - b);
  const margin = count < order.length ? scores[order[count - 1]] - scores[order[count]] : Infinity;
  return { ids: order.slice(0, count), margin };
}

const indices = (length: number) => Array.from({ length }, (_, i) => i);

/** Experts that may be chosen, and by how much the last of their groups leads. */
function eligible(
  scores: readonly number[],
  { settings, limit }: RouteOptions,
): { candidates: number[]; margin: number } {
  if (!limit) return { candidates: indices(scores.length), margin: Infinity };
  const size = scores.length / limit.groups;
  const groupScores = indices(limit.groups).map((group) => {
    const sorted = scores.slice(group * size, (group + 1) * size).sort((a, b) => b - a);
    return settings.groupScore === "best" ? sorted[0] : sorted[0] + (sorted[1] ?? 0);
  });
  const { ids, margin } = best(groupScores, {
    candidates: indices(limit.groups),
    count: limit.chosen,
  });
  const candidates = indices(scores.length).filter((e) => ids.includes(Math.floor(e / size)));
  return { candidates, margin };
}

function scoresOf(logits: readonly number[], { score }: RouterSettings): readonly number[] {
  switch (score) {
    case "softmax":
      return softmax(logits);
    case "sigmoid":
      return logits.map(sigmoid);
    case "chosen":
      return logits;
  }
}

/** Chooses a token's experts and weighs them. */
export function route(logits: ArrayLike<number>, options: RouteOptions): Choice {
  const { settings, topK, balance, imposed } = options;
  const scores = scoresOf(Array.from(logits), settings);
  const biased = scores.map((score, e) => score + (balance?.[e] ?? 0));
  const { candidates, margin } = eligible(biased, options);
  const own = best(biased, { candidates, count: topK });
  const ids = imposed ? [...imposed] : own.ids;
  const chosen = ids.map((e) => scores[e]);
  const raw = settings.score === "chosen" ? softmax(chosen) : chosen;
  const sum = settings.normalised ? raw.reduce((a, b) => a + b, 0) : 1;
  return {
    ids,
    weights: raw.map((weight) => weight / sum * settings.scale),
    margin: Math.min(own.margin, margin),
  };
}
