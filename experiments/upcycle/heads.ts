/**
 * Attention experts as the attention of the models that they came from: heads are known again by their
 * numbers.
 *
 * @module
 */
import { expertHeads, type Model, type WeightedModel } from "../../core/mod.ts";

/** Weights of attention experts that hold something of each expert. */
const ofHeads = /\.attention\.(q|k|v|out|sinks)(\.bias)?$/;

/** Whether a weight is of attention experts, and no mean of all. */
export function isOfHeads(name: string, { attention }: Model): boolean {
  if (attention.kind !== "experts" || !ofHeads.test(name)) return false;
  return attention.kv === "expert" || !/\.[kv](\.bias)?$/.test(name);
}

/** Whether the heads of each expert are those of the source of its number. */
export function sameHeads(
  name: string,
  { made: { model, weights }, sources }: {
    made: WeightedModel;
    sources: readonly WeightedModel[];
  },
): boolean {
  const { attention } = model;
  if (attention.kind !== "experts" || sources.length !== attention.experts) return false;
  const { data, shape } = weights[name];
  const parts = sources.map((source) => source.weights[name]?.data);
  if (parts.some((part) => part?.length !== data.length / sources.length)) return false;
  const { experts, kvHeads } = attention;
  const keys = Array.from({ length: experts * kvHeads }, (_, i) => ({
    ...{ expert: Math.floor(i / kvHeads), head: i % kvHeads },
  }));
  const order = /\.[kv](\.bias)?$/.test(name) ? keys : expertHeads(attention);
  if (name.endsWith("out.bias")) {
    const size = data.length / experts;
    return parts.every((part, e) => part.every((value, i) => value === data[e * size + i]));
  }
  // Heads are runs of columns; of what attention gives out, and of one number a head, runs of rows.
  const inRows = /\.(out|sinks)$/.test(name);
  const rows = inRows || shape.length === 1 ? 1 : shape[0];
  const run = data.length / rows / order.length;
  return order.every(({ expert, head }, i) => {
    const part = parts[expert];
    const width = part.length / rows;
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < run; j++) {
        if (data[(row * order.length + i) * run + j] !== part[row * width + head * run + j]) {
          return false;
        }
      }
    }
    return true;
  });
}
