/**
 * What layers take at least under degrees of the world, before anything else is chosen.
 *
 * The time of a sequence is that in a micro-batch without end. Tiles, waves, latencies and launches make
 * each sequence of a smaller one dearer, never cheaper.
 *
 * @module
 */
import type { LayerKind } from "../cost/phases.ts";
import type { Plan, Precision } from "../plan/plan.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import type { SearchDegrees } from "./degrees.ts";
import { memoryKinds, memoryTable } from "./layer_memory.ts";
import { mixtureFloors } from "./mixture_floor.ts";
import { barePlan, keyOf } from "./layer_tables.ts";
import { layerPricer, layerWork, type TokenMode } from "./layer_work.ts";
import { modelLayers } from "./model_layers.ts";
import type { SearchSite } from "./problem.ts";
import { recall } from "./recall.ts";
import { layerKinds } from "./stage_shapes.ts";
import { type ByWay, setsByWay, ways } from "./ways.ts";

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
  /** The same for each format of products and dispatcher. */
  variantSeconds(degrees: SearchDegrees): readonly ByWay[];
  /** Least bytes of a layer. */
  layerBytes(degrees: SearchDegrees): LayerBytes;
}

/** Sequences of a micro-batch that stands for one without end. */
const endless = 2 ** 16;

/** What rounding up to tiles and waves adds to it at most. */
const endlessSlack = 1 - 1e-3;

/** Most that may be hidden of tokens under some choices. */
function bestModes({ experts }: ChoiceLists): TokenMode[] {
  const apart = (["batches", "dualpipe", "attention"] as const).some((way) =>
    experts.includes(way)
  );
  return [experts.includes("shared") ? "shared" : "none", ...(apart ? ["apart" as const] : [])];
}

const isMixture = (kind: LayerKind) => kind === "moe" || kind === "mtp";

/** Floors for a problem. */
export function degreeFloors(site: SearchSite, lists: ChoiceLists, base: Plan): DegreeFloors {
  const layers = modelLayers(site);
  const kinds = layerKinds.filter((_, k) => layers[k] > 0);
  const [mixtureKinds, plainKinds] = [true, false].map((is) =>
    kinds.filter((kind) => isMixture(kind) === is)
  );
  const numberOf = (kind: LayerKind) => layers[layerKinds.indexOf(kind)];
  const bare = barePlan(base, lists);
  const tried = setsByWay(lists.recompute, site.sizes).map((sets) => sets.length > 0);
  const memoryOf = memoryTable(site, lists);
  // What moves to the host does not wait here.
  const moves = base.offload.activationLayers > 0;
  const otherSeconds = new Map<string, number[]>();
  const variants = new Map<string, number[][]>();
  const bytes = new Map<string, LayerBytes>();

  const mixtureSeconds = mixtureFloors({
    ...{ site, lists, modes: bestModes(lists) },
    kinds: mixtureKinds.map((kind) => ({ kind, count: numberOf(kind) })),
  });

  /** Seconds of a micro-batch by way, of all layers without experts. */
  function othersOf(plan: Plan): number[] {
    const { tp, cp, sequenceParallel, contextExchange, precision } = plan;
    const key = `${tp}/${cp}/${sequenceParallel}/${contextExchange}/${precision}`;
    return recall(otherSeconds, key, () => {
      const price = layerPricer(plan, site);
      const sums = ways.map(() => 0);
      for (const kind of plainKinds) {
        const { forward, backward } = layerWork(kind, plan, { site, sets: "any", price });
        ways.forEach((_, way) => sums[way] += numberOf(kind) * (forward.none + backward.none[way]));
      }
      return sums;
    });
  }

  /** Seconds of a sequence by dispatcher. */
  function secondsOf(plan: Plan): number[][] {
    const others = othersOf(plan);
    return mixtureSeconds(plan).map((byWay) =>
      byWay.map((seconds, way) =>
        tried[way] ? (others[way] + seconds) / endless * endlessSlack : Infinity
      )
    );
  }

  const planOf = (degrees: SearchDegrees, precision: Precision): Plan => ({
    ...{ ...base, ...degrees, ...bare },
    ...{ microBatch: endless, precision },
  });

  const byVariant = (degrees: SearchDegrees): number[][] =>
    lists.precision.flatMap((precision) => secondsOf(planOf(degrees, precision)));

  const variantSeconds = (degrees: SearchDegrees) =>
    recall(variants, keyOf(degrees), () => byVariant(degrees));

  function leastLayer(degrees: SearchDegrees): LayerBytes {
    const kept = ways.map(() => Infinity);
    let whole = Infinity;
    for (const precision of lists.precision) {
      const own = { ...degrees, ...bare, precision };
      const memory = memoryOf({ ...base, ...own, microBatch: 1, recompute: "none" });
      memoryKinds.forEach((kind, k) => {
        if (numberOf(kind) === 0) return;
        for (let way = 0; way < ways.length; way++) {
          if (tried[way]) kept[way] = Math.min(kept[way], memory.byWay[k].kept[way]);
        }
        // Whatever is computed again, it is there in the backward pass.
        const layer = moves ? 0 : memory.plain[kind].keptBytes;
        whole = Math.min(whole, layer + memory.working[k][lists.dispatcher.length]);
      });
    }
    return { kept: moves ? kept.map((bytes) => Math.min(0, bytes)) : kept, whole };
  }

  return {
    sequenceSeconds: (degrees) => {
      const all = variantSeconds(degrees);
      return ways.map((_, way) => Math.min(...all.map((seconds) => seconds[way])));
    },
    variantSeconds,
    layerBytes: (degrees) => {
      // An exchange of heads between context ranks may keep more, none keeps less.
      const own = { ...degrees, contextExchange: "p2p" } as const;
      return recall(bytes, keyOf(own), () => leastLayer(own));
    },
  };
}
