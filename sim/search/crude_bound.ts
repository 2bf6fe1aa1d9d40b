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
import { layerKinds } from "./stage_shapes.ts";
import { boundSlack } from "./time_bound.ts";
import type { ByWay } from "./ways.ts";

/** Bytes of a parameter at least, under one of the stages of ZeRO. */
function parameterFloor(
  degrees: SearchDegrees,
  ranks: number,
  of: { site: SearchSite; lists: ChoiceLists; plan: Plan; single: boolean; zero: Plan["zero"][] },
): number {
  const { site, lists, plan, single } = of;
  // A single micro-batch, under which ZeRO 2 has less.
  const microBatch = plan.globalBatch / degrees.dp / (single ? 1 : 2);
  let least = Infinity;
  for (const zero of of.zero) {
    for (const precision of lists.precision) {
      const own = { ...plan, dp: degrees.dp, microBatch, zero, precision };
      for (const matrix of [true, false]) {
        const bytes = parameterBytes(own, site.habits, { ranks, matrix });
        least = Math.min(least, bytes.weight + bytes.gradient + bytes.optimizer);
      }
    }
  }
  return least;
}

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

/** See the module; `layer` is what layers hold for a sequence. */
export function crudeBytes(
  degrees: SearchDegrees,
  of: {
    site: SearchSite;
    lists: ChoiceLists;
    plan: Plan;
    layers: readonly number[];
    layer: LayerBytes;
  },
): CrudeBytes {
  const { site, lists, layers, plan, layer } = of;
  const { sizes, stack } = site;
  const { tp, cp, dp, pp, ep, etp } = degrees;
  const own = { ...plan, ...degrees };
  let dense = 0;
  let experts = 0;
  layerKinds.forEach((kind, k) => {
    // A tied table may lie on one stage.
    if (layers[k] === 0 || (kind === "head" && sizes.tied)) return;
    const held = rankParameters(kind, sizes, own);
    dense += layers[k] * held.dense;
    experts += layers[k] * held.experts;
  });
  const replicas = Math.max(1, tp * cp * dp / (ep * etp));
  const scale = stack.allocatorFactor * boundSlack;
  const always = (zero: Plan["zero"][], single = false) => {
    if (zero.length === 0) return Infinity;
    const bytes = dense * parameterFloor(degrees, dp * cp, { ...of, single, zero }) +
      experts * parameterFloor(degrees, replicas, { ...of, single, zero });
    return bytes / pp * scale + stack.reservedBytes * boundSlack;
  };
  const whole = lists.zero.filter((zero) => zero < 3);
  const sharded = lists.zero.filter((zero) => zero === 3 && pp === 1);
  // Without any, a rule says so later.
  const none = whole.length + sharded.length === 0 ? stack.reservedBytes : Infinity;
  return {
    always: {
      single: Math.min(none, always(whole, true)),
      several: Math.min(none, always(whole)),
      sharded: always(sharded),
    },
    kept: layer.kept.map((kept) => kept * scale),
    whole: layer.whole * scale,
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
  way: number,
  batch: CrudeBatch,
  sharded: boolean,
): number {
  const { microBatch, microBatches, held: { waiting, busy } } = batch;
  const there = sharded ? always.sharded : microBatches > 1 ? always.several : always.single;
  return there + microBatch * (Math.max(0, waiting - busy) * kept[way] + busy * whole);
}
