/**
 * The items of one layer in each of its passes.
 *
 * A mixture breaks where tokens leave for their experts and where they come back. Where the exchange
 * of tokens may run beside other work, the gradients of weights are items of their own, since nothing
 * waits for them: those of the experts run beside the way back.
 *
 * @module
 */
import { attentionBeside, hostStretch } from "../../cost/closed_form.ts";
import { takesProcessors } from "../../cost/closed_script.ts";
import type { LayerCost, LayerPhase } from "../../cost/phases.ts";
import { formats } from "../../cost/formats.ts";
import { outerTier } from "../../network/closed/group.ts";
import type { OperationPhase } from "../../pipeline/program.ts";
import type { CostedStep } from "../../cost/step_costs.ts";
import type { Item, ItemPart, StepExchange } from "./parts.ts";
import type { StepInput } from "../../cost/step_costs.ts";
import type { StageLayer } from "./stage_layers.ts";

/** What the items of a layer depend on beside the layer. */
export interface ItemSite extends StepInput {
  /** Costs of the step. */
  costed: CostedStep;
  /** Share of its speed at which a stage's class of ranks computes. */
  speeds: Float64Array;
  /** Items of layers that were asked for before. */
  known: Map<StageLayer, Partial<Record<OperationPhase, readonly Item[]>>>;
}

type Pass = "forward" | "backwardInput" | "backwardWeight";
type Slot = "mixer" | "ffn" | "route" | "expert" | "shared" | "merge";

const slotNames: Record<Slot, string> = {
  mixer: "attention",
  ffn: "feed-forward",
  route: "route",
  expert: "experts",
  shared: "shared experts",
  merge: "merge",
};

const endings: Record<Pass, string> = {
  forward: "",
  backwardInput: ", gradient of inputs",
  backwardWeight: ", gradient of weights",
};

/** The parts of a pass of a layer. */
function passParts(layer: StageLayer, pass: Pass, site: ItemSite) {
  const { costs, kind } = layer;
  const of = (seconds: (phase: LayerPhase, at: number) => number) =>
    Float64Array.from(costs, (cost, at) => seconds(cost[pass], at));
  const stretch = costs.map((cost, at) => hostStretch(cost[pass], site.machine) / site.speeds[at]);
  const nameOf = (slot: Slot) => {
    if (slot !== "mixer" || (kind !== "embedding" && kind !== "head")) return slotNames[slot];
    return kind === "head" ? "output layer and loss" : kind;
  };
  const some = (part: ItemPart): ItemPart[] =>
    part.seconds.some((seconds) => seconds > 0) ? [part] : [];
  const kernels = (...slots: Slot[]) =>
    slots.flatMap((slot) =>
      some({
        name: nameOf(slot) + endings[pass],
        kind: "compute",
        seconds: of((phase, at) => phase[`${slot}Seconds`] * stretch[at]),
      })
    );
  const stops = (["tensor", "context"] as const).flatMap((group) =>
    some({
      name: `${group} exchange${endings[pass]}`,
      kind: group,
      seconds: of((phase) => phase[`${group}Seconds`]),
      besideSeconds: of((phase) => phase[`${group}HiddenSeconds`]),
    })
  );
  return { kernels, stops };
}

const item = (parts: readonly ItemPart[], more: Partial<Item> = {}): Item => ({
  parts,
  waits: false,
  late: false,
  ...more,
});

/** Dispatch or combine of a pass, if tokens travel at all. */
function tokens(
  way: "dispatch" | "combine",
  layer: StageLayer,
  options: { backward: boolean; site: ItemSite },
): StepExchange | undefined {
  const { costs, rows } = layer;
  const { backward, site: { plan, sizes, machine, costed } } = options;
  const pass = backward ? "backwardInput" : "forward";
  const seconds = Float64Array.from(costs, (cost) => cost[pass][`${way}Seconds`]);
  if (!rows || !seconds.some((some) => some > 0)) return undefined;
  // Gradients travel in the format of the way back.
  const format = plan.formats[way === "dispatch" && !backward ? "dispatch" : "combine"] ?? "bf16";
  const rowBytes = sizes.dModel * formats[format].bytes;
  const out = rows.sent.map((sent, at) => (sent - rows.own[at]) * rowBytes);
  const back = rows.received.map((received, at) => (received - rows.own[at]) * rowBytes);
  return {
    name: backward ? `${way} of gradients` : way,
    ...{ kind: "experts", stream: "experts", seconds },
    blockShare: takesProcessors(plan) ? 1 - machine.stack.hiddenShare.experts : 0,
    alone: false,
    outside: outerTier(costed.groups.expert, machine.fabric) > 0,
    sentBytes: way === "dispatch" ? out : back,
    receivedBytes: way === "dispatch" ? back : out,
  };
}

