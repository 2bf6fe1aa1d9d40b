/**
 * What layers of a kind hold: by dispatcher, and for every set of modules that is computed again.
 *
 * @module
 */
import { evenLoad } from "../memory/expert_load.ts";
import { type HeadMemory, headMemory } from "../memory/head_memory.ts";
import { type KindMemory, kindMemory } from "../memory/kind_memory.ts";
import { isKept, visitTensors } from "../memory/layer_tensors.ts";
import { type MemorySite, memorySite, wideBytes } from "../memory/site.ts";
import { layerWorking } from "../memory/working.ts";
import type { Plan, RecomputeModule } from "../plan/plan.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import { modelLayers } from "./model_layers.ts";
import type { SearchSite } from "./problem.ts";
import { layerKinds } from "./stage_shapes.ts";
import { setsByWay } from "./ways.ts";

/** Kinds of layers whose activations wait. */
export type MemoryKind = "dense" | "moe" | "mtp";

/** All of them; lists by kind are in this order. */
export const memoryKinds: readonly MemoryKind[] = ["dense", "moe", "mtp"];

/** Bytes of one sequence that layers of a kind keep or compute again, by set of modules or by way. */
export interface KeptBytes {
  /** Kept for the backward pass. */
  kept: ArrayLike<number>;
  /** Computed again. */
  recomputed: ArrayLike<number>;
}

/**
 * All layers of a plan, with any dispatcher and whatever it computes again; activations of a micro-batch
 * of one sequence, to which all others are in proportion.
 */
export interface LayersMemory {
  /** Where they are. */
  site: MemorySite;
  /** What no set changes, with the first dispatcher. */
  plain: Readonly<Record<MemoryKind, KindMemory>>;
  /** Beside all that at the worst moment, by kind and dispatcher; the least of them comes last. */
  working: readonly (readonly number[])[];
  /** The least of all sets of a way, by kind. */
  byWay: readonly KeptBytes[];
  /** By kind and set; worked out when it is asked for. */
  bySet: () => readonly KeptBytes[];
  /** Output layer. */
  head: HeadMemory;
  /** Gradient of the input table, bytes. */
  tableBytes: number;
}

/** Tensors that all sets treat alike. */
interface TensorGroup {
  tensor: { name: string; first: boolean; spared?: RecomputeModule; sparedToo?: RecomputeModule };
  bytes: number;
  flags: KeptFlags;
}

/** Whether tensors of a group are kept; the same for all plans. */
interface KeptFlags {
  /** By set. */
  bySet: Uint8Array;
  /** Whether all sets of a way keep them, and whether all compute them again. */
  kept: Uint8Array;
  recomputed: Uint8Array;
}

const nothing: KindMemory = {
  ...{ parameters: 0, expertParameters: 0 },
  ...{ keptBytes: 0, recomputedBytes: 0, workingBytes: 0 },
};

/** Works out the memory of layers of plans. */
export function memoryTable(
  site: SearchSite,
  lists: Pick<ChoiceLists, "recompute" | "dispatcher">,
): (plan: Plan) => LayersMemory {
  const { recompute: sets, dispatcher: dispatchers } = lists;
  const layers = modelLayers(site);
  const tried = setsByWay(sets, site.sizes);
  const known = memoryKinds.map(() => new Map<string, KeptFlags>());
  const isThere = (kind: MemoryKind) => layers[layerKinds.indexOf(kind)] > 0;

  function flagsOf(tensor: TensorGroup["tensor"], at: MemorySite): KeptFlags {
    const bySet = Uint8Array.from(
      sets,
      (recompute) => isKept({ ...at, plan: { ...at.plan, recompute } }, tensor) ? 1 : 0,
    );
    const all = (flag: number) =>
      Uint8Array.from(
        tried,
        (way) => way.length > 0 && way.every((s) => bySet[s] === flag) ? 1 : 0,
      );
    return { bySet, kept: all(1), recomputed: all(0) };
  }

  /** Tensors of a layer in groups, and how many bytes are no norms or attention. */
  function groupsOf(kind: MemoryKind, at: MemorySite): { groups: TensorGroup[]; freed: number } {
    const flags = known[memoryKinds.indexOf(kind)];
    // Frameworks that keep by operator look at names, others at modules alone.
    const byName = at.habits.selective === "operators";
    const groups = new Map<string, TensorGroup>();
    let freed = 0;
    visitTensors(kind, at, evenLoad.mean, (part, name, bytes, spared, sparedToo) => {
      if (part !== "norm" && part !== "attention") freed += bytes;
      const first = groups.size === 0;
      const key = first ? "first" : `${byName ? name : ""}/${spared}/${sparedToo}`;
      const group = groups.get(key);
      if (group) {
        group.bytes += bytes;
        return;
      }
      const tensor = { name, first, spared, sparedToo };
      let own = flags.get(key);
      if (own === undefined) flags.set(key, own = flagsOf(tensor, at));
      groups.set(key, { tensor, bytes, flags: own });
    });
    return { groups: [...groups.values()], freed };
  }

  function sumsBySet(groups: readonly TensorGroup[]): KeptBytes {
    const kept = new Float64Array(sets.length);
    const recomputed = new Float64Array(sets.length);
    for (const { bytes, flags: { bySet } } of groups) {
      for (let s = 0; s < sets.length; s++) {
        if (bySet[s] === 1) kept[s] += bytes;
        else recomputed[s] += bytes;
      }
    }
    return { kept, recomputed };
  }

  function sumsByWay(groups: readonly TensorGroup[]): KeptBytes {
    const sums = (which: "kept" | "recomputed") =>
      tried.map((_, way) =>
        groups.reduce((sum, { bytes, flags }) => sum + bytes * flags[which][way], 0)
      );
    return { kept: sums("kept"), recomputed: sums("recomputed") };
  }

  function workingOf(kind: MemoryKind, at: MemorySite, freed: number): number[] {
    const working = dispatchers.map((dispatcher) =>
      layerWorking(kind, { ...at, plan: { ...at.plan, dispatcher } }, {
        ...{ load: evenLoad.largest, freed },
      })
    );
    return [...working, Math.min(...working)];
  }

  return (plan) => {
    const at = memorySite(site.sizes, { ...plan, microBatch: 1 }, site.workload, site.habits);
    const tensors = memoryKinds.map((kind) =>
      isThere(kind) ? groupsOf(kind, at) : { groups: [], freed: 0 }
    );
    const plain = (kind: MemoryKind) => isThere(kind) ? kindMemory(kind, at, evenLoad) : nothing;
    let bySet: readonly KeptBytes[] | undefined;
    return {
      site: at,
      plain: { dense: plain("dense"), moe: plain("moe"), mtp: plain("mtp") },
      working: memoryKinds.map((kind, k) =>
        isThere(kind)
          ? workingOf(kind, at, tensors[k].freed)
          : [...dispatchers, "least"].map(() => 0)
      ),
      byWay: tensors.map(({ groups }) => sumsByWay(groups)),
      bySet: () => bySet ??= tensors.map(({ groups }) => sumsBySet(groups)),
      head: headMemory(at),
      tableBytes: site.sizes.vocab * site.sizes.dModel * wideBytes / plan.tp,
    };
  };
}
