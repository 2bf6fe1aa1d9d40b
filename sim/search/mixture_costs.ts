/**
 * What mixtures cost under many degrees: their attention and their experts follow from fewer fields each
 * than both together, so that few of them are priced.
 *
 * @module
 */
import type { LayerCost, LayerKind } from "../cost/phases.ts";
import type { Dispatcher, Plan } from "../plan/plan.ts";
import { layerPricer } from "./layer_work.ts";
import type { SearchSite } from "./problem.ts";

/** Fields of a phase that follow from experts and dispatcher. */
const experted = [
  ...["routeSeconds", "expertSeconds", "mergeSeconds"] as const,
  ...["dispatchSeconds", "combineSeconds", "kernels"] as const,
];

const phases = ["forward", "backwardInput", "backwardWeight"] as const;

/** A layer with the experts of another. */
function withExperts(layer: LayerCost, other: LayerCost): LayerCost {
  const both = { ...layer };
  for (const name of phases) {
    const phase = { ...layer[name] };
    for (const field of experted) phase[field] = other[name][field];
    both[name] = phase;
  }
  return both;
}

/** The least of what experts take in some layers. */
function leastCost(layers: readonly LayerCost[]): LayerCost {
  const least = { ...layers[0] };
  for (const name of phases) {
    const phase = { ...least[name] };
    for (const field of experted) phase[field] = Math.min(...layers.map((of) => of[name][field]));
    least[name] = phase;
  }
  return least;
}

/** What is known by a key, made where it is not. */
export function recall<T>(known: Map<string, T>, key: string, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) known.set(key, value = make());
  return value;
}

/** The cost of a mixture under a plan, with a dispatcher or the least of all. */
export type MixtureCosts = (kind: LayerKind, plan: Plan, dispatcher?: Dispatcher) => LayerCost;

/** Costs of mixtures, remembered; see the module. */
export function mixtureCosts(site: SearchSite, dispatchers: readonly Dispatcher[]): MixtureCosts {
  const attentions = new Map<string, LayerCost>();
  const experts = new Map<string, LayerCost>();

  /** The experts of a mixture; with no dispatcher named the least of each phase with any. */
  function expertsOf(kind: LayerKind, plan: Plan, dispatcher?: Dispatcher): LayerCost {
    const { tp, cp, ep, etp, sequenceParallel, precision, formats } = plan;
    // Routers work on the tokens of a rank, where these are split by tensor ranks as well.
    const own = sequenceParallel ? "" : tp;
    const rows = `${formats.dispatch}/${formats.combine}`;
    const key = `${kind}/${tp * cp}/${own}/${ep}/${etp}/${precision}/${dispatcher}/${rows}`;
    return recall(
      experts,
      key,
      () =>
        dispatcher === undefined
          ? leastCost(dispatchers.map((name) => expertsOf(kind, plan, name)))
          : layerPricer({ ...plan, dispatcher }, site)(kind, "none"),
    );
  }

  return (kind, plan, dispatcher) => {
    const { tp, cp, sequenceParallel, contextExchange, precision } = plan;
    const attention = recall(
      attentions,
      `${kind}/${tp}/${cp}/${sequenceParallel}/${contextExchange}/${precision}`,
      () => layerPricer(plan, site)(kind, "none"),
    );
    return withExperts(attention, expertsOf(kind, plan, dispatcher));
  };
}
