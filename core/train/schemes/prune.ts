/**
 * Fewer experts: those that tokens use most are kept (MoE-Pruning, arXiv 2206.00277; Expert Trimming, He
 * et al., arXiv 2406.02500), in the end one of each layer, as a dense network.
 *
 * What tokens use is counted by an evaluation: `wanted_E` of each layer.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import {
  checkAlike,
  type HostWeight,
  isRouter,
  madeModel,
  type WeightedModel,
} from "./model_weights.ts";
import { denseFrom } from "./gather.ts";
import { concatenated, sparseLayers, sparseSpec } from "./networks.ts";

/** How often the experts of each layer were used, [E] for each layer with experts, in order. */
export type ExpertCounts = readonly ArrayLike<number>[];

/** The most used experts, in the order in which they lie; of equals the first. */
function mostUsed(counts: ArrayLike<number>, keep: number): number[] {
  const order = Array.from(counts, (_, e) => e).sort((a, b) => counts[b] - counts[a] || a - b);
  return order.slice(0, keep).sort((a, b) => a - b);
}

function checkCounts({ model }: WeightedModel, counts: ExpertCounts): void {
  const layers = sparseLayers(model);
  const fits = counts.length === layers.length &&
    layers.every(({ experts }, i) => counts[i].length === experts);
  if (fits) return;
  throw new UserError(
    `Cannot prune ${model.id}: found counts of ${counts.map((c) => c.length).join(", ") || "no"} ` +
      `experts, wanted ${layers.map(({ experts }) => experts).join(", ")} by layer`,
  );
}

/** Columns of a router [D, E]. */
function columnsOf(
  { shape: [rows, columns], data }: HostWeight,
  kept: readonly number[],
): HostWeight {
  const values = Array.from(
    { length: rows },
    (_, row) => kept.map((e) => data[row * columns + e]),
  );
  return { shape: [rows, kept.length], data: Float32Array.from(values.flat()) };
}

/**
 * The model with the `keep` most used experts of each layer alone, and with their columns of the routers.
 *
 * @throws {UserError} where counts are not those of the experts, so many cannot be kept, or a gate has
 * other weights than a linear router.
 */
export function pruneExperts(
  source: WeightedModel,
  options: { keep: number; counts: ExpertCounts },
): WeightedModel {
  const { keep, counts } = options;
  checkAlike([source]);
  const { model } = source;
  const moe = sparseSpec(model, "prune");
  checkCounts(source, counts);
  if (!(Number.isInteger(keep) && keep >= 1 && keep <= moe.experts)) {
    throw new UserError(
      `Cannot keep ${keep} of ${moe.experts} experts: wanted 1 to ${moe.experts}`,
    );
  }
  const kept = new Map(
    sparseLayers(model).map(({ index }, i) => [index, mostUsed(counts[i], keep)]),
  );
  const weights = Object.entries(source.weights).map(([name, one]): [string, HostWeight] => {
    const own = kept.get(Number(name.split(".")[1]));
    const part = name.split(".").slice(2).join(".");
    if (!own || part === "attention.router") return [name, one];
    if (/^(moe|gate)\.router$/.test(part)) return [name, columnsOf(one, own)];
    if (isRouter(name)) {
      throw new UserError(`Cannot prune ${model.id}: found ${name}, wanted a linear router alone`);
    }
    if (!/^moe\.(up|down)$/.test(part)) return [name, one];
    const [experts, ...shape] = one.shape;
    const size = one.data.length / experts;
    const parts = own.map((e) => one.data.subarray(e * size, (e + 1) * size));
    return [name, { shape: [own.length, ...shape], data: concatenated(parts) }];
  });
  const target = madeModel(model, "pruned", {
    moe: { ...moe, experts: keep, topK: Math.min(moe.topK, keep) },
  });
  return { model: target, weights: Object.fromEntries(weights) };
}

/**
 * The dense model whose networks are the most used expert of each layer.
 *
 * @throws {UserError} where counts are not those of the experts.
 */
export function keepOneExpert(
  source: WeightedModel,
  { counts }: { counts: ExpertCounts },
): WeightedModel {
  checkAlike([source]);
  sparseSpec(source.model, "prune");
  checkCounts(source, counts);
  const layers = sparseLayers(source.model).map(({ index }) => index);
  return denseFrom(source, {
    by: "one-expert",
    of: (layer, networks) => networks[mostUsed(counts[layers.indexOf(layer)], 1)[0]],
  });
}
