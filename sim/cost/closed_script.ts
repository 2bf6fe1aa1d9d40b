/**
 * What an operation does, item by item, where it matters what runs beside what.
 *
 * An *item* is kernels between two waits, as in the events (`sim/step/tasks/layer_items.ts`). A layer
 * with experts breaks where its tokens leave and where they come back; gradients of weights, for which
 * nothing waits, go behind the next item that sends tokens off. Where parameters are sharded (ZeRO 3),
 * every layer begins with a gather and ends its gradients with a scatter.
 *
 * @module
 */
import type { OperationPhase } from "../pipeline/program.ts";
import type { Plan } from "../plan/plan.ts";
import { attentionBeside, hostStretch, kernelSeconds } from "./closed_phase.ts";
import type { Machine } from "./machine.ts";
import type { LayerCost, LayerPhase } from "./phases.ts";

/** Items of an operation in order; seconds, 0 for none. */
export interface Script {
  /** Kernels. */
  seconds: number[];
  /** Exchange of tokens that begins when the item ends. */
  tokens: number[];
  /** Whether the item waits for the last exchange of tokens of its operation, 1 or 0. */
  waits: number[];
  /** Parameters that the item waits for. */
  gather: number[];
  /** Gradients that are on their way when it has ended. */
  scatter: number[];
}

/** Where an operation runs. */
export interface ScriptSite {
  /** Plan. */
  plan: Plan;
  /** Machine. */
  machine: Machine;
}

/** A script without items. */
export function emptyScript(): Script {
  return { seconds: [], tokens: [], waits: [], gather: [], scatter: [] };
}

/** Whether the tokens of one operation may travel beside another, or beside gradients of weights. */
export function tokensApart({ overlap }: Plan): boolean {
  return overlap.experts === "batches" || overlap.experts === "dualpipe";
}

/** Whether kernels beside an exchange of tokens stand still for a share of it. */
export function takesProcessors(plan: Plan): boolean {
  return tokensApart(plan) || plan.overlap.experts === "attention";
}

interface Item {
  tokens?: number;
  waits?: boolean;
}

function add(to: Script, seconds: number, { tokens = 0, waits = false }: Item = {}): void {
  to.seconds.push(seconds);
  to.tokens.push(tokens);
  to.waits.push(waits ? 1 : 0);
  to.gather.push(0);
  to.scatter.push(0);
}

const stops = (p: LayerPhase) => p.tensorSeconds + p.contextSeconds;

/** Kernels and stops of a pass of a layer without tokens. */
const plain = (p: LayerPhase, machine: Machine) =>
  kernelSeconds(p) * hostStretch(p, machine) + stops(p);

/** Kernels of a mixture's pass that run beside the dispatch, and beside the combine. */
function besideTokens(p: LayerPhase, { overlap }: Plan): { dispatch: number; combine: number } {
  switch (overlap.experts) {
    case "shared":
      return { dispatch: p.sharedSeconds, combine: 0 };
    case "attention": {
      const share = attentionBeside(p);
      return { dispatch: share * p.mixerSeconds, combine: (1 - share) * p.mixerSeconds };
    }
    default:
      return { dispatch: 0, combine: 0 };
  }
}

/** Adds the forward pass of a mixture. */
function addForward(to: Script, p: LayerPhase, { plan, machine }: ScriptSite): void {
  const stretch = hostStretch(p, machine);
  const beside = besideTokens(p, plan);
  const all = p.mixerSeconds + p.ffnSeconds + p.routeSeconds + p.sharedSeconds;
  const before = all - beside.dispatch - beside.combine;
  add(to, before * stretch + stops(p), { tokens: p.dispatchSeconds });
  if (beside.dispatch > 0) add(to, beside.dispatch * stretch);
  add(to, p.expertSeconds * stretch, { waits: true, tokens: p.combineSeconds });
  if (beside.combine > 0) add(to, beside.combine * stretch);
  add(to, p.mergeSeconds * stretch, { waits: true });
}

/**
 * Adds the backward pass of a mixture, with gradients of weights that were put off before; returns
 * those that are put off now.
 */
function addBackward(
  to: Script,
  layer: LayerCost,
  of: ScriptSite & { whole: boolean; late: number },
): number {
  const { plan, machine, whole, late } = of;
  const { backwardInput: p, backwardWeight: w } = layer;
  const stretch = hostStretch(p, machine);
  const weights = whole ? plain(w, machine) : 0;
  const own = whole ? w.expertSeconds * hostStretch(w, machine) : 0;
  const apart = tokensApart(plan);
  const beside = besideTokens(p, plan);
  add(to, p.mergeSeconds * stretch, { tokens: p.dispatchSeconds });
  if (beside.dispatch + late > 0) add(to, beside.dispatch * stretch + late);
  add(to, p.expertSeconds * stretch + (apart ? 0 : own), {
    waits: true,
    tokens: p.combineSeconds,
  });
  if (apart && own > 0) add(to, own);
  if (beside.combine > 0) add(to, beside.combine * stretch);
  const after = p.sharedSeconds + p.routeSeconds + p.mixerSeconds + p.ffnSeconds -
    beside.dispatch - beside.combine;
  add(to, after * stretch + stops(p) + (apart ? 0 : weights - own), { waits: true });
  return apart ? weights - own : 0;
}

/** The same for a pass of any layer; nothing is put off where `inPlace`. */
function addLayer(
  to: Script,
  layer: LayerCost,
  of: ScriptSite & { phase: OperationPhase; inPlace: boolean; late: number },
): number {
  const { phase, machine, inPlace } = of;
  const { forward, backwardInput, backwardWeight } = layer;
  const travels = forward.dispatchSeconds > 0;
  if (phase === "W") add(to, plain(backwardWeight, machine));
  else if (phase === "F") {
    if (travels) addForward(to, forward, of);
    else add(to, plain(forward, machine));
  }
  if (phase === "F" || phase === "W") return 0;
  const whole = phase === "BW";
  let { late } = of;
  if (travels) late = addBackward(to, layer, { ...of, whole });
  else {
    add(to, plain(backwardInput, machine));
    if (whole) late += plain(backwardWeight, machine);
  }
  if (!inPlace || late === 0) return late;
  add(to, late);
  return 0;
}

/** The script of an operation over layers in the order of the model. */
export function operationScript(
  layers: readonly LayerCost[],
  phase: OperationPhase,
  site: ScriptSite,
): Script {
  const { plan, machine } = site;
  const script = emptyScript();
  const sharded = plan.zero === 3;
  const inPlace = sharded || !tokensApart(plan);
  let late = 0;
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[phase === "F" ? i : layers.length - 1 - i];
    const first = script.seconds.length;
    late = addLayer(script, layer, { plan, machine, phase, inPlace, late });
    if (!sharded) continue;
    if (phase !== "W") {
      script.gather[first] = phase === "F"
        ? layer.forward.gatherSeconds
        : layer.backwardInput.gatherSeconds;
    }
    if (phase === "W" || phase === "BW") {
      script.scatter[script.scatter.length - 1] = layer.backwardWeight.scatterSeconds;
    }
  }
  if (late > 0) add(script, late);
  // A chunk without layers still passes on what it gets.
  if (script.seconds.length === 0) add(script, 0);
  return script;
}
