/**
 * What layers take at least under degrees of the world, before anything else is chosen.
 *
 * The time of a sequence is that in a micro-batch without end. Tiles, waves, latencies and launches make
 * each sequence of a smaller one dearer, never cheaper.
 *
 * @module
 */
import type { LayerKind } from "../cost/phases.ts";
import { evenLoad } from "../memory/expert_load.ts";
import { kindMemory } from "../memory/kind_memory.ts";
import { memorySite } from "../memory/site.ts";
import type { Plan } from "../plan/plan.ts";
import type { ChoiceLists } from "./choices.ts";
import type { SearchDegrees } from "./degrees.ts";
import { memoryKinds } from "./layer_memory.ts";
import { barePlan, keyOf } from "./layer_tables.ts";
import { layerPricer, type LayerWork, layerWork, type TokenMode } from "./layer_work.ts";
import { modelLayers } from "./model_layers.ts";
import type { SearchSite } from "./problem.ts";
import { layerKinds } from "./stage_shapes.ts";
import { type ByWay, leastByWay, smallestSets, ways } from "./ways.ts";

/** What a layer of a model holds at least for a sequence, bytes. */
export interface LayerBytes {
  /** What waits for its backward pass, by way. */
  kept: ByWay;
  /** In its backward pass. */
  whole: number;
}

/** Floors of degrees, remembered: many degrees share their layers. */
export interface DegreeFloors {
  /** Least seconds of all layers of the model for a sequence, by way. */
  sequenceSeconds(degrees: SearchDegrees): ByWay;
  /** Least bytes of a layer. */
  layerBytes(degrees: SearchDegrees): LayerBytes;
}

/** Sequences of a micro-batch that stands for one without end. */
const endless = 2 ** 16;

/** What rounding up to tiles and waves adds to it at most. */
const endlessSlack = 1 - 1e-3;

/** Most that may be hidden of tokens under some choices. */
function bestModes({ experts }: ChoiceLists): TokenMode[] {
  const apart = experts.includes("batches") || experts.includes("dualpipe");
  return [experts.includes("shared") ? "shared" : "none", ...(apart ? ["apart" as const] : [])];
}

const isMixture = (kind: LayerKind) => kind === "moe" || kind === "mtp";

function recall<T>(known: Map<string, T>, key: string, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) known.set(key, value = make());
  return value;
}

/** Floors for a problem. */
export function degreeFloors(site: SearchSite, lists: ChoiceLists, base: Plan): DegreeFloors {
  const layers = modelLayers(site);
  const kinds = layerKinds.filter((_, k) => layers[k] > 0);
  const numberOf = (kind: LayerKind) => layers[layerKinds.indexOf(kind)];
  const modes = bestModes(lists);
  const bare = barePlan(base, lists);
  const tried = leastByWay(lists.recompute, site.sizes, () => 0);
  const smallest = smallestSets(site.sizes);
  const otherSeconds = new Map<string, number[][]>();
  const seconds = new Map<string, number[]>();
  const bytes = new Map<string, LayerBytes>();

  /** Seconds of a micro-batch by way and mode, of all layers that are mixtures or none. */
  function modeSeconds(plan: Plan, mixtures: boolean): number[][] {
    const price = layerPricer(plan, site);
    const own = kinds.filter((kind) => isMixture(kind) === mixtures);
    const works = own.map((kind): [number, LayerWork] => [
      numberOf(kind),
      layerWork(kind, plan, { site, sets: "any", price }),
    ]);
    return ways.map((_, way) =>
      modes.map((mode) =>
        works.reduce(
          (sum, [count, { forward, backward }]) =>
            sum + count * (forward[mode] + backward[mode][way]),
          0,
        )
      )
    );
  }

  /** The same of layers without experts, which follow from fewer fields. */
  function othersOf(plan: Plan): number[][] {
    const { tp, cp, sequenceParallel, contextExchange, precision } = plan;
    const key = `${tp}/${cp}/${sequenceParallel}/${contextExchange}/${precision}`;
    return recall(otherSeconds, key, () => modeSeconds(plan, false));
  }

  function leastSequence(degrees: SearchDegrees): number[] {
    const least = ways.map(() => Infinity);
    for (const precision of lists.precision) {
      const plan = { ...base, ...degrees, ...bare, microBatch: endless, precision };
      const others = othersOf(plan);
      for (const dispatcher of lists.dispatcher) {
        const mixtures = modeSeconds({ ...plan, dispatcher }, true);
        for (let way = 0; way < ways.length; way++) {
          if (tried[way] > 0) continue;
          for (let m = 0; m < modes.length; m++) {
            least[way] = Math.min(least[way], others[way][m] + mixtures[way][m]);
          }
        }
      }
    }
    return least.map((seconds) => seconds / endless * endlessSlack);
  }

  function leastLayer(degrees: SearchDegrees): LayerBytes {
    // What moves to the host does not wait here.
    const moves = base.offload.activationLayers > 0;
    const kept = ways.map(() => Infinity);
    let whole = Infinity;
    for (const precision of lists.precision) {
      for (const dispatcher of lists.dispatcher) {
        const own = { ...degrees, ...bare, precision, dispatcher };
        const plan: Plan = { ...base, ...own, microBatch: 1 };
        const at = memorySite(site.sizes, plan, site.workload, site.habits);
        for (const kind of memoryKinds) {
          if (numberOf(kind) === 0) continue;
          for (let way = 0; way < ways.length; way++) {
            const recompute = smallest[way];
            const { keptBytes, recomputedBytes, workingBytes } = kindMemory(
              kind,
              { ...at, plan: { ...plan, recompute } },
              evenLoad,
            );
            kept[way] = Math.min(kept[way], tried[way] > 0 ? Infinity : keptBytes);
            // Whatever is computed again, it is there in the backward pass.
            whole = Math.min(whole, (moves ? 0 : keptBytes + recomputedBytes) + workingBytes);
          }
        }
      }
    }
    return { kept: moves ? kept.map((bytes) => Math.min(0, bytes)) : kept, whole };
  }

  return {
    sequenceSeconds: (degrees) => recall(seconds, keyOf(degrees), () => leastSequence(degrees)),
    layerBytes: (degrees) => recall(bytes, keyOf(degrees), () => leastLayer(degrees)),
  };
}
