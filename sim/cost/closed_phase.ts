/**
 * What one phase of one layer takes on its own: kernels, the host that issues them, and the exchanges
 * that it waits for.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import type { Machine } from "./machine.ts";
import type { LayerPhase } from "./phases.ts";

/** How sharply the slower of device and host decides: a norm of this order. */
const sharpness = 6;

/** Kernel seconds of a phase alone. */
export function kernelSeconds(p: LayerPhase): number {
  return p.mixerSeconds + p.ffnSeconds + p.routeSeconds + p.expertSeconds + p.sharedSeconds +
    p.mergeSeconds;
}

/** Factor by which a phase's kernels take longer because a host issues them one by one. */
export function hostStretch(p: LayerPhase, machine: Machine): number {
  return stretchOf(p, kernelSeconds(p), machine);
}

function stretchOf(p: LayerPhase, kernels: number, { stack, graphs }: Machine): number {
  if (kernels <= 0) return 1;
  const device = kernels + p.kernels * stack.gapSeconds;
  const factor = graphs === "none" ? 1 : stack.graphFactor[graphs];
  const host = p.kernels * stack.hostSeconds * factor;
  const ratio = host / device;
  const longer = ratio < 0.2 ? 1 : (1 + ratio ** sharpness) ** (1 / sharpness);
  return device / kernels * longer;
}

/**
 * Share of a parallel block's attention that runs beside the dispatch, the rest beside the combine: in
 * proportion to how long they take, so that both are hidden equally well.
 */
export function attentionBeside({ dispatchSeconds, combineSeconds }: LayerPhase): number {
  return dispatchSeconds > 0 ? dispatchSeconds / (dispatchSeconds + combineSeconds) : 0;
}

/** Seconds of token exchanges that nothing hides where the operation runs alone. */
export function exposedTokens(p: LayerPhase, plan: Plan, machine: Machine): number {
  const whole = p.dispatchSeconds + p.combineSeconds;
  if (whole === 0) return 0;
  switch (plan.overlap.experts) {
    case "shared":
      return whole - Math.min(p.dispatchSeconds, p.sharedSeconds * hostStretch(p, machine));
    case "attention": {
      // Kernels stand still for the share of an exchange that takes the multiprocessors from them.
      const shown = whole * (1 - machine.stack.hiddenShare.experts);
      return Math.max(shown, whole - p.mixerSeconds * hostStretch(p, machine));
    }
    default:
      return whole;
  }
}

/** Seconds that a phase of a layer blocks its stage for, alone and sharded parameters apart. */
export function phaseSeconds(p: LayerPhase, plan: Plan, machine: Machine): number {
  const kernels = kernelSeconds(p);
  return kernels * stretchOf(p, kernels, machine) + p.tensorSeconds + p.contextSeconds +
    exposedTokens(p, plan, machine);
}
