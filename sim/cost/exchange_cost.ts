/**
 * What the exchanges of a layer cost: between tensor, context and expert ranks in every phase, and
 * between data ranks where parameters are sharded (ZeRO 3).
 *
 * @module
 */
import {
  allGatherSeconds,
  allReduceSeconds,
  allToAllSeconds,
  reduceScatterSeconds,
  ringStepSeconds,
} from "../network/closed/mod.ts";
import { membersInTier } from "../network/closed/group.ts";
import type { Dispatcher, Precision } from "../plan/plan.ts";
import { coreSeconds } from "./attention_core.ts";
import { formats } from "./formats.ts";
import type { CostSite } from "./groups.ts";
import type { Sizes } from "./sizes.ts";
import { recomputes } from "./layer_cost.ts";
import type { LayerCost, LayerKind } from "./phases.ts";

/**
 * Halves of a layer that tensor ranks split: attention, and a dense network or shared experts. A table
 * or an output layer has one of the two exchanges of a half; halves that run in parallel share theirs.
 */
function tensorHalves(kind: LayerKind, { moe, parallel }: Sizes): number {
  if (kind === "embedding" || kind === "head") return 0.5;
  if (parallel) return 1;
  return kind === "dense" || !moe || moe.sharedWidth > 0 ? 2 : 1;
}

/** Adds the exchanges between tensor ranks: two pairs around each half of a layer. */
function addTensor(layer: LayerCost, site: CostSite): void {
  const { sizes, plan, split, machine, groups } = site;
  if (plan.tp === 1) return;
  const { stack, fabric } = machine;
  const bytes = split.tokens * sizes.dModel * 2;
  const slower = 1 / stack.bandwidthFactor.tensor;
  const halves = tensorHalves(layer.kind, sizes);
  const gather = allGatherSeconds(bytes, groups.tensor, fabric) * slower;
  const pair = plan.sequenceParallel
    ? gather + reduceScatterSeconds(bytes, groups.tensor, fabric) * slower
    : allReduceSeconds(bytes, groups.tensor, fabric) * slower;
  const hidden = plan.overlap.tensor ? stack.hiddenShare.tensor : 0;
  const again = plan.recompute === "full" && halves >= 1 ? 1 : 0;
  const add = (phase: "forward" | "backwardInput" | "backwardWeight", seconds: number) => {
    layer[phase].tensorSeconds += seconds * (1 - hidden);
    layer[phase].tensorHiddenSeconds += seconds * hidden;
  };
  add("forward", halves * pair);
  add("backwardInput", halves * pair * (1 + again));
  if (plan.sequenceParallel) add("backwardWeight", halves * gather);
}

/**
 * Adds keys and values that go around a ring of context ranks while each block of attention is worked
 * on: a step waits for what its message takes longer than a block. Going back there are their gradients
 * as well, which set out one block later, so that they come alone at the end as the others do at the
 * beginning.
 */
function addRing(layer: LayerCost, site: CostSite, again: number): void {
  const { sizes: { attention: a }, plan: { cp }, split, machine, groups } = site;
  const { stack, fabric } = machine;
  const slower = 1 / stack.bandwidthFactor.tensor;
  const bytes = split.tokens * a.kvHeads * (a.qkDim + a.vDim) / split.tp * 2;
  const one = ringStepSeconds(bytes, groups.context, fabric) * slower;
  const both = ringStepSeconds(2 * bytes, groups.context, fabric) * slower;
  const core = coreSeconds(site);
  const late = (step: number, all: number) => Math.max(0, step - all / cp);
  const there = (cp - 1) * late(one, core.forward);
  const back = 2 * late(one, core.backward) + (cp - 2) * late(both, core.backward);
  const { forward, backwardInput } = layer;
  const hidden = (cp - 1) * one - there;
  forward.contextSeconds += there;
  forward.contextHiddenSeconds += hidden;
  backwardInput.contextSeconds += back + again * there;
  backwardInput.contextHiddenSeconds += 2 * one + (cp - 2) * both - back + again * hidden;
}

/** Adds the exchange of keys and values, or of heads, between context ranks. */
function addContext(layer: LayerCost, site: CostSite): void {
  const { sizes, plan, split, machine, groups } = site;
  if (plan.cp === 1) return;
  const { stack, fabric } = machine;
  const a = sizes.attention;
  const slower = 1 / stack.bandwidthFactor.tensor;
  const again = recomputes(plan, "attention_core") ? 1 : 0;
  if (plan.contextExchange === "p2p") return addRing(layer, site, again);
  if (plan.contextExchange === "a2a") {
    // Queries and outputs of every head, keys and values of theirs.
    const width = (a.heads + a.kvHeads) * (a.qkDim + a.vDim);
    const bytes = split.tokens * width / split.tp * 2;
    const seconds = allToAllSeconds(bytes, groups.context, fabric) * slower;
    layer.forward.contextSeconds += seconds;
    layer.backwardInput.contextSeconds += seconds * (1 + again);
    return;
  }
  const bytes = plan.cp * split.tokens * a.kvHeads * (a.qkDim + a.vDim) / split.tp * 2;
  const seconds = allGatherSeconds(bytes, groups.context, fabric) * slower;
  layer.forward.contextSeconds += seconds;
  layer.backwardInput.contextSeconds += seconds * (2 + again);
}

