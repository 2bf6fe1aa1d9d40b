/**
 * The score functions by kind.
 *
 * @module
 */
import type { SpecOf } from "../shorthand.ts";
import { attentionScore, cosineScore, embeddingScore, productKeyScore } from "./geometry.ts";
import { byTagScore, fixedScore, linearScore, mlpScore } from "./linear.ts";
import type { Scorer } from "./run.ts";
import type { ScoreSpec } from "./specs.ts";

/** Score functions by kind; "none" has none. */
export const scorers: {
  readonly [K in Exclude<ScoreSpec["kind"], "none">]: Scorer<SpecOf<ScoreSpec, K>>;
} = {
  linear: linearScore,
  cosine: cosineScore,
  mlp: mlpScore,
  attention: attentionScore,
  embedding: embeddingScore,
  fixed: fixedScore,
  "product-key": productKeyScore,
  "by-tag": byTagScore,
};

/** The score function of a spec; undefined for "none". */
export function scorerOf(spec: ScoreSpec): Scorer | undefined {
  return spec.kind === "none" ? undefined : scorers[spec.kind] as Scorer;
}
