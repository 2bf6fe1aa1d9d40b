/**
 * How a gate scores its experts and weighs the chosen ones: what the forward and the backward of
 * the router have to agree on.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import { bindingsText, rowLanesText } from "../norm/rows.ts";
import { growText, hasText } from "../softmax/shaders.ts";
import type { Tensor } from "../tensor.ts";

/** How scores come from logits, and weights from the scores of the chosen. */
export interface Scoring {
  /** Experts a token. */
  topK: number;
  /**
   * "softmax" over all experts, or the "sigmoid" of each (DeepSeek-V3, arXiv 2412.19437, section
   * 2.1.2). Default "softmax".
   */
  scores?: "softmax" | "sigmoid";
  /** Weights are divided by their sum; for softmax that is a softmax over the chosen logits. */
  renormalise: boolean;
  /** Factor of every weight. Default 1. */
  scale?: number;
  /**
   * Numbers [T, E] that are added to the logits (noisy top-k: Shazeer et al., arXiv 1701.06538,
   * section 2.1), for choosing alone where `cleanWeights` is set, for the scores too where not.
   */
  noise?: Tensor;
  /** Scores and weights are made without the noise. */
  cleanWeights?: boolean;
}

/** Whether the scores contain the noise. */
export const noisyScores = (s: Scoring): boolean => s.noise !== undefined && !s.cleanWeights;

/** Throws where the scoring does not fit logits [T, E]. */
export function checkScoring(logits: Tensor, scoring: Scoring): void {
  const { topK, noise } = scoring;
  const [tokens, experts] = logits.shape;
  if (!(topK >= 1 && topK <= experts)) {
    throw new UserError(`Cannot choose ${topK} of ${experts} experts: wanted 1 to ${experts}`);
  }
  if (noise && noise.shape.join() !== logits.shape.join()) {
    throw new RangeError(
      `Cannot add noise [${noise.shape.join(", ")}] to logits: wanted [${tokens}, ${experts}]`,
    );
  }
}

/** The uniforms of every router shader. */
export function scoringUniforms(
  logits: Tensor,
  options: { scoring: Scoring; overAll: boolean },
): (number | { f32: number })[] {
  const { topK, renormalise, scale = 1 } = options.scoring;
  const [tokens, experts] = logits.shape;
  const flags = [renormalise ? 1 : 0, options.overAll ? 1 : 0];
  return [tokens, experts, logits.pitch / 4, topK, ...flags, { f32: scale }];
}

const scoreTexts = {
  softmax: "exp(z - highest) / total",
  sigmoid: "1.0 / (1.0 + exp(-z))",
} as const;

/**
 * WGSL: the uniforms, the bindings, `logit(c)` (four of the row `at`), `score(z)` (after `measure()`
 * where it is a softmax), and `raw(z)`, whose sum over the chosen the weights are divided by: for a
 * softmax with its largest number at `base`.
 */
export function scoringText(
  scoring: Scoring,
  bindings: Parameters<typeof bindingsText>[0],
): string {
  const kind = scoring.scores ?? "softmax";
  return `
struct Params {
  rows: u32, columns: u32, vectors: u32, top: u32, renormalise: u32, over_all: u32, scale: f32
};
${bindingsText(bindings)}
${rowLanesText[1]}${hasText}${growText}
var<private> at = 0u;
var<private> highest = 0.0;
var<private> total = 1.0;
var<private> base = 0.0;
fn logit(c: u32) -> vec4f {
  return vec4f(logits[at + c])${noisyScores(scoring) ? " + vec4f(noise[at + c])" : ""};
}
fn logit_of(e: u32) -> f32 {
  let i = at + e / 4u;
  return f32(logits[i][e % 4u])${noisyScores(scoring) ? " + f32(noise[i][e % 4u])" : ""};
}
fn score(z: vec4f) -> vec4f { return ${scoreTexts[kind]}; }
fn raw(z: f32) -> f32 { return ${kind === "softmax" ? "exp(z - base)" : "score(vec4f(z)).x"}; }
fn measure() {
  for (var c = 0u; c < p.vectors; c++) { grow(logit(c), has(c)); }
  highest = highest_of(0u);
  total = total_of(0u, highest);
}
// The sum that weights are divided by, after the chosen logits were seen.
fn divisor_of(row: u32) -> f32 {
  ${
    kind === "softmax"
      ? `base = highest;
  if (p.renormalise == 0u) { return total; }
  base = LOWEST;
  for (var j = 0u; j < p.top; j++) { base = max(base, logit_of(ids[row * p.top + j])); }
  var sum = 0.0;`
      : `if (p.renormalise == 0u) { return 1.0; }
  var sum = 1e-20;`
  }
  for (var j = 0u; j < p.top; j++) { sum += raw(logit_of(ids[row * p.top + j])); }
  return sum;
}
`;
}
