/**
 * What passes of a layer take at least, for every set of modules that is computed again at once.
 *
 * A layer is priced as it is, with each module alone computed again, and with all. What a module adds
 * goes into fields of the backward pass of its own, so that sets are sums: only the activation
 * function is part of others, which count it in. The figures are those of the closed form but for
 * exchanges of tokens beside other work (*apart*): of these a share always shows.
 *
 * @module
 */
import { kernelSeconds } from "../cost/closed_form.ts";
import { addExchanges } from "../cost/exchange_cost.ts";
import { groupsOf } from "../cost/groups.ts";
import { layerKernels } from "../cost/layer_cost.ts";
import type { Machine } from "../cost/machine.ts";
import { rankParameters } from "../cost/parameters.ts";
import type { LayerCost, LayerKind, LayerPhase } from "../cost/phases.ts";
import { splitOf } from "../cost/split.ts";
import { type Plan, type RecomputeModule, recomputeModules } from "../plan/plan.ts";
import type { SearchSite } from "./problem.ts";
import { bitOf, fullBits } from "./recompute_sets.ts";
import { isPlain } from "./stage_shapes.ts";
import { heavyModule, ways } from "./ways.ts";

/**
 * Ways to hide tokens that bounds tell apart: not at all, beside the layer's shared experts, or beside
 * other work.
 */
export type TokenMode = "none" | "shared" | "apart";

/** Prices layers of a plan; those of equal fields are remembered by who asks. */
export function layerPricer(
  plan: Plan,
  site: SearchSite,
): (kind: LayerKind, recompute: Plan["recompute"]) => LayerCost {
  const { sizes, workload } = site;
  const machine = site.machine(plan.precision);
  const split = splitOf(sizes, plan, workload);
  const groups = groupsOf(plan, machine.fabric);
  return (kind, recompute) => {
    const of = { sizes, plan: { ...plan, recompute }, split, machine, groups };
    return addExchanges(layerKernels(kind, of), rankParameters(kind, sizes, plan), of);
  };
}

/** Kernels of a phase with gaps or host, whichever is longer; the closed form has a norm of both. */
function leastKernels(p: LayerPhase, kernels: number, { stack, graphs }: Machine): number {
  const factor = graphs === "none" ? 1 : stack.graphFactor[graphs];
  const device = kernels + p.kernels * stack.gapSeconds;
  return Math.max(device, p.kernels * stack.hostSeconds * factor);
}

/** Seconds of a phase at least, where its kernels take so long. */
function leastSeconds(
  p: LayerPhase,
  of: { machine: Machine; mode: TokenMode },
): number {
  const { machine, mode } = of;
  const kernels = kernelSeconds(p);
  const busy = kernels > 0 ? leastKernels(p, kernels, machine) : 0;
  const tokens = p.dispatchSeconds + p.combineSeconds;
  const stops = p.tensorSeconds + p.contextSeconds;
  if (tokens === 0) return busy + stops;
  if (mode === "apart") return busy + stops + tokens * (1 - machine.stack.hiddenShare.experts);
  if (mode === "none") return busy + stops + tokens;
  const beside = kernels > 0 ? p.sharedSeconds * busy / kernels : 0;
  return busy + stops + tokens - Math.min(p.dispatchSeconds, beside);
}

/**
 * Seconds of a backward pass at least, whatever is computed again; `forward` bounds what that adds.
 *
 * More kernels usually take longer. But beside a host that is behind they take nothing, and more of the
 * shared experts hides more of a dispatch.
 */
function floorSeconds(
  p: LayerPhase,
  of: { forward: LayerPhase; machine: Machine; mode: TokenMode },
): number {
  const { forward, machine, mode } = of;
  const kernels = kernelSeconds(p);
  const { stack, graphs } = machine;
  const device = kernels + p.kernels * stack.gapSeconds;
  const factor = graphs === "none" ? 1 : stack.graphFactor[graphs];
  const host = p.kernels * stack.hostSeconds * factor;
  const busy = Math.max(device, host);
  const stops = p.tensorSeconds + p.contextSeconds;
  const tokens = p.dispatchSeconds + p.combineSeconds;
  if (tokens === 0 || mode === "none") return busy + stops + tokens;
  if (mode === "apart") return busy + stops + tokens * (1 - stack.hiddenShare.experts);
  const most = kernels + forward.sharedSeconds;
  const others = (kernels - p.sharedSeconds) / most * Math.max(device - kernels + most, host);
  return stops + tokens + Math.max(busy - p.dispatchSeconds, others);
}

/** Fields of a backward pass that a module adds to when it is computed again. */
const addedFields: Readonly<Record<RecomputeModule, readonly (keyof LayerPhase)[]>> = {
  norm: ["mixerSeconds"],
  attention_core: ["mixerSeconds", "contextSeconds"],
  mla_up: ["mixerSeconds"],
  activation: ["ffnSeconds", "expertSeconds", "sharedSeconds"],
  ffn: ["ffnSeconds"],
  experts: [
    ...["routeSeconds", "mergeSeconds", "expertSeconds"] as const,
    ...["dispatchSeconds", "combineSeconds"] as const,
  ],
  shared_experts: ["sharedSeconds"],
};