type Mixture = NonNullable<Sizes["moe"]>;

/** Libraries that send a token once to each domain. */
const dispatchKernels: Readonly<Partial<Record<Dispatcher, "deepep" | "hybridep">>> = {
  deepep: "deepep",
  hybridep: "hybridep",
};

/** Domains that a token may reach where routing confines it to groups of experts. */
function domainLimit({ moe }: Sizes, ranks: number, perDomain: number): number | undefined {
  if (!moe?.domainLimit) return undefined;
  const { groups, chosen } = moe.domainLimit;
  const domains = Math.ceil(ranks / perDomain);
  // A group lies on a domain with others, or on several.
  return Math.ceil(chosen * Math.max(1, domains / groups));
}

/** Seconds in which rows reach their experts in a format, or come back from them. */
type RowSeconds = (format: Precision, combine: boolean) => number;

/** Rows sent to the ranks of their experts alone, then gathered by those that split an expert. */
function sentSeconds({ sizes, plan, split, machine, groups }: CostSite, moe: Mixture): RowSeconds {
  const { stack, fabric } = machine;
  const { dModel } = sizes;
  const kernel = dispatchKernels[plan.dispatcher];
  const within = plan.etp > 1
    ? allGatherSeconds(split.expertRows * dModel * 2, groups.expertTensor, fabric) /
      stack.bandwidthFactor.tensor
    : 0;
  return (format, combine) => {
    const rowBytes = dModel * formats[format].bytes;
    const perDomain = membersInTier(groups.expert, 0, fabric);
    const seconds = allToAllSeconds(split.sentRows * rowBytes, groups.expert, fabric, {
      algorithm: kernel ? "dedup" : "direct",
      ...{ kernel, rowBytes, combine, copies: moe.topK, experts: moe.experts },
      domainLimit: domainLimit(sizes, groups.expert.ranks, perDomain),
    });
    return seconds / stack.bandwidthFactor.experts + within;
  };
}

/**
 * Tokens gathered by all ranks of the experts, whoever wants them, and partial sums of all tokens
 * scattered back: each token passes once for each rank, not for each expert that it chose.
 */
function gatheredSeconds({ sizes, plan, split, machine, groups }: CostSite): RowSeconds {
  const { stack: { bandwidthFactor }, fabric } = machine;
  return (format, combine) => {
    const rankBytes = split.tokens / split.tp * sizes.dModel * formats[format].bytes;
    const exchange = combine ? reduceScatterSeconds : allGatherSeconds;
    const among = exchange(plan.ep * rankBytes, groups.expert, fabric);
    const within = exchange(plan.ep * plan.etp * rankBytes, groups.expertTensor, fabric);
    return among / bandwidthFactor.experts + within / bandwidthFactor.tensor;
  };
}

/** Adds dispatch and combine, forward and backward. */
function addTokens(layer: LayerCost, site: CostSite): void {
  const { sizes: { moe }, plan } = site;
  if (!moe) return;
  const seconds = plan.dispatcher === "all-gather" ? gatheredSeconds(site) : sentSeconds(site, moe);
  const dispatch = seconds(plan.formats.dispatch ?? "bf16", false);
  const combine = seconds(plan.formats.combine ?? "bf16", true);
  const again = recomputes(plan, "experts") ? 1 : 0;
  layer.forward.dispatchSeconds += dispatch;
  layer.forward.combineSeconds += combine;
  layer.backwardInput.dispatchSeconds += combine + again * dispatch;
  layer.backwardInput.combineSeconds += combine + again * combine;
}

/** Adds the gathers of sharded parameters and the scatter of their gradients. */
function addShards(
  layer: LayerCost,
  parameters: { dense: number; experts: number },
  site: CostSite,
): void {
  const { plan, machine, groups } = site;
  if (plan.zero < 3) return;
  const { stack, fabric } = machine;
  const slower = 1 / stack.bandwidthFactor.data;
  const wire = formats[plan.formats.parameters ?? "bf16"].bytes;
  const grad = formats[plan.formats.gradients ?? "bf16"].bytes;
  const gather = (allGatherSeconds(parameters.dense * wire, groups.shard, fabric) +
    allGatherSeconds(parameters.experts * wire, groups.expertData, fabric)) * slower;
  const scatter = (reduceScatterSeconds(parameters.dense * grad, groups.shard, fabric) +
    reduceScatterSeconds(parameters.experts * grad, groups.expertData, fabric)) * slower;
  layer.forward.gatherSeconds += gather;
  layer.backwardInput.gatherSeconds += gather;
  layer.backwardWeight.scatterSeconds += scatter;
}

/** Adds all exchanges of a layer that holds so many parameters on this rank. */
export function addExchanges(
  layer: LayerCost,
  parameters: { dense: number; experts: number },
  site: CostSite,
): LayerCost {
  addTensor(layer, site);
  if (layer.kind !== "embedding" && layer.kind !== "head") {
    addContext(layer, site);
    if (layer.kind !== "dense") addTokens(layer, site);
  }
  addShards(layer, parameters, site);
  return layer;
}
