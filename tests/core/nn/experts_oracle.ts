/** What routers weigh and what experts are, in f64 and one expert at a time. */
import type { ExpertAttention } from "../../../core/spec/model.ts";

type Numbers = ArrayLike<number>;

/** Weights [T, E] of the best `topK` by logits [T, E], 0 for the others. */
export function routerWeights(
  logits: Numbers,
  { experts, topK, over }: { experts: number; topK: number; over: "all" | "chosen" },
): Float64Array {
  const weights = new Float64Array(logits.length);
  for (let at = 0; at < logits.length; at += experts) {
    const row = Array.from({ length: experts }, (_, e) => Math.exp(logits[at + e]));
    const best = row.map((_, e) => e).sort((a, b) => row[b] - row[a] || a - b).slice(0, topK);
    const counted = over === "all" ? row : best.map((e) => row[e]);
    const total = counted.reduce((a, b) => a + b, 0);
    for (const e of best) weights[at + e] = row[e] / total;
  }
  return weights;
}

/** The sum of outputs [T, D], one an expert, times their weights [T, E]. */
export function expertSum(outputs: readonly Float64Array[], weights_TE: Numbers): Float64Array {
  const experts = outputs.length;
  const width = outputs[0].length / (weights_TE.length / experts);
  return Float64Array.from(
    outputs[0],
    (_, i) =>
      outputs.reduce(
        (sum, y, e) => sum + y[i] * weights_TE[Math.floor(i / width) * experts + e],
        0,
      ),
  );
}

/** The weights of one layer's attention, of each expert alone, under the names of plain attention. */
export function expertParts(
  a: ExpertAttention,
  { at, w, d }: { at: string; w: Record<string, Numbers>; d: number },
): Record<string, Numbers>[] {
  const { experts, heads, kvHeads, headDim, kv } = a;
  const members = heads / kvHeads;
  /** Where head `h` of expert `e` lies among all query heads. */
  const place = (e: number, h: number) =>
    kv === "expert"
      ? e * heads + h
      : (Math.floor(h / members) * experts + e) * members + h % members;
  const keyPlace = (e: number, h: number) => kv === "expert" ? e * kvHeads + h : h;
  /** Columns of the heads named, from a matrix of `rows` rows. */
  const columns = (x: Numbers, rows: number, places: number[]) => {
    const width = x.length / rows;
    return Array.from(
      { length: rows },
      (_, row) =>
        places.flatMap((p) =>
          Array.from({ length: headDim }, (_, i) => x[row * width + p * headDim + i])
        ),
    ).flat();
  };
  return Array.from({ length: experts }, (_, e) => {
    const mine = Array.from({ length: heads }, (_, h) => place(e, h));
    const keys = Array.from({ length: kvHeads }, (_, h) => keyPlace(e, h));
    const out = Array.from(w[`${at}out`]);
    const parts: Record<string, Numbers> = {
      [`${at}out`]: mine.flatMap((p) => out.slice(p * headDim * d, (p + 1) * headDim * d)),
    };
    for (const [name, places] of Object.entries({ q: mine, k: keys, v: keys })) {
      parts[`${at}${name}`] = columns(w[`${at}${name}`], d, places);
      const bias = w[`${at}${name}.bias`];
      if (bias) parts[`${at}${name}.bias`] = columns(bias, 1, places);
    }
    const [sinks, outBias] = [w[`${at}sinks`], w[`${at}out.bias`]];
    if (sinks) parts[`${at}sinks`] = mine.map((p) => sinks[p]);
    if (outBias) parts[`${at}out.bias`] = Array.from(outBias).slice(e * d, (e + 1) * d);
    return parts;
  });
}
