/**
 * What a layer of a model costs on a rank under a plan, phase by phase.
 *
 * @module
 */
import type { Dispatcher, Plan, RecomputeModule } from "../plan/plan.ts";
import { addCore } from "./attention_core.ts";
import {
  addGrouped,
  addPasses,
  addProduct,
  emptyLayer,
  type KernelSlot,
  type Part,
} from "./layer_parts.ts";
import type { CostSite } from "./groups.ts";
import type { Machine } from "./machine.ts";
import type { LayerCost, LayerKind } from "./phases.ts";
import { addRowCasts } from "./row_casts.ts";
import { projectionWidths } from "./sizes.ts";

/** Bytes of an activation. */
const wideBytes = 2;

/** Whether a plan computes a part again. */
export function recomputes(plan: Plan, module: RecomputeModule): boolean {
  const { recompute } = plan;
  return recompute === "full" || (recompute !== "none" && recompute.includes(module));
}

/** What a layer's kernels follow from; exchanges play no part. */
export type KernelSite = Omit<CostSite, "groups">;

const partOf = (layer: LayerCost, slot: KernelSlot, again: boolean): Part => ({
  layer,
  slot,
  again,
});

/** Router of attention experts, and the pass that gives each head the share of its expert. */
function addShares(part: Part, experts: number, { sizes, split, machine }: KernelSite): void {
  const { attention: { heads, vDim }, dModel } = sizes;
  addProduct(part, [split.ownTokens, experts, dModel], machine, machine.wide);
  addPasses(part, split.ownTokens * experts * 4 * machine.stack.routerPasses, machine);
  addPasses(part, 2 * split.tokens * heads * vDim / split.tp * wideBytes, machine);
}

function addMixer(layer: LayerCost, site: KernelSite): void {
  const { sizes, plan, split, machine } = site;
  const { attention: a, dModel } = sizes;
  const { tokens, tp } = split;
  const full = plan.recompute === "full";
  const part = partOf(layer, "mixerSeconds", full);
  if (a.latent) {
    const { qRank, kvRank, ropeDim } = a.latent;
    const up = partOf(layer, "mixerSeconds", recomputes(plan, "mla_up"));
    const qIn = qRank > 0 ? qRank : dModel;
    if (qRank > 0) addProduct(part, [split.ownTokens, qRank, dModel], machine);
    addProduct(up, [tokens, a.heads * a.qkDim / tp, qIn], machine);
    addProduct(part, [split.ownTokens, kvRank + ropeDim, dModel], machine);
    addProduct(up, [tokens, a.heads * (a.qkDim - ropeDim + a.vDim) / tp, kvRank], machine);
  } else {
    addProduct(part, [tokens, projectionWidths(a).inWidth / tp, dModel], machine);
  }
  addCore(layer, site, { again: recomputes(plan, "attention_core"), full });
  const outWidth = a.latent ? a.heads * a.vDim : projectionWidths(a).outWidth;
  addProduct(part, [tokens, dModel, outWidth / tp], machine);
  if (a.experts !== undefined) addShares(part, a.experts, site);
  const heads = tokens * (a.heads * (a.qkDim + a.vDim) + 2 * a.kvHeads * a.vDim) / tp;
  addPasses(part, 2 * heads * wideBytes, machine);
  const norms = partOf(layer, "mixerSeconds", recomputes(plan, "norm"));
  const { elementwisePasses, normPasses } = machine.stack;
  // One norm and one sum where a layer has two of each elsewhere.
  const passes = (elementwisePasses + normPasses) / (sizes.parallel ? 2 : 1);
  addPasses(norms, split.ownTokens * dModel * wideBytes * passes, machine);
}

/** A feed-forward network of a width over so many tokens, its matrices split over `tp`. */
function addFfn(
  layer: LayerCost,
  ffn: { slot: KernelSlot; width: number; again: boolean; activationAgain: boolean },
  site: KernelSite,
): void {
  const { sizes, split, machine } = site;
  const wide = (sizes.ffnMatrices - 1) * ffn.width / split.tp;
  const part = partOf(layer, ffn.slot, ffn.again);
  addProduct(part, [split.tokens, wide, sizes.dModel], machine);
  const activation = partOf(layer, ffn.slot, ffn.activationAgain);
  addPasses(
    activation,
    activationBytes(split.tokens, wide, ffn.width / split.tp, machine),
    machine,
  );
  addProduct(part, [split.tokens, sizes.dModel, ffn.width / split.tp], machine);
}

/** Bytes of an activation function: it reads its inputs and writes its results. */
function activationBytes(rows: number, reads: number, writes: number, { stack }: Machine): number {
  return rows * (reads + writes) * wideBytes * stack.activationPasses;
}

/**
 * Passes over the rows of the experts by permutations, there and back. Around a plain all-to-all rows
 * are copied by expert before it and by local expert after it, and back the same way: four copies,
 * each a read and a write. DeepEP delivers rows by token, which are copied by expert and back;
 * Hybrid-EP writes them in the order of the experts and reads them so.
 */
