/**
 * What mixes the tokens of a model, in a few words.
 *
 * @module
 */
import { mixerCounts } from "./layers.ts";
import type { AttentionSpec, Model } from "./model.ts";

function headWords(a: AttentionSpec): string {
  if (a.kind === "mla") {
    return `latent, ${a.heads} heads, ranks ${a.qRank} (query) and ${a.kvRank} (key and value), ` +
      `${a.nopeDim} + ${a.ropeDim} wide, values ${a.valueDim} wide`;
  }
  const kv = a.kind === "mha" ? a.heads : a.kvHeads;
  const experts = a.kind === "experts"
    ? `${a.experts} softly routed experts with ${
      a.kv === "expert" ? "their own" : "shared"
    } keys and values, each `
    : "";
  const extras = `${a.outputGate ? ", gated" : ""}${a.sinks ? ", with sinks" : ""}`;
  return `${experts}${a.heads} heads of ${a.headDim}, ${kv} key and value heads${extras}`;
}

function windowWords(a: AttentionSpec): string {
  if (!("window" in a) || !a.window) return "";
  const { size, fullEvery } = a.window;
  return `, all keys in 1 of ${fullEvery} layers, ${size} in the others`;
}

/** The mixers of a model by kind. */
export function mixerWords(model: Model): Record<string, string> {
  const { attention, linear, mamba, mamba2 } = model;
  const counts = mixerCounts(model);
  const every = mamba
    ? `, in 1 of ${mamba.attentionEvery} layers, Mamba in the others`
    : linear
    ? `, in 1 of ${linear.softmaxEvery} layers, linear attention in the others`
    : mamba2
    ? `, in ${counts.attention ?? 0} layers`
    : "";
  return {
    attention: headWords(attention) + windowWords(attention) + every,
    ...(linear && {
      linearAttention: `${linear.kind}, ${linear.valueHeads} states of ${linear.keyDim} by ` +
        `${linear.valueDim}, ${linear.keyHeads} key heads`,
    }),
    ...(mamba2 && {
      mamba2: `${mamba2.heads} heads of ${mamba2.headDim}, ${mamba2.stateSize} state channels, ` +
        `${mamba2.groups} groups, in ${counts.mamba2 ?? 0} layers`,
    }),
  };
}
