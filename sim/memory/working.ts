/**
 * What is there beside the kept tensors at the worst moment of a layer: gradients under way,
 * exchanged rows, gathered inputs.
 *
 * @module
 */
import type { LayerKind } from "../cost/phases.ts";
import { formats } from "../cost/formats.ts";
import { storedScores } from "./layer_tensors.ts";
import type { Precision } from "../plan/plan.ts";
import { type MemorySite, wideBytes } from "./site.ts";

/** Tokens times width of a whole (not sequence-parallel) hidden state, and of a rank's part. */
function hidden({ sizes, split }: MemorySite): { whole: number; own: number } {
  return { whole: split.tokens * sizes.dModel, own: split.ownTokens * sizes.dModel };
}

/**
 * Backward pass of a gated network. At its activation function the gradients of its inputs are
 * there, and that of its product in place of the product, which its last matrix has used up. At its
 * first matrix, the activations are used up as well, but under sequence parallelism the input is
 * gathered again and its gradient is still whole.
 */
function ffnWorking(site: MemorySite, width: number): number {
  const { sizes, plan, split } = site;
  const { whole, own } = hidden(site);
  const row = (split.tokens * width) / split.tp;
  const atActivation = own + row * (sizes.ffnMatrices - 1);
  const gathered = plan.tp > 1 && plan.sequenceParallel ? 2 : 1;
  return Math.max(atActivation, own + gathered * whole - row) * wideBytes;
}

/** Exchanges that pack rows by themselves keep no copies of what they send. */
const packs: ReadonlySet<string> = new Set(["deepep", "hybridep"]);

/**
 * Forward pass of a mixture: nothing of the exchange is freed before the layer returns. Packed rows
 * and rows as they arrive are in the format of the dispatch, outputs, outputs in the order of arrival
 * and returned rows in that of the combine. That all five tensors are there at once is what the
 * allocations of DeepSeek-V2 in `experiments/published/memory` show.
 */
function mixtureWorking(site: MemorySite, load: number): number {
  const { sizes, plan, split, expertRows } = site;
  const { own } = hidden(site);
  const group = plan.ep * plan.etp;
  if (plan.dispatcher === "all-gather") {
    // Tokens of the group, gathered, and the partial sums of all of them.
    return wideBytes * own * (1 + 2 * group + (2 * expertRows) / split.ownTokens);
  }
  // Rows that go nowhere keep their format.
  const bytes = (format: Precision | undefined) =>
    format && group > 1 ? Math.min(wideBytes, formats[format].bytes) : wideBytes;
  const [dispatched, combined] = [bytes(plan.formats.dispatch), bytes(plan.formats.combine)];
  const sent = packs.has(plan.dispatcher) ? 0 : (expertRows / plan.etp) * (dispatched + combined);
  // Experts write 16 bits, whatever they send back.
  const received = expertRows * load * (dispatched + wideBytes + combined);
  return wideBytes * own + sizes.dModel * (sent + received);
}

/** Backward pass of attention: gradients of heads, with those of queries summed in FP32. */
function attentionWorking(site: MemorySite): number {
  const { sizes: { attention: a }, split: { tokens, tp }, habits } = site;
  const kvHeads = Math.max(a.kvHeads / tp, 1);
  const queries = (tokens * a.heads * a.qkDim) / tp;
  const others = tokens * (kvHeads * (a.qkDim + a.vDim) + (a.heads * a.vDim) / tp);
  const scores = habits.scoreBytes.working;
  const sums = scores > 0 ? storedScores(site) * scores : queries * 4;
  return hidden(site).own * wideBytes + (queries + others) * wideBytes + sums;
}

/**
 * Bytes beside the kept tensors at the worst moment of a layer.
 *
 * @param freed Bytes of its feed-forward part, which is over when the gradient of attention begins.
 */
export function layerWorking(
  kind: LayerKind,
  site: MemorySite,
  options: { load: number; freed: number },
): number {
  const mixture = site.sizes.moe !== undefined && kind !== "dense";
  const feedForward = mixture
    ? mixtureWorking(site, options.load)
    : ffnWorking(site, site.sizes.ffnWidth);
  return Math.max(feedForward, attentionWorking(site) - options.freed);
}