/** Parts cut in two, the first with a share by class. */
function cutAt(parts: readonly ItemPart[], share: readonly number[]): [ItemPart[], ItemPart[]] {
  const scaled = (of: (share: number) => number) =>
    parts.map((part) => ({ ...part, seconds: part.seconds.map((s, at) => s * of(share[at])) }));
  return [scaled((one) => one), scaled((one) => 1 - one)];
}

/** A mixture's forward pass, or the backward pass of its inputs with that of its weights or without. */
function mixtureItems(layer: StageLayer, phase: "F" | "B" | "BW", site: ItemSite): Item[] {
  const backward = phase !== "F";
  const pass = backward ? "backwardInput" : "forward";
  const { kernels, stops } = passParts(layer, pass, site);
  const weights = passParts(layer, "backwardWeight", site);
  const { experts: overlap } = site.plan.overlap;
  const apart = overlap === "batches" || overlap === "dualpipe";
  const dispatch = tokens("dispatch", layer, { backward, site });
  const combine = tokens("combine", layer, { backward, site });
  const shared = kernels("shared");
  const early = overlap === "shared" ? [] : shared;
  const parallel = overlap === "attention" && dispatch !== undefined;
  const mixer = parallel ? kernels("ffn") : kernels("mixer", "ffn");
  const [besideDispatch, besideCombine] = parallel
    ? cutAt(kernels("mixer"), layer.costs.map((cost) => attentionBeside(cost[pass])))
    : [overlap === "shared" ? shared : [], []];
  const [before, after] = backward
    ? [[], [...early, ...kernels("route"), ...stops, ...mixer]]
    : [[...mixer, ...stops, ...early], kernels("merge")];
  const own = phase === "BW" ? weights.kernels("expert") : [];
  const rest = phase === "BW"
    ? [...weights.kernels("shared", "merge", "route", "mixer", "ffn"), ...weights.stops]
    : [];
  return [
    item([...before, ...kernels(backward ? "merge" : "route")], { starts: dispatch }),
    ...(besideDispatch.length > 0 ? [item(besideDispatch)] : []),
    item([...kernels("expert"), ...(apart ? [] : own)], {
      waits: dispatch !== undefined,
      starts: combine,
    }),
    ...(apart && own.length > 0 ? [item(own)] : []),
    ...(besideCombine.length > 0 ? [item(besideCombine)] : []),
    item([...after, ...(apart ? [] : rest)], { waits: combine !== undefined }),
    ...(apart && rest.length > 0 ? [item(rest, { late: true })] : []),
  ];
}

/** The items of a pass of a layer; layers alike share them. */
export function layerItems(
  layer: StageLayer,
  phase: OperationPhase,
  site: ItemSite,
): readonly Item[] {
  let known = site.known.get(layer);
  if (known === undefined) site.known.set(layer, known = {});
  return known[phase] ??= itemsOf(layer, phase, site);
}

function itemsOf(layer: StageLayer, phase: OperationPhase, site: ItemSite): Item[] {
  const slots: Slot[] = ["merge", "expert", "shared", "ffn", "route", "mixer"];
  const whole = (pass: Pass) => {
    const { kernels, stops } = passParts(layer, pass, site);
    return pass === "forward"
      ? [...kernels("mixer"), ...stops, ...kernels("ffn")]
      : [...kernels(...slots), ...stops];
  };
  if (phase === "W") return [item(whole("backwardWeight"))];
  if (layer.rows) return mixtureItems(layer, phase, site);
  if (phase === "F") return [item(whole("forward"))];
  const input = item(whole("backwardInput"));
  return phase === "B" ? [input] : [input, item(whole("backwardWeight"), { late: true })];
}

/** FLOP of all passes of a layer on its first class of ranks, without what is computed again. */
export function modelFlops(cost: LayerCost): number {
  // A product has two gradients.
  return 3 * cost.forward.flops;
}