/** The module that counts the activation function in, by field. */
const contains: Readonly<Partial<Record<keyof LayerPhase, RecomputeModule>>> = {
  ffnSeconds: "ffn",
  expertSeconds: "experts",
  sharedSeconds: "shared_experts",
};

/** A backward pass with a set of modules computed again. */
function withSet(
  none: LayerPhase,
  alone: ReadonlyMap<RecomputeModule, LayerPhase>,
  bits: number,
): LayerPhase {
  const phase = { ...none };
  for (const [module, added] of alone) {
    if ((bits & bitOf(module)) === 0) continue;
    for (const field of addedFields[module]) {
      const whole = module === "activation" ? contains[field] : undefined;
      if (whole !== undefined && (bits & bitOf(whole)) !== 0) continue;
      phase[field] += added[field] - none[field];
    }
  }
  return phase;
}

/** Fields of the forward pass that are done again with everything. */
const wholeFields = [
  ...["ffnSeconds", "routeSeconds", "mergeSeconds", "expertSeconds", "sharedSeconds"] as const,
  ...["dispatchSeconds", "combineSeconds", "tensorSeconds", "contextSeconds", "kernels"] as const,
];

/** Fields of the forward pass that the module of the heavy way does again as they are. */
const heavyFields = [
  "mergeSeconds",
  "expertSeconds",
  "dispatchSeconds",
  "combineSeconds",
] as const;

/** Backward passes with the least of each way, to which modules may add; the last one is whole. */
export function wayPhases(kind: LayerKind, none: LayerCost, heavy: RecomputeModule): LayerPhase[] {
  const { forward, backwardInput: light } = none;
  if (isPlain(kind)) return ways.map(() => light);
  const heavily = { ...light };
  if (heavy === "ffn") heavily.ffnSeconds += forward.ffnSeconds;
  else for (const field of heavyFields) heavily[field] += forward[field];
  const wholly = { ...light };
  for (const field of wholeFields) wholly[field] += forward[field];
  // The output layer of a module that predicts further tokens is never computed again.
  if (kind !== "mtp") wholly.mixerSeconds += forward.mixerSeconds;
  return [light, heavily, wholly];
}

/** Passes of a layer at least; see the module. */
export interface LayerWork {
  /** Forward pass by mode. */
  forward: Record<TokenMode, number>;
  /** Whole backward pass by mode and by set of modules, or by way. */
  backward: Record<TokenMode, Float64Array>;
}

const modes: readonly TokenMode[] = ["none", "shared", "apart"];

/** The least of two, figure by figure. */
export function leastWork(one: LayerWork, other: LayerWork): LayerWork {
  const least = { forward: { ...one.forward }, backward: { ...one.backward } };
  for (const mode of modes) {
    const seconds = other.backward[mode];
    least.forward[mode] = Math.min(one.forward[mode], other.forward[mode]);
    least.backward[mode] = one.backward[mode].map((value, i) => Math.min(value, seconds[i]));
  }
  return least;
}

/** What layers are worked out from. */
interface WorkSite {
  /** The problem. */
  site: SearchSite;
  /** Sets of modules as bits, or a figure for each way that is below those of all its sets. */
  sets: readonly number[] | "any";
  /** Prices of layers. */
  price: ReturnType<typeof layerPricer>;
}

/** Backward passes of a layer for the input, by set of modules. */
function inputPhases(kind: LayerKind, none: LayerCost, of: WorkSite): LayerPhase[] {
  const { site, sets, price } = of;
  if (sets === "any") return wayPhases(kind, none, heavyModule(site.sizes));
  if (isPlain(kind)) return sets.map(() => none.backwardInput);
  const used = recomputeModules.filter((module) =>
    sets.some((bits) => bits < fullBits && (bits & bitOf(module)) !== 0)
  );
  const alone = new Map(used.map((module) => [module, price(kind, [module]).backwardInput]));
  const full = sets.includes(fullBits) ? price(kind, "full").backwardInput : none.backwardInput;
  return sets.map((bits) => bits === fullBits ? full : withSet(none.backwardInput, alone, bits));
}

/** The passes of one kind of layer for sets of modules. */
export function layerWork(kind: LayerKind, plan: Plan, of: WorkSite): LayerWork {
  const machine = of.site.machine(plan.precision);
  const none = of.price(kind, "none");
  const { forward } = none;
  const inputs = inputPhases(kind, none, of);
  const work: LayerWork = {
    forward: { none: 0, shared: 0, apart: 0 },
    backward: {} as LayerWork["backward"],
  };
  for (const mode of modes) {
    // Only mixtures send tokens.
    if (mode !== "none" && forward.dispatchSeconds === 0) {
      work.forward[mode] = work.forward.none;
      work.backward[mode] = work.backward.none;
      continue;
    }
    work.forward[mode] = leastSeconds(forward, { machine, mode });
    const weight = leastSeconds(none.backwardWeight, { machine, mode });
    const seconds = new Float64Array(inputs.length);
    for (let i = 0; i < inputs.length; i++) {
      const more = of.sets === "any" && ways[i] !== "wholly";
      seconds[i] = weight +
        (more
          ? floorSeconds(inputs[i], { forward, machine, mode })
          : leastSeconds(inputs[i], { machine, mode }));
    }
    work.backward[mode] = seconds;
  }
  return work;
}
