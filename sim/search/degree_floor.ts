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
import { modelLayers } from "./crude_bound.ts";
import type { SearchDegrees } from "./degrees.ts";
import { memoryKinds } from "./layer_memory.ts";
import { barePlan, keyOf } from "./layer_tables.ts";
import { layerPricer, type LayerWork, layerWork, type TokenMode } from "./layer_work.ts";
import type { SearchSite } from "./problem.ts";
import { layerKinds } from "./stage_shapes.ts";
import { pairSlack } from "./time_bound.ts";

/** Floors of degrees, remembered: many degrees share their layers. */
export interface DegreeFloors {
  /** Least seconds of all layers of the model for a sequence. */
  sequenceSeconds(degrees: SearchDegrees): number;
  /** Least bytes of a layer in its backward pass, for a sequence. */
  layerBytes(degrees: SearchDegrees): number;
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

/** Floors for a problem. */
export function degreeFloors(site: SearchSite, lists: ChoiceLists, base: Plan): DegreeFloors {
  const layers = modelLayers(site);
  const kinds = layerKinds.filter((_, k) => layers[k] > 0);
  const numberOf = (kind: LayerKind) => layers[layerKinds.indexOf(kind)];
  const modes = bestModes(lists);
  const bare = barePlan(base, lists);
  const seconds = new Map<string, number>();
  const bytes = new Map<string, number>();

  /** Seconds of a micro-batch in each mode of all layers that are mixtures or none. */
  function modeSeconds(plan: Plan, mixtures: boolean): number[] {
    const price = layerPricer(plan, site);
    const works = kinds.filter((kind) => isMixture(kind) === mixtures)
      .map((kind): [number, LayerWork] => [
        numberOf(kind),
        layerWork(kind, plan, { site, sets: "any", price }),
      ]);
    return modes.map((mode) =>
      works.reduce(
        (sum, [count, { forward, backward }]) => sum + count * (forward[mode] + backward[mode][0]),
        0,
      )
    );
  }

  function leastSequence(degrees: SearchDegrees): number {
    let least = Infinity;
    for (const precision of lists.precision) {
      const plan = { ...base, ...degrees, ...bare, microBatch: endless, precision };
      const others = modeSeconds(plan, false);
      for (const dispatcher of lists.dispatcher) {
        modeSeconds({ ...plan, dispatcher }, true).forEach((mixtures, m) => {
          const slack = modes[m] === "apart" ? pairSlack : 1;
          least = Math.min(least, (others[m] + mixtures) * slack);
        });
      }
    }
    return least / endless * endlessSlack;
  }

  function leastLayer(degrees: SearchDegrees): number {
    let least = Infinity;
    for (const precision of lists.precision) {
      for (const dispatcher of lists.dispatcher) {
        const own = { ...degrees, ...bare, precision, dispatcher };
        const plan: Plan = { ...base, ...own, microBatch: 1, recompute: "none" };
        const at = memorySite(site.sizes, plan, site.workload, site.habits);
        for (const kind of memoryKinds) {
          if (numberOf(kind) === 0) continue;
          const { keptBytes, workingBytes } = kindMemory(kind, at, evenLoad);
          least = Math.min(least, keptBytes + workingBytes);
        }
      }
    }
    return least;
  }

  const recall =
    (known: Map<string, number>, make: (degrees: SearchDegrees) => number) =>
    (degrees: SearchDegrees): number => {
      const key = keyOf(degrees);
      let value = known.get(key);
      if (value === undefined) known.set(key, value = make(degrees));
      return value;
    };

  return {
    sequenceSeconds: recall(seconds, leastSequence),
    layerBytes: recall(bytes, leastLayer),
  };
}
