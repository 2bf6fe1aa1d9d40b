/**
 * Softmax attention with plain heads: grouped queries, windows, sinks, norms of queries and keys.
 *
 * @module
 */
import type { RunSettings } from "../../../../core/checkpoints/run_settings.ts";
import type { GqaAttention, MhaAttention } from "../../../../core/spec/mixers.ts";
import { turned } from "./rope.ts";
import { dot, type Find, rmsNorm, type Rows, softmax, times } from "./tensors.ts";

/** What a layer's attention did. */
export interface Attended {
  /** Output of each token, as wide as the model. */
  out: Rows;
  /** Share of each key in each head of each token, [H][T][T]; 0 for keys that it does not see. */
  shares: number[][][];
  /** Share that the sink of a head takes, [H][T]; 0 where there are none. */
  sinkShares: number[][];
}

/** Queries, keys and values by head, each [T][width of the head]. */
export interface HeadInputs {
  queries: Rows[];
  /** As many as the queries', or each shared by a run of neighbouring heads. */
  keys: Rows[];
  values: Rows[];
}

/** How queries see keys. */
export interface AttendOptions {
  /** Factor of query times key. */
  scale: number;
  /** Keys that a query sees, its own among them; all before it where left out. */
  window?: number;
  /** A logit a head that joins the softmax and carries no value. */
  sinks?: ArrayLike<number>;
}

/** Values weighted by the softmax of query times key, the heads of a token side by side. */
export function attend({ queries, keys, values }: HeadInputs, options: AttendOptions): Attended {
  const { scale, window = Infinity, sinks } = options;
  const tokens = queries[0].length;
  const group = queries.length / keys.length;
  const shares: number[][][] = [];
  const sinkShares: number[][] = [];
  const mixed = queries.map((queries_TC, h) => {
    const keys_TC = keys[Math.floor(h / group)];
    const values_TC = values[Math.floor(h / group)];
    shares.push([]);
    sinkShares.push([]);
    return queries_TC.map((query, t) => {
      const first = Math.max(0, t - window + 1);
      const logits = keys_TC.slice(first, t + 1).map((key) => dot(query, key) * scale);
      const weights = softmax(sinks ? [...logits, sinks[h]] : logits);
      const row = Array<number>(tokens).fill(0);
      const out = new Float64Array(values_TC[0].length);
      logits.forEach((_, i) => {
        row[first + i] = weights[i];
        values_TC[first + i].forEach((value, c) => out[c] += weights[i] * value);
      });
      shares[h].push(row);
      sinkShares[h].push(sinks ? weights[logits.length] : 0);
      return out;
    });
  });
  const out = Array.from(
    { length: tokens },
    (_, t) => Float64Array.from(mixed.flatMap((rows) => Array.from(rows[t]))),
  );
  return { out, shares, sinkShares };
}

/** The columns of each head, [heads][T][width]. */
export function headsOf(rows: Rows, heads: number): Rows[] {
  const width = rows[0].length / heads;
  return Array.from(
    { length: heads },
    (_, h) => rows.map((row) => row.slice(h * width, (h + 1) * width)),
  );
}

/** Where a layer's attention finds what it needs. */
export interface AttentionContext<Spec> {
  spec: Spec;
  find: Find;
  settings: RunSettings;
  /** Position of the first token. */
  start: number;
  window?: number;
}

/** Attention of a layer on its normed input. */
export function plainAttention(
  x_TD: Rows,
  context: AttentionContext<MhaAttention | GqaAttention>,
): Attended {
  const { spec, find, settings, start, window } = context;
  const { heads, qkNorm } = spec;
  const kvHeads = spec.kind === "gqa" ? spec.kvHeads : heads;
  const project = (name: string) => {
    const bias = spec.qkvBias ? find(`attention.${name}.bias`) : undefined;
    return x_TD.map((x) => times(x, find(`attention.${name}`), bias));
  };
  const normed = (rows: Rows, name: string) =>
    rows.map((row) => rmsNorm(row, find(`attention.${name}`), settings.normEps));
  // Queries or keys by head, turned to their positions.
  const placed = (name: "q" | "k", count: number) => {
    const rows = project(name);
    const whole = qkNorm === "width" ? normed(rows, `${name}Norm`) : rows;
    const byHead = headsOf(whole, count)
      .map((head) => qkNorm === "head" ? normed(head, `${name}Norm`) : head);
    return byHead.map((head) => head.map((row, t) => turned(row, start + t, settings.rope)));
  };
  const inputs = {
    queries: placed("q", heads),
    keys: placed("k", kvHeads),
    values: headsOf(project("v"), kvHeads),
  };
  const sinks = spec.sinks ? find("attention.sinks").data : undefined;
  const attended = attend(inputs, { scale: settings.attentionScale, window, sinks });
  const bias = spec.outBias ? find("attention.out.bias") : undefined;
  return { ...attended, out: attended.out.map((row) => times(row, find("attention.out"), bias)) };
}
