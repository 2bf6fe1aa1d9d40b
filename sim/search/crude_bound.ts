/**
 * The memory of degrees at least, before micro-batches, cuts and the rest are chosen.
 *
 * What states take on an average stage, with the inputs of its layers and one layer in its backward
 * pass, which is there whatever is computed again: the fullest stage holds no less.
 *
 * @module
 */
import { kindOf } from "../cost/layout.ts";
import { rankParameters } from "../cost/parameters.ts";
import type { LayerKind } from "../cost/phases.ts";
import { parameterBytes } from "../memory/states.ts";
import { wideBytes } from "../memory/site.ts";
import type { Plan } from "../plan/plan.ts";
import type { ChoiceLists } from "./choices.ts";
import type { SearchDegrees } from "./degrees.ts";
import type { SearchSite } from "./problem.ts";
import { layerKinds } from "./stage_shapes.ts";
import { boundSlack } from "./time_bound.ts";

/** Layers of the whole model, in the order of `layerKinds`. */
export function modelLayers({ sizes }: SearchSite): number[] {
  const counts = new Map<LayerKind, number>([["embedding", 1], ["head", 1]]);
  counts.set("mtp", sizes.mtpLayers);
  for (let i = 0; i < sizes.layers; i++) {
    const kind = kindOf(i, sizes);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return layerKinds.map((kind) => counts.get(kind) ?? 0);
}

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
      const own = { ...plan, zero, precision };
      for (const matrix of [true, false]) {
        const bytes = parameterBytes(own, site.habits, { ranks, matrix });
        least = Math.min(least, bytes.weight + bytes.gradient + bytes.optimizer);
      }
    }
  }
  // Without any, a rule says so later.
  return Number.isFinite(least) ? least : 0;
}

/** Memory of degrees at least: what is there for all micro-batches, and for each sequence of one. */
export interface CrudeBytes {
  /** Always. */
  always: number;
  /** For each sequence of a micro-batch. */
  perSequence: number;
}

/** See the module; `layerBytes` is one layer's in its backward pass, for one sequence. */
export function crudeBytes(
  degrees: SearchDegrees,
  of: {
    site: SearchSite;
    lists: ChoiceLists;
    plan: Plan;
    layers: readonly number[];
    layerBytes: number;
  },
): CrudeBytes {
  const { site, layers, plan, layerBytes } = of;
  const { sizes, workload, stack } = site;
  const { tp, cp, dp, pp, ep, etp, sequenceParallel } = degrees;
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
  // The input of every layer's first norm is kept, whatever is computed again.
  const tokens = workload.sequence / cp / (sequenceParallel ? tp : 1);
  const input = plan.offload.activationLayers > 0 ? 0 : tokens * sizes.dModel * wideBytes;
  // The first and the last part of a model may be without layers.
  const busy = pp > 2 ? pp - 2 : pp === 2 ? 1 : pp;
  const kept = Math.max(0, sizes.layers - busy) * input + busy * layerBytes;
  const scale = stack.allocatorFactor * boundSlack;
  return {
    always: bytes / pp * scale + stack.reservedBytes * boundSlack,
    perSequence: kept / pp * scale,
  };
}
