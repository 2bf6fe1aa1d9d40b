/**
 * Prices of layers, remembered by the fields that they follow from: plans of a search that differ in
 * other fields share them.
 *
 * @module
 */
import type { LayerKind } from "../cost/phases.ts";
import type { Plan } from "../plan/plan.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import { rowFormats } from "./choices.ts";
import { type LayersMemory, memoryTable } from "./layer_memory.ts";
import type { SearchDegrees } from "./degrees.ts";
import { layerPricer, type LayerWork, layerWork, leastWork } from "./layer_work.ts";
import { modelLayers } from "./model_layers.ts";
import type { SearchSite } from "./problem.ts";
import { triedRowFormats } from "./row_formats.ts";
import { bitsOf } from "./recompute_sets.ts";
import { layerKinds } from "./stage_shapes.ts";

/** Tables of layers; see the module. */
export interface LayerTables {
  /**
   * Seconds of layers by kind: for every set of modules with the plan's formats of rows, or at least
   * for all of both at once.
   */
  work(plan: Plan, sets: "all" | "any"): ReadonlyMap<LayerKind, LayerWork>;
  /** Memory of layers for a micro-batch of one sequence, with any dispatcher. */
  memory(plan: Plan): LayersMemory;
  /** Exchanges of sharded parameters (ZeRO 3), seconds of all layers for a micro-batch. */
  shards(plan: Plan): ShardSeconds;
}

/** Exchanges of sharded parameters. */
export interface ShardSeconds {
  /** Parameters, before either pass. */
  gather: number;
  /** Gradients. */
  scatter: number;
  /** Of `gather`, what the first pass of the embedding needs. */
  first: number;
}

/** Tables that are remembered at once, ten kilobytes each. */
const REMEMBERED = 4000;

function remember<T>(known: Map<string, T>, key: string, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) {
    if (known.size >= REMEMBERED) known.clear();
    known.set(key, value = make());
  }
  return value;
}

/** What a layer's seconds and bytes follow from, of the fields that a search chooses. */
export function keyOf(plan: SearchDegrees): string {
  const { tp, cp, ep, etp, sequenceParallel, contextExchange } = plan;
  return `${tp}/${cp}/${ep}/${etp}/${sequenceParallel}/${contextExchange}`;
}

const restKey = ({ microBatch, precision, dispatcher, formats }: Plan) =>
  `${microBatch}/${precision}/${dispatcher}/${formats.dispatch}/${formats.combine}`;

/** What bounds of layers take as decided; sharded parameters are no part of them. */
export function barePlan(
  base: Plan,
  lists: ChoiceLists,
): Pick<Plan, "overlap" | "formats" | "zero"> {
  const overlap = { ...base.overlap, tensor: lists.tensor[0] };
  return { overlap, formats: rowFormats(base, lists), zero: 0 };
}

/** Tables for a problem. */
export function layerTables(site: SearchSite, lists: ChoiceLists, base: Plan): LayerTables {
  const sets = lists.recompute.map(bitsOf);
  const layers = modelLayers(site);
  const kinds = layerKinds.filter((_, k) => layers[k] > 0);
  const works = new Map<string, ReadonlyMap<LayerKind, LayerWork>>();
  const bareWorks = new Map<string, ReadonlyMap<LayerKind, LayerWork>>();
  const memories = new Map<string, LayersMemory>();
  const sharded = new Map<string, ShardSeconds>();
  const bare = barePlan(base, lists);
  const memoryOf = memoryTable(site, lists);

  function workOf(plan: Plan, tried: readonly number[] | "any"): ReadonlyMap<LayerKind, LayerWork> {
    const of = { site, sets: tried, price: layerPricer(plan, site) };
    return new Map(kinds.map((kind) => [kind, layerWork(kind, plan, of)]));
  }

  /** Whatever is computed again, and in whichever format rows travel. */
  function anyWorkOf(plan: Plan): ReadonlyMap<LayerKind, LayerWork> {
    const works = triedRowFormats(plan, lists).map((formats) =>
      workOf({ ...plan, formats }, "any")
    );
    return works.reduce((least, other) =>
      new Map(kinds.map((kind) => [kind, leastWork(least.get(kind)!, other.get(kind)!)]))
    );
  }

  const numberOf = (kind: LayerKind) => layers[layerKinds.indexOf(kind)];

  function shardSeconds(plan: Plan): ShardSeconds {
    const price = layerPricer({ ...plan, ...bare, zero: 3, microBatch: 1 }, site);
    const seconds = {
      gather: 0,
      scatter: 0,
      first: price("embedding", "none").forward.gatherSeconds,
    };
    for (const kind of kinds) {
      const { forward, backwardInput, backwardWeight } = price(kind, "none");
      seconds.gather += numberOf(kind) * (forward.gatherSeconds + backwardInput.gatherSeconds);
      seconds.scatter += numberOf(kind) * backwardWeight.scatterSeconds;
    }
    return seconds;
  }

  return {
    work: (plan, which) =>
      remember(
        which === "all" ? works : bareWorks,
        `${keyOf(plan)}/${restKey(plan)}`,
        () => {
          const own = { ...plan, ...bare };
          return which === "any" ? anyWorkOf(own) : workOf({ ...own, formats: plan.formats }, sets);
        },
      ),
    memory: (plan) =>
      remember(
        memories,
        `${keyOf(plan)}/${plan.precision}`,
        () => memoryOf({ ...plan, formats: bare.formats }),
      ),
    shards: (plan) =>
      remember(
        sharded,
        `${keyOf(plan)}/${plan.dp}/${plan.shardRanks}`,
        () => shardSeconds(plan),
      ),
  };
}
