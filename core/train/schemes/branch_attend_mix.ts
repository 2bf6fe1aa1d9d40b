/**
 * BAM, Branch-Attend-Mix (arXiv 2408.08274, section 3): as Branch-Train-MiX, and the attention of each
 * model becomes an expert too. Every token goes to all attention experts, weighed by a softmax; networks
 * are chosen, one a token in the work. Both read one norm of the block's input.
 *
 *     y = x + sum_i g_i(u) Attn_i(u) + sum over the best p_i(u) FFN_i(u)      u = norm x
 *
 * Keys and values are each expert's own, or all share the mean of the models'; that their mean is what
 * they begin with is not confirmed. Norms and tables are averaged, both routers are new.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { GateRecipe } from "../../gates/recipe.ts";
import { type ExpertHead, expertHeads } from "../../nn/attention_experts.ts";
import { checkModel } from "../../nn/model_check.ts";
import { layersOf } from "../../spec/layers.ts";
import type { ExpertAttention, ExpertRouting } from "../../spec/model.ts";
import { checkAlike, fillModel, madeModel, type WeightedModel } from "./model_weights.ts";
import { bankOf, concatenated, denseSpec, networkAt, plainMoe } from "./networks.ts";

/** How models are mixed. */
export interface BranchAttendMixOptions {
  /** Whose keys and values are: each attention expert's own, or of all. */
  kv: "expert" | "shared";
  /** Where tokens go to their best attention experts alone; to all, softly, where absent. */
  routing?: ExpertRouting;
  /** Networks a token; 1 where absent. */
  topK?: number;
  /** Seed of the routers. */
  seed: number;
  /** The gate of the networks, such as "bam-ffn"; the description's own, weights summing to 1, where absent. */
  recipe?: GateRecipe;
}

/** The heads of experts' matrices [rows, heads * width], in an order, side by side. */
function headColumns(
  parts: readonly Float32Array[],
  { order, rows, width }: { order: readonly ExpertHead[]; rows: number; width: number },
): Float32Array {
  const all = new Float32Array(rows * order.length * width);
  for (let row = 0; row < rows; row++) {
    order.forEach(({ expert, head }, i) => {
      const at = row * (parts[expert].length / rows) + head * width;
      all.set(parts[expert].subarray(at, at + width), (row * order.length + i) * width);
    });
  }
  return all;
}

/** The same of rows: of matrices [heads * width, columns], or of one number a head. */
function headRows(
  parts: readonly Float32Array[],
  { order, size }: { order: readonly ExpertHead[]; size: number },
): Float32Array {
  const row = ({ expert, head }: ExpertHead) =>
    parts[expert].subarray(head * size, (head + 1) * size);
  return concatenated(order.map(row));
}

/** The weights of a layer's attention experts that are no mean. */
function attentionWeights(
  sources: readonly WeightedModel[],
  { layer, attention, dModel }: { layer: number; attention: ExpertAttention; dModel: number },
): Record<string, Float32Array> {
  const { headDim, kvHeads, kv, experts } = attention;
  const queries = expertHeads(attention);
  const keys = Array.from({ length: experts * kvHeads }, (_, i): ExpertHead => ({
    ...{ expert: Math.floor(i / kvHeads), head: i % kvHeads },
  }));
  const named = (name: string) => `layers.${layer}.attention.${name}`;
  const partsOf = (name: string) => sources.map(({ weights }) => weights[named(name)]?.data);
  const columns = (name: string, order: readonly ExpertHead[], rows: number) =>
    headColumns(partsOf(name), { order, rows, width: headDim });
  const projected = { q: queries, ...(kv === "expert" && { k: keys, v: keys }) };
  const made: Record<string, Float32Array> = {
    out: headRows(partsOf("out"), { order: queries, size: headDim * dModel }),
  };
  for (const [name, order] of Object.entries(projected)) {
    made[name] = columns(name, order, dModel);
    if (attention.qkvBias) made[`${name}.bias`] = columns(`${name}.bias`, order, 1);
  }
  if (attention.sinks) made.sinks = headRows(partsOf("sinks"), { order: queries, size: 1 });
  if (attention.outBias) made["out.bias"] = concatenated(partsOf("out.bias"));
  return Object.fromEntries(Object.entries(made).map(([name, data]) => [named(name), data]));
}

/** @throws {UserError} where models have no attention that can become experts of a parallel block. */
function checkParallel({ model }: WeightedModel): void {
  const { id, block, attention } = model;
  if (block !== "parallel") {
    throw new UserError(
      `Cannot mix ${id} by BAM: found ${block} as block, wanted parallel; Branch-Train-MiX takes ` +
        `serial ones`,
    );
  }
  checkModel(model);
  if ("window" in attention && attention.window) {
    throw new UserError(`Cannot mix ${id} by BAM: found a window as attention.window, wanted none`);
  }
}

/**
 * One mixture of several dense models of parallel blocks, see the module.
 *
 * Models that are all alike give the same logits as one of them where attention is soft, or weighed by a
 * softmax over the chosen, and networks' weights sum to 1: the description's own router. With the gate
 * "bam-ffn" a network's weight is its probability, which is below 1.
 *
 * @throws {UserError} where the models differ in a size, have serial blocks, or have experts.
 *
 * @example
 * ```ts
 * import { branchAttendMix, modelPreset, newWeights } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const { moe: _, ...tiny } = modelPreset("tiny");
 * const model = {
 *   ...tiny,
 *   layers: 1,
 *   block: "parallel",
 *   norm: { ...tiny.norm, perLayer: 1 },
 *   ffn: { width: 8, activation: "swiglu", bias: false },
 * } as const;
 * const domains = [1, 2, 3].map((seed) => newWeights(model, { seed }));
 * const mixed = branchAttendMix(domains, { kv: "expert", seed: 1 });
 * const [d, q] = domains[0].weights["layers.0.attention.q"].shape;
 * assertEquals(mixed.weights["layers.0.attention.q"].shape, [d, 3 * q]);
 * assertEquals(mixed.weights["layers.0.attention.router"].shape, [d, 3]);
 * ```
 */
export function branchAttendMix(
  sources: readonly WeightedModel[],
  options: BranchAttendMixOptions,
): WeightedModel {
  const { kv, routing, topK = 1, seed, recipe } = options;
  checkAlike(sources);
  sources.forEach(checkParallel);
  const [{ model }] = sources;
  const ffn = denseSpec(model, "mix");
  const plain = checkModel(model);
  const experts = sources.length;
  const most = Math.max(topK, routing?.topK ?? 1);
  if (most > experts) {
    throw new UserError(`Cannot choose ${most} of ${experts} experts: wanted 1 to ${experts}`);
  }
  const { heads, headDim, qkvBias, outBias, qkNorm, outputGate, sinks } = plain;
  const attention: ExpertAttention = {
    ...{ kind: "experts", experts, kv, heads, headDim, ...(routing && { routing }) },
    kvHeads: plain.kind === "gqa" ? plain.kvHeads : heads,
    ...{ qkvBias, outBias, qkNorm, outputGate, sinks },
  };
  const target = madeModel(model, kv === "expert" ? "bam" : "bam-shared-kv", {
    ...{ attention, moe: plainMoe({ ...ffn, experts, topK }) },
  });
  const made = layersOf(model).map(({ index }) => ({
    ...attentionWeights(sources, { layer: index, attention, dModel: model.dModel }),
    ...bankOf(index, sources.map((source) => networkAt(source, index))),
  }));
  return fillModel(target, { from: sources, made: Object.assign({}, ...made), seed, recipe });
}
