/**
 * The memory of degrees at least, before micro-batches, cuts and the rest are chosen.
 *
 * What states take on an average stage, with what waits of its layers under the cut that has least of
 * it and one layer in its backward pass: the fullest stage holds no less.
 *
 * @module
 */
import { rankParameters } from "../cost/parameters.ts";
import { parameterBytes } from "../memory/states.ts";
import type { Plan } from "../plan/plan.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import type { LayerBytes } from "./degree_floor.ts";
import type { SearchDegrees } from "./degrees.ts";
import type { SearchSite } from "./problem.ts";
import { recall } from "./recall.ts";
import { layerKinds } from "./stage_shapes.ts";
import { boundSlack } from "./time_bound.ts";
import type { ByWay } from "./ways.ts";

/** Memory of degrees at least, but for what follows from micro-batches. */
export interface CrudeBytes {
  /**
   * Always there: where a replica has one micro-batch, where it has several, and where parameters are
   * sharded as well (ZeRO 3). Infinity where that is not tried.
   */
  always: { single: number; several: number; sharded: number };
  /** What waits of a layer for one sequence, by way. */
  kept: ByWay;
  /** A layer in its backward pass, for one sequence. */
  whole: number;
}

/** What memory of degrees is worked out from. */
interface CrudeSite {
  site: SearchSite;
  lists: ChoiceLists;
  plan: Plan;
  /** Layers of the model by kind. */
  layers: readonly number[];
}

/** Bytes of a parameter at least that so many ranks share, under some stages of ZeRO. */
function parameterFloor(
  ranks: number,
  of: CrudeSite & { zeros: readonly Plan["zero"][]; single: boolean },
): number {
  const { site, lists, plan, zeros, single } = of;
  // A single micro-batch, under which ZeRO 2 has less.
  const batch = { dp: 1, microBatch: 1, globalBatch: single ? 1 : 2 };
  let least = Infinity;
  for (const zero of zeros) {
    for (const precision of lists.precision) {
      const own = { ...plan, ...batch, zero, precision };
      for (const matrix of [true, false]) {
        const bytes = parameterBytes(own, site.habits, { ranks, matrix });
        least = Math.min(least, bytes.weight + bytes.gradient + bytes.optimizer);
      }
    }
  }
  return least;
}

/** Floors of a parameter by ranks, remembered. */
function parameterFloors(of: CrudeSite) {
  const whole = of.lists.zero.filter((zero) => zero < 3);
  const sharded = of.lists.zero.filter((zero) => zero === 3);
  const byRanks = (zeros: readonly Plan["zero"][], single: boolean) => {
    const known = new Map<number, number>();
    return (ranks: number) =>
      recall(known, ranks, () => parameterFloor(ranks, { ...of, zeros, single }));
  };
  return {
    single: byRanks(whole, true),
    several: byRanks(whole, false),
    sharded: byRanks(sharded, false),
  };
}

/** Parameters of the model that a rank holds of each stage together, remembered. */
function heldParameters({ site: { sizes }, plan, layers }: CrudeSite) {
  const known = new Map<string, { dense: number; experts: number }>();
  return (degrees: SearchDegrees) => {
    const key = `${degrees.tp}/${degrees.ep}/${degrees.etp}`;
    return recall(known, key, () => {
      const all = { dense: 0, experts: 0 };
      for (const [k, kind] of layerKinds.entries()) {
        // A tied table may lie on one stage.
        if (layers[k] === 0 || (kind === "head" && sizes.tied)) continue;
        const held = rankParameters(kind, sizes, { ...plan, ...degrees });
        all.dense += layers[k] * held.dense;
        all.experts += layers[k] * held.experts;
      }
      return all;
    });
  };
}

/** Memory of degrees at least, whose layers hold so much for a sequence. */
export type CrudeTable = (degrees: SearchDegrees, layer: LayerBytes) => CrudeBytes;

/** See the module. */
export function crudeTable(of: CrudeSite): CrudeTable {
  const { stack } = of.site;
  const floors = parameterFloors(of);
  const parametersOf = heldParameters(of);
  const scale = stack.allocatorFactor * boundSlack;
  return (degrees, layer) => {
    const { tp, cp, dp, pp, ep, etp } = degrees;
    const { dense, experts } = parametersOf(degrees);
    const replicas = Math.max(1, tp * cp * dp / (ep * etp));
    const always = (floor: (ranks: number) => number) =>
      (dense * floor(dp * cp) + (experts > 0 ? experts * floor(replicas) : 0)) / pp * scale +
      stack.reservedBytes * boundSlack;
    const single = always(floors.single);
    const sharded = pp === 1 ? always(floors.sharded) : Infinity;
    // Where nothing may be sharded so, a rule says so later.
    const none = single === Infinity && sharded === Infinity;
    return {
      always: none
        ? { single: 0, several: 0, sharded }
        : { single, several: always(floors.several), sharded },
      kept: layer.kept.map((kept) => kept * scale),
      whole: layer.whole * scale,
    };
  };
}

/** Micro-batches of a replica. */
export interface CrudeBatch {
  /** Sequences of one. */
  microBatch: number;
  /** How many. */
  microBatches: number;
  /** Layers that wait, and share of stages with any, under the cut that has least. */
  held: { waiting: number; busy: number };
}

/**
 * Bytes of a device at least in a way, whether parameters are sharded or not. A stage with layers has
 * one of them in its backward pass, which then waits no longer.
 */
export function crudeOfBatch(
  { always, kept, whole }: CrudeBytes,
  batch: CrudeBatch,
  { way, sharded }: { way: number; sharded: boolean },
): number {
  const { microBatch, microBatches, held: { waiting, busy } } = batch;
  const there = sharded ? always.sharded : microBatches > 1 ? always.several : always.single;
  // Nothing waits in ways that are not tried, which have no end.
  const waits = waiting > busy ? (waiting - busy) * kept[way] : 0;
  return there + microBatch * (waits + busy * whole);
}
