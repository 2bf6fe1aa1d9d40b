/**
 * Parallel blocks and attention experts in f64 on the host: every expert is the attention of a dense
 * model of its own, run as that model's, and summed with what its router says. How a mixture lays the
 * heads of its experts out plays no part here.
 *
 * @module
 */
import type { GqaAttention, MhaAttention } from "../../../../core/spec/mixers.ts";
import { layersOf } from "../../../../core/spec/layers.ts";
import type { Mixed } from "../made_up/bam.ts";
import { plainAttention } from "./attention.ts";
import { experts, feedForward } from "./experts.ts";
import { dot, finder, plus, rmsNorm, type Rows, softmax, type Tensors, times } from "./tensors.ts";

/** What each expert counts for a token. */
function sharesOf(logits: ArrayLike<number>, routing?: { topK: number; over: string }): number[] {
  if (!routing) return softmax(logits);
  const order = Array.from(logits, (_, i) => i).sort((a, b) => logits[b] - logits[a] || a - b);
  const chosen = order.slice(0, routing.topK);
  const among = routing.over === "all" ? Array.from(logits) : chosen.map((i) => logits[i]);
  const sum = among.reduce((all, logit) => all + Math.exp(logit), 0);
  return Array.from(logits, (logit, i) => chosen.includes(i) ? Math.exp(logit) / sum : 0);
}

/** A router has the name that its gate gives it. */
const plainNames = (tensors: Tensors): Tensors =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, one]) => [name.replace(".gate.", ".moe."), one]),
  );

/** Attention of a layer on its normed input. */
function attention(a_TD: Rows, layer: number, { model, settings, weights, domains }: Mixed): Rows {
  const prefix = `layers.${layer}.`;
  const own = finder(weights, prefix);
  const rest = { settings, start: 0 };
  if (model.attention.kind !== "experts") {
    const spec = model.attention as MhaAttention | GqaAttention;
    return plainAttention(a_TD, { ...rest, spec, find: own }).out;
  }
  const { kv, routing } = model.attention;
  const ofAll = kv === "shared" ? /^attention\.[kv](\.bias)?$/ : /^$/;
  const outputs = domains.map(({ model: { attention }, weights }) => {
    const find = finder(weights, prefix);
    const spec = attention as MhaAttention | GqaAttention;
    const context = {
      ...rest,
      spec,
      find: (name: string) => (ofAll.test(name) ? own : find)(name),
    };
    return plainAttention(a_TD, context).out;
  });
  return a_TD.map((a, t) => {
    const shares = sharesOf(times(a, own("attention.router")), routing);
    return outputs.reduce<Float64Array>(
      (sum, out, i) => plus(sum, out[t].map((value) => value * shares[i])),
      new Float64Array(a.length),
    );
  });
}

/** RMSNorm, or LayerNorm (arXiv 1607.06450): the same of what is around the mean, and a bias. */
function normOf(x: Float64Array, name: string, { model, settings, weights }: Mixed): Float64Array {
  const find = finder(weights);
  if (model.norm.kind === "rmsnorm") return rmsNorm(x, find(name), settings.normEps);
  const mean = x.reduce((sum, value) => sum + value) / x.length;
  const y = rmsNorm(x.map((value) => value - mean), find(name), settings.normEps);
  return model.norm.bias ? y.map((value, c) => value + find(`${name}.beta`).data[c]) : y;
}

/** Logits [T, V] of the token after each of `ids`, behind the choices of networks that are imposed. */
export function parallelForward(
  ids: readonly number[],
  mixed: Mixed,
  routing: readonly (readonly (readonly number[])[] | undefined)[] = [],
): Float64Array {
  const { model, settings } = mixed;
  const tensors = plainNames(mixed.weights) as Mixed["weights"];
  const table = tensors.embedding;
  const width = model.dModel;
  let x_TD: Rows = ids.map((id) =>
    Float64Array.from(table.data.subarray(id * width, (id + 1) * width))
  );
  const norm = (rows: Rows, name: string) =>
    rows.map((row) => normOf(row, name, { ...mixed, weights: tensors }));
  for (const { index, network } of layersOf(model)) {
    const at = `layers.${index}.`;
    const find = finder(tensors, at);
    const a_TD = norm(x_TD, `${at}attention.norm`);
    const attended = attention(a_TD, index, mixed);
    const m_TD = x_TD.map((x, t) => plus(x, attended[t]));
    const second = `${at}${network === "dense" ? "ffn" : "moe"}.norm`;
    const from = model.block === "parallel" ? x_TD : m_TD;
    const b_TD = model.norm.perLayer === 1 ? a_TD : norm(from, second);
    const has = (name: string) => at + name in tensors;
    const context = { find, has, settings, imposed: routing[index] };
    const out = network === "dense"
      ? b_TD.map((b) => feedForward(b, { up: find("ffn.up"), down: find("ffn.down") }))
      : experts(b_TD, { ...context, spec: model.moe! }).out;
    x_TD = m_TD.map((m, t) => plus(m, out[t]));
  }
  const last = norm(x_TD, "norm");
  const head = model.embedding.tied ? table : tensors.head;
  const rows = Array.from(
    { length: model.embedding.vocab },
    (_, token) => head.data.subarray(token * width, (token + 1) * width),
  );
  return Float64Array.from(last.flatMap((x) => rows.map((row) => dot(x, row))));
}
