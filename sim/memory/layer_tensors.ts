/**
 * The tensors that a layer keeps for its backward pass, one by one.
 *
 * The account of Korthikanti et al. (arXiv 2205.05198, section 4), for layers of today: norms keep
 * their inputs and products theirs, flash attention keeps queries, keys, values, its output and
 * one statistic of each softmax, a gated activation its inputs. Tensor parallelism splits what lies
 * between its two exchanges, sequence parallelism the rest, context parallelism all. Products in a
 * narrow format keep narrow inputs. A tensor may fall to recomputation: then its part is run again
 * from what is left.
 *
 * @module
 */
import type { LayerKind } from "../cost/phases.ts";
import type { RecomputeModule } from "../plan/plan.ts";
import { type MemorySite, wideBytes } from "./site.ts";

/** Parts of a layer. */
export type TensorPart = "norm" | "attention" | "ffn" | "router" | "experts" | "shared";

/** A tensor that waits for the backward pass. */
export interface LayerTensor {
  /** Part of the layer. */
  part: TensorPart;
  /** What it is. */
  name: string;
  /** Bytes on a rank, for one micro-batch. */
  bytes: number;
  /** Whether it is there until the backward pass, or computed again. */
  kept: boolean;
}

/** Takes a tensor and the modules whose recomputation spares it. */
export type TensorVisitor = (
  part: TensorPart,
  name: string,
  bytes: number,
  spared?: RecomputeModule,
  sparedToo?: RecomputeModule,
) => void;

function visitLatentHeads(site: MemorySite, visit: TensorVisitor): void {
  const { sizes: { attention: a }, split: { tokens, ownTokens, tp }, inputBytes } = site;
  const { qRank, kvRank, ropeDim } = a.latent!;
  const latents = qRank + kvRank;
  visit("attention", "latents", ownTokens * (latents + ropeDim) * wideBytes);
  visit("attention", "latents after their norms", ownTokens * latents * inputBytes, "norm");
  const head = (tokens * a.heads * wideBytes) / tp;
  visit("attention", "queries", head * a.qkDim, "mla_up");
  visit("attention", "keys", head * a.qkDim, "mla_up");
  visit("attention", "values", head * a.vDim, "mla_up");
}

/** Tokens of a block in the chunked form of linear attention, each with a state in FP32. */
const linearBlock = 64;

function visitHeads(site: MemorySite, visit: TensorVisitor): void {
  const { sizes: { attention: a }, split: { tokens, tp } } = site;
  // Ranks share a key head where there are fewer heads than ranks.
  const kvHeads = Math.max(a.kvHeads / tp, 1);
  const softmax = a.linear ? 1 / a.linear.every : 1;
  const bytes = tokens * wideBytes * softmax;
  visit("attention", "queries", (bytes * a.heads * a.qkDim) / tp);
  visit("attention", "keys", bytes * kvHeads * a.qkDim);
  visit("attention", "values", bytes * kvHeads * a.vDim);
  if (!a.linear) return;
  const { heads, stateDim, headDim } = a.linear;
  const rows = (tokens * (1 - softmax) * heads) / tp;
  visit("attention", "linear heads", rows * (2 * stateDim + 3 * headDim) * wideBytes);
  visit("attention", "linear states", (rows * stateDim * headDim * 4) / linearBlock);
}

/** Keys of a sequence whose scores an average layer stores. */
function storedKeys({ sizes: { attention: { window } }, sequence }: MemorySite): number {
  if (!window) return sequence;
  return (sequence + (window.every - 1) * Math.min(window.size, sequence)) / window.every;
}

/** Stored scores of a layer on a rank, elements. */
export function storedScores(site: MemorySite): number {
  const { sizes: { attention: a }, split: { sequences, queries, tp } } = site;
  return ((sequences * a.heads) / tp) * queries * storedKeys(site);
}

function visitMixer(site: MemorySite, visit: TensorVisitor): void {
  const { sizes, plan, split, habits, inputBytes } = site;
  const { attention: a, dModel } = sizes;
  const { tokens, ownTokens, tp } = split;
  if (a.latent) visitLatentHeads(site, visit);
  else visitHeads(site, visit);
  const softmax = a.linear ? 1 / a.linear.every : 1;
  const { kept } = habits.scoreBytes;
  if (kept > 0) {
    visit("attention", "scores", softmax * storedScores(site) * kept, "attention_core");
  } else {
    const statistics = (softmax * tokens * a.heads * 4) / tp;
    visit("attention", "softmax statistics", statistics, "attention_core");
  }
  const output = (tokens * a.heads * a.vDim) / tp;
  const narrow = inputBytes < wideBytes;
  const shared = narrow ? habits.sharedOutputBytes : 0;
  visit("attention", "output", output * (shared || wideBytes));
  if (plan.cp > 1 && plan.contextExchange === "a2a" && habits.contextOutputTwice) {
    visit("attention", "output before its exchange", output * wideBytes);
  }
  if (narrow && !shared) visit("attention", "narrow output", output * inputBytes);
  if (a.experts !== undefined) {
    visit("attention", "heads times the shares of their experts", output * inputBytes);
    visit("attention", "shares of experts", ownTokens * a.experts * 4);
  }
  if (habits.dropoutMasks > 0) {
    visit("norm", "dropout masks", ownTokens * dModel * habits.dropoutMasks);
  }
}

