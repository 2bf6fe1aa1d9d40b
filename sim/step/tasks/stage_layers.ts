/**
 * The layers of every stage with what they cost each class of ranks: one price where routing is
 * balanced, and one for every load of experts where it is not.
 *
 * @module
 */
import { addExchanges } from "../../cost/exchange_cost.ts";
import { layerKernels } from "../../cost/layer_cost.ts";
import { modelPart } from "../../plan/stage_layers.ts";
import { rankParameters } from "../../cost/parameters.ts";
import type { LayerCost, LayerKind } from "../../cost/phases.ts";
import type { Sizes } from "../../cost/sizes.ts";
import type { CostedStep, StepInput } from "../../cost/step_costs.ts";
import type { RankLoad } from "./expert_loads.ts";
import type { StageRanks } from "./stage_ranks.ts";

/** A layer on a stage. */
export interface StageLayer {
  /** What it is. */
  kind: LayerKind;
  /** What it costs, by class of ranks. */
  costs: readonly LayerCost[];
  /** Rows that its exchanges carry by class; undefined where there are none. */
  rows?: { sent: Float64Array; received: Float64Array; own: Float64Array };
  /** Parameters on a rank. */
  parameters: { dense: number; experts: number };
}

const hasExperts = (kind: LayerKind, { moe }: Sizes) =>
  moe !== undefined && (kind === "moe" || kind === "mtp");

/** The layers with experts of every chunk of every stage, numbered through the model. */
export interface Mixtures {
  /** By `[stage][chunk]`. */
  of: number[][][];
  /** Their number in the model. */
  layers: number;
}

/** Numbers the layers with experts in the order of the model. */
export function mixturesOf(
  stages: CostedStep["stages"],
  { sizes, plan }: Pick<StepInput, "sizes" | "plan">,
): Mixtures {
  const of: number[][][] = stages.map((chunks) => chunks.map(() => []));
  const parts = new Map<number, { stage: number; chunk: number }[]>();
  stages.forEach((chunks, stage) =>
    chunks.forEach((_, chunk) => {
      const part = modelPart(plan, { stage, chunk });
      parts.set(part, [...parts.get(part) ?? [], { stage, chunk }]);
    })
  );
  let layers = 0;
  for (const [, places] of [...parts].sort(([a], [b]) => a - b)) {
    const [{ stage, chunk }] = places;
    const count = stages[stage][chunk].layers.filter(({ kind }) => hasExperts(kind, sizes)).length;
    const numbers = Array.from({ length: count }, (_, i) => layers + i);
    // DualPipe holds every part twice.
    for (const place of places) of[place.stage][place.chunk] = numbers;
    layers += count;
  }
  return { of, layers };
}

/** A token that is confined to groups of experts reaches any node once these are torn apart. */
function withoutLimit(sizes: Sizes): Sizes {
  return { ...sizes, moe: sizes.moe && { ...sizes.moe, domainLimit: undefined } };
}

/** Prices layers under uneven loads, each load once. */
function loadPricer(input: StepInput, costed: CostedStep) {
  const known = new Map<string, LayerCost>();
  const { split, groups } = costed;
  return (kind: LayerKind, load: RankLoad): LayerCost => {
    const key = `${kind}/${load.rows}/${load.largest}/${load.sent}/${load.scattered}`;
    let cost = known.get(key);
    if (cost === undefined) {
      // A port is done when what it sends and what it receives has passed.
      const sentRows = Math.max(load.sent, load.received);
      const uneven = { ...split, expertRows: load.rows, largestRows: load.largest, sentRows };
      const sizes = load.scattered ? withoutLimit(input.sizes) : input.sizes;
      const site = { ...input, sizes, split: uneven, groups };
      const held = rankParameters(kind, input.sizes, input.plan);
      cost = addExchanges(layerKernels(kind, site), held, site);
      known.set(key, cost);
    }
    return cost;
  };
}

/** Layers by `[stage][chunk]`; `loads` as `expertLoads` gives them. */
export function stageLayers(
  input: StepInput,
  costed: CostedStep,
  options: { ranks: StageRanks; mixtures: Mixtures; loads?: readonly (readonly RankLoad[])[] },
): StageLayer[][][] {
  const { sizes, plan } = input;
  const { ranks, mixtures, loads } = options;
  const price = loadPricer(input, costed);
  const expertRanks = ranks.first.map((rank) => Math.floor(rank / plan.etp) % plan.ep);
  const { sentRows } = costed.split;
  const alikes = new Map<LayerCost, StageLayer>();
  const even: RankLoad = {
    ...{ rows: 0, largest: 0, sent: sentRows, received: sentRows, scattered: false },
  };

  function layerOf(cost: LayerCost, load_R: readonly RankLoad[] | undefined): StageLayer {
    const { kind } = cost;
    const parameters = rankParameters(kind, sizes, plan);
    const alike = ranks.first.map(() => cost);
    if (!hasExperts(kind, sizes)) return { kind, costs: alike, parameters };
    const of = expertRanks.map((rank) => load_R?.[rank] ?? even);
    const costs = load_R ? of.map((load) => price(kind, load)) : alike;
    const rows = {
      sent: Float64Array.from(of, ({ sent }) => sent),
      received: Float64Array.from(of, ({ received }) => received),
      own: Float64Array.from(of, ({ received }) => received / (plan.ep * plan.etp)),
    };
    return { kind, costs, rows, parameters };
  }

  return costed.stages.map((chunks, stage) =>
    chunks.map(({ layers }, chunk) => {
      let mixture = 0;
      return layers.map((cost): StageLayer => {
        const { kind } = cost;
        const load_R = hasExperts(kind, sizes)
          ? loads?.[mixtures.of[stage][chunk][mixture++]]
          : undefined;
        const known = load_R ? undefined : alikes.get(cost);
        if (known) return known;
        const layer = layerOf(cost, load_R);
        if (!load_R) alikes.set(cost, layer);
        return layer;
      });
    })
  );
}
