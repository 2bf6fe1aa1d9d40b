/**
 * The time of fused attention: FLOP at the pace of a device that is full, slower where there are too
 * few queries to fill it, and where few keys make the masked halves of the diagonal's tiles count.
 *
 * @module
 */
import type { AttentionLaw, Profile } from "../../kernels/base/profile_schema.ts";

/** A law of one pass of attention as numbers. */
export interface AttentionModel {
  /** Seconds of a FLOP with many heads and long sequences. */
  secondsPerFlop: number;
  /** Queries of all heads at which the time has doubled. */
  halfRows: number;
  /** Keys seen at which the time has doubled. */
  halfKeys: number;
}

/** Both passes; a profile without laws of its own has those of its op, or of all ops. */
export function compileAttention(
  profile: Profile,
): { forward: AttentionModel; backward: AttentionModel } {
  const { bf16, f16, f32 } = profile.peakFlopsPerSecond;
  const peak = bf16 ?? f16 ?? f32 ?? 1;
  const byOp = (kind: string): AttentionLaw => ({
    computeEfficiency: (profile.laws[kind] ?? profile.laws.attention ?? profile.law)
      .computeEfficiency,
    halfRows: 0,
    halfKeys: 0,
  });
  const model = ({ computeEfficiency, halfRows, halfKeys }: AttentionLaw): AttentionModel => ({
    secondsPerFlop: 1 / (peak * computeEfficiency),
    halfRows,
    halfKeys,
  });
  const { forward, backward } = profile.attention ??
    { forward: byOp("attention"), backward: byOp("attention_backward") };
  return { forward: model(forward), backward: model(backward) };
}

/**
 * Seconds of one pass over `rows` = batch * heads * queries, each seeing `keys` keys on average.
 *
 * The backward pass is five products where the forward pass is two (FlashAttention-2, arXiv
 * 2307.08691, section 4.1); its kernels pad values to the width of queries.
 */
export function attentionPassSeconds(
  rows: number,
  keys: number,
  qkDim: number,
  vDim: number,
  backward: boolean,
  law: AttentionModel,
): number {
  const width = backward ? 5 * (qkDim > vDim ? qkDim : vDim) : qkDim + vDim;
  return 2 * rows * keys * width * law.secondsPerFlop *
    (1 + law.halfRows / rows + law.halfKeys / keys);
}
