/**
 * Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1): keys and values of all
 * heads come from one small vector a token. The part of a key that carries its position comes
 * straight from the token and is one for all heads.
 *
 * Nothing is absorbed into other products here: queries, keys and values are made in full.
 *
 * @module
 */
import type { MlaAttention } from "../../../../core/spec/mixers.ts";
import { attend, type Attended, type AttentionContext, headsOf } from "./attention.ts";
import { turned } from "./rope.ts";
import { rmsNorm, type Rows, times } from "./tensors.ts";

const join = (a: Float64Array, b: Float64Array) => Float64Array.from([...a, ...b]);

/** Attention of a layer on its normed input. */
export function latentAttention(x_TD: Rows, context: AttentionContext<MlaAttention>): Attended {
  const { spec, find, settings, start } = context;
  const { heads, qRank, kvRank, nopeDim } = spec;
  const { rope, normEps } = settings;

  const queryRows = x_TD.map((x) => {
    if (qRank === 0) return times(x, find("attention.q"));
    const down = times(x, find("attention.qDown"));
    return times(rmsNorm(down, find("attention.qDownNorm"), normEps), find("attention.qUp"));
  });
  const queries = headsOf(queryRows, heads).map((head) =>
    head.map((q, t) => join(q.slice(0, nopeDim), turned(q.slice(nopeDim), start + t, rope)))
  );

  const down = x_TD.map((x) => times(x, find("attention.kvDown")));
  const sharedKeys = down.map((row, t) => turned(row.slice(kvRank), start + t, rope));
  const up = down.map((row) => {
    const latent = rmsNorm(row.slice(0, kvRank), find("attention.kvDownNorm"), normEps);
    return times(latent, find("attention.kvUp"));
  });
  const both = headsOf(up, heads);
  const keys = both.map((head) => head.map((kv, t) => join(kv.slice(0, nopeDim), sharedKeys[t])));
  const values = both.map((head) => head.map((kv) => kv.slice(nopeDim)));

  const attended = attend({ queries, keys, values }, { scale: settings.attentionScale });
  return { ...attended, out: attended.out.map((row) => times(row, find("attention.out"))) };
}