const permutePasses: Readonly<Record<Dispatcher, number>> = {
  "all-to-all": 8,
  "all-gather": 4,
  deepep: 4,
  hybridep: 2,
};

/** Rows that go nowhere are copied by expert and back, whatever would have sent them. */
const leastLocalPasses = 4;

function permutePassesOf({ dispatcher, ep, etp }: Plan): number {
  const passes = permutePasses[dispatcher];
  return ep * etp === 1 ? Math.max(leastLocalPasses, passes) : passes;
}

function addExperts(layer: LayerCost, site: KernelSite): void {
  const { sizes, plan, split, machine } = site;
  const moe = sizes.moe!;
  const full = plan.recompute === "full";
  const { stack } = machine;
  const route = partOf(layer, "routeSeconds", full);
  addProduct(route, [split.ownTokens, moe.experts, sizes.dModel], machine, machine.wide);
  addPasses(route, split.ownTokens * moe.experts * 4 * stack.routerPasses, machine);
  const again = recomputes(plan, "experts");
  const passes = permutePassesOf(plan) * stack.permuteFactor;
  const rowBytes = sizes.dModel * wideBytes * passes / 2;
  addPasses(partOf(layer, "routeSeconds", again), split.expertRows * rowBytes, machine);
  addPasses(partOf(layer, "mergeSeconds", again), split.expertRows * rowBytes, machine);
  addRowCasts(layer, { sizes, plan, split, machine, again });
  const width = moe.width / split.etp;
  const wide = (sizes.ffnMatrices - 1) * width;
  const { expertRows: rows, localExperts, largestRows } = split;
  const part = partOf(layer, "expertSeconds", again);
  addGrouped(part, [rows, localExperts, wide, sizes.dModel, largestRows], machine);
  const activation = partOf(layer, "expertSeconds", again || recomputes(plan, "activation"));
  addPasses(activation, activationBytes(rows, wide, width, machine), machine);
  addGrouped(part, [rows, localExperts, sizes.dModel, width, largestRows], machine);
  if (moe.sharedWidth > 0) {
    const shared = recomputes(plan, "shared_experts");
    const activationAgain = shared || recomputes(plan, "activation");
    addFfn(layer, {
      slot: "sharedSeconds",
      width: moe.sharedWidth,
      again: shared,
      activationAgain,
    }, site);
  }
}

function addHead(layer: LayerCost, site: KernelSite): void {
  const { sizes, split, machine } = site;
  const part = partOf(layer, "mixerSeconds", false);
  const vocab = sizes.vocab / split.tp;
  addProduct(part, [split.tokens, vocab, sizes.dModel], machine, machine.wide);
  const logits = split.tokens * vocab * 4 * machine.stack.lossPasses;
  layer.forward.mixerSeconds += logits * machine.device.secondsPerByte;
  layer.backwardInput.mixerSeconds += logits * machine.device.secondsPerByte;
}

/** Kernels of a backward pass over those of a forward pass, by phase. */
const backwardKernels = { input: 1, weight: 0.5 };

function addKernels(layer: LayerCost, site: KernelSite): void {
  const { plan, split, machine } = site;
  const { kernels } = machine.stack;
  const few = layer.kind === "embedding" || layer.kind === "head";
  const experts = layer.kind === "moe" || layer.kind === "mtp"
    ? kernels.moe + kernels.expert * split.localExperts
    : 0;
  const count = few ? kernels.layer / 4 : kernels.layer + experts;
  const again = plan.recompute === "full" && !few ? 1 : 0;
  layer.forward.kernels = count;
  layer.backwardInput.kernels = count * (backwardKernels.input + again);
  layer.backwardWeight.kernels = count * backwardKernels.weight;
}

/**
 * Kernels of one layer on a rank, before exchanges; see `phases.ts`.
 *
 * An `mtp` layer is a mixture (or dense) layer with the product that joins two embeddings and with
 * the output layer that it shares.
 */
export function layerKernels(kind: LayerKind, site: KernelSite): LayerCost {
  const layer = emptyLayer(kind);
  const { sizes, plan, split, machine } = site;
  const { dModel } = sizes;
  if (kind === "embedding") {
    const bytes = split.ownTokens * dModel * wideBytes;
    addPasses(partOf(layer, "mixerSeconds", false), 2 * bytes, machine);
  } else if (kind === "head") addHead(layer, site);
  else {
    addMixer(layer, site);
    const mixture = sizes.moe !== undefined && kind !== "dense";
    if (mixture) addExperts(layer, site);
    else {
      const again = recomputes(plan, "ffn");
      const activationAgain = again || recomputes(plan, "activation");
      addFfn(layer, { slot: "ffnSeconds", width: sizes.ffnWidth, again, activationAgain }, site);
    }
    if (kind === "mtp") {
      const part = partOf(layer, "mixerSeconds", plan.recompute === "full");
      addProduct(part, [split.ownTokens, dModel, 2 * dModel], machine);
      addHead(layer, site);
    }
  }
  addKernels(layer, site);
  return layer;
}