function visitNorm(site: MemorySite, outputBytes: number, visit: TensorVisitor): void {
  const { sizes, split, habits } = site;
  const own = split.ownTokens * sizes.dModel;
  visit("norm", "input", own * wideBytes);
  const more = habits.normBytes - wideBytes;
  if (more > 0) visit("norm", "intermediates", own * more, "norm");
  const tokens = habits.gatheredInputs ? split.tokens : split.ownTokens;
  visit("norm", "normed", tokens * sizes.dModel * outputBytes, "norm");
}

/** What an activation reads: the output of its matrix, and of a second one where it is gated. */
function visitHidden(
  { sizes, habits, inputBytes }: MemorySite,
  hidden: { part: TensorPart; elements: number; module: RecomputeModule },
  visit: TensorVisitor,
): void {
  const { part, elements, module } = hidden;
  const bytes = elements * (habits.narrowHidden ? inputBytes : wideBytes);
  visit(part, "hidden", bytes, module);
  if (sizes.ffnMatrices === 3) visit(part, "gated", bytes, module);
}

function visitFfn(
  site: MemorySite,
  ffn: { part: "ffn" | "shared"; width: number; module: RecomputeModule },
  visit: TensorVisitor,
): void {
  const { sizes, split, habits, inputBytes } = site;
  const rows = (split.tokens * ffn.width) / split.tp;
  visitHidden(site, { part: ffn.part, elements: rows, module: ffn.module }, visit);
  if (!habits.fusedActivation && sizes.ffnMatrices === 3) {
    visit(ffn.part, "activated gate", rows * wideBytes, ffn.module, "activation");
  }
  visit(ffn.part, "product", rows * inputBytes, ffn.module, "activation");
}

function visitExperts(site: MemorySite, load: number, visit: TensorVisitor): void {
  const { sizes, plan, split, inputBytes } = site;
  const moe = sizes.moe!;
  // Logits and probabilities in FP32, the choice, and where each row goes.
  visit("router", "logits, choice and map", split.ownTokens * moe.experts * 17, "experts");
  const rows = site.expertRows * load;
  const width = (rows * moe.width) / plan.etp;
  visit("experts", "rows", rows * sizes.dModel * inputBytes, "experts");
  visitHidden(site, { part: "experts", elements: width, module: "experts" }, visit);
  visit("experts", "product", width * inputBytes, "experts", "activation");
  visit("experts", "weights of rows", rows * 4, "experts");
  if (moe.sharedWidth > 0) {
    const ffn = { part: "shared", width: moe.sharedWidth, module: "shared_experts" } as const;
    visitFfn(site, ffn, visit);
  }
}

/** Calls `visit` with every tensor of a transformer layer; `load` scales the experts' rows. */
export function visitTensors(
  kind: LayerKind,
  site: MemorySite,
  load: number,
  visit: TensorVisitor,
): void {
  const { sizes, split, inputBytes } = site;
  const mixture = sizes.moe !== undefined && kind !== "dense";
  if (kind === "mtp") {
    const own = split.ownTokens * sizes.dModel;
    visit("norm", "inputs of two norms", 2 * own * wideBytes);
    visit("norm", "joined rows", 2 * own * inputBytes, "norm");
  }
  visitNorm(site, inputBytes, visit);
  visitMixer(site, visit);
  // The router reads what the experts' norm writes, in 16 bits.
  if (!sizes.parallel) visitNorm(site, mixture ? wideBytes : inputBytes, visit);
  if (mixture) visitExperts(site, load, visit);
  else visitFfn(site, { part: "ffn", width: sizes.ffnWidth, module: "ffn" }, visit);
}

/**
 * Products of a layer in their order: queries, keys, values, output, hidden, gated, down. Where every
 * second one is computed again, these wait beside the output of attention.
 */
const keptByOperators: ReadonlySet<string> = new Set([
  ...["queries", "values", "hidden", "output", "scores", "softmax statistics"],
  ...["latents", "linear heads", "linear states", "dropout masks"],
  ...["logits, choice and map", "rows", "weights of rows"],
]);

/**
 * Whether a tensor waits for the backward pass, given the modules whose recomputation spares it.
 * Checkpoints of whole layers or of operators keep the input of the layer, its first tensor.
 */
export function isKept(
  { plan: { recompute }, habits }: MemorySite,
  tensor: { name: string; first: boolean; spared?: RecomputeModule; sparedToo?: RecomputeModule },
): boolean {
  if (recompute === "none") return true;
  const { name, first, spared, sparedToo } = tensor;
  if (recompute === "full") return first;
  if (habits.selective === "operators") return first || keptByOperators.has(name);
  return !(spared !== undefined && recompute.includes(spared)) &&
    !(sparedToo !== undefined && recompute.includes(sparedToo));
}

/** The tensors that a layer keeps, as a list. */
export function layerTensors(
  kind: LayerKind,
  site: MemorySite,
  options: { load?: number } = {},
): LayerTensor[] {
  const tensors: LayerTensor[] = [];
  visitTensors(kind, site, options.load ?? 1, (part, name, bytes, spared, sparedToo) => {
    const kept = isKept(site, { name, first: tensors.length === 0, spared, sparedToo });
    tensors.push({ part, name, bytes, kept });
  });
  return tensors;
}
