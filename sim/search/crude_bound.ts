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

/** Bytes of a parameter at least, under any of the choices. */
function parameterFloor(
  degrees: SearchDegrees,
  ranks: number,
  of: { site: SearchSite; lists: ChoiceLists; plan: Plan },
): number {
  const { site, lists, plan } = of;
  let least = Infinity;
  for (const zero of lists.zero) {
    if (zero === 3 && degrees.pp > 1) continue;
    for (const precision of lists.precision) {
      // A single micro-batch, under which ZeRO 2 has least.
      const microBatch = plan.globalBatch / degrees.dp;
      const own = { ...plan, dp: degrees.dp, microBatch, zero, precision };
      for (const matrix of [true, false]) {
        const bytes = parameterBytes(own, site.habits, { ranks, matrix });
        least = Math.min(least, bytes.weight + bytes.gradient + bytes.optimizer);
      }
    }
  }
  // Without any, a rule says so later.
  return Number.isFinite(least) ? least : 0;
}

/** Memory of degrees at least, but for what follows from micro-batches. */
export interface CrudeBytes {
  /** Always there. */
  always: number;
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
  const { site, layers, plan, layer } = of;
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
  const bytes = dense * parameterFloor(degrees, dp * cp, of) +
    experts * parameterFloor(degrees, replicas, of);
  const scale = stack.allocatorFactor * boundSlack;
  return {
    always: bytes / pp * scale + stack.reservedBytes * boundSlack,
    kept: layer.kept.map((kept) => kept * scale),
    whole: layer.whole * scale,
  };
}

/**
 * Bytes of a device at least in a way, with micro-batches of so many sequences. A stage with layers has
 * one of them in its backward pass, which then waits no longer.
 */
export function crudeOfBatch(
  { always, kept, whole }: CrudeBytes,
  way: number,
  of: { microBatch: number; waiting: number; busy: number },
): number {
  const { microBatch, waiting, busy } = of;
  return always + microBatch * (Math.max(0, waiting - busy) * kept[way] + busy * whole);
}
