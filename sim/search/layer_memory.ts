/**
 * What layers of a kind hold, for every set of modules that is computed again at once.
 *
 * @module
 */
import { evenLoad } from "../memory/expert_load.ts";
import { type HeadMemory, headMemory } from "../memory/head_memory.ts";
import { kindMemory } from "../memory/kind_memory.ts";
import type { KindMemory } from "../memory/kind_memory.ts";
import { isKept, visitTensors } from "../memory/layer_tensors.ts";
import { type MemorySite, memorySite, wideBytes } from "../memory/site.ts";
import type { Plan, RecomputeModule } from "../plan/plan.ts";
import { modelLayers } from "./model_layers.ts";
import type { SearchSite } from "./problem.ts";
import { layerKinds } from "./stage_shapes.ts";
import { leastByWay, ways } from "./ways.ts";

/** Kinds of layers whose activations wait. */
export type MemoryKind = "dense" | "moe" | "mtp";

/** All of them. */
export const memoryKinds: readonly MemoryKind[] = ["dense", "moe", "mtp"];

/** Layers of a kind; bytes of one micro-batch by set of modules. */
export interface SetMemory {
  /** What no set changes. */
  plain: KindMemory;
  /** Kept for the backward pass; behind all sets stands the least of them, by way. */
  kept: Float64Array;
  /** Computed again, likewise. */
  recomputed: Float64Array;
}

/** All layers of a plan. */
export interface LayersMemory {
  /** Where they are. */
  site: MemorySite;
  /** By kind. */
  kinds: Readonly<Record<MemoryKind, SetMemory>>;
  /** Output layer. */
  head: HeadMemory;
  /** Gradient of the input table, bytes. */
  tableBytes: number;
  /** Sets of modules. */
  sets: number;
}

/** Tensors that all sets treat alike. */
interface TensorGroup {
  tensor: { name: string; first: boolean; spared?: RecomputeModule; sparedToo?: RecomputeModule };
  bytes: number;
}

/** Whether tensors of a group are kept, by set; the same for all plans. */
type KeptFlags = Map<string, Uint8Array>;

function flagsOf(
  { tensor }: TensorGroup,
  of: { site: MemorySite; sets: readonly Plan["recompute"][] },
): Uint8Array {
  const { site, sets } = of;
  return Uint8Array.from(
    sets,
    (recompute) => isKept({ ...site, plan: { ...site.plan, recompute } }, tensor) ? 1 : 0,
  );
}

function setMemory(
  kind: MemoryKind,
  site: MemorySite,
  of: { sets: readonly Plan["recompute"][]; flags: KeptFlags },
): SetMemory {
  const { sets, flags } = of;
  const plain = kindMemory(kind, site, evenLoad);
  const kept = new Float64Array(sets.length + ways.length);
  const recomputed = new Float64Array(sets.length + ways.length);
  // Frameworks that keep by operator look at names, others at modules alone.
  const byName = site.habits.selective === "operators";
  const groups = new Map<string, TensorGroup>();
  visitTensors(kind, site, evenLoad.mean, (_, name, bytes, spared, sparedToo) => {
    const first = groups.size === 0;
    const key = first ? "first" : `${byName ? name : ""}/${spared}/${sparedToo}`;
    const group = groups.get(key);
    if (group) group.bytes += bytes;
    else groups.set(key, { tensor: { name, first, spared, sparedToo }, bytes });
  });
  for (const [key, group] of groups) {
    let flag = flags.get(key);
    if (flag === undefined) flags.set(key, flag = flagsOf(group, { site, sets }));
    for (let s = 0; s < sets.length; s++) {
      if (flag[s] === 1) kept[s] += group.bytes;
      else recomputed[s] += group.bytes;
    }
  }
  for (const bytes of [kept, recomputed]) {
    leastByWay(sets, site.sizes, (s) => bytes[s]).forEach((least, way) => {
      bytes[sets.length + way] = Number.isFinite(least) ? least : 0;
    });
  }
  return { plain, kept, recomputed };
}

/** The memory of all kinds of layers of a plan, whatever it computes again. */
export type MemoryTable = (plan: Plan) => LayersMemory;

/** Works out the memory of layers for sets of modules. */
export function memoryTable(site: SearchSite, sets: readonly Plan["recompute"][]): MemoryTable {
  const layers = modelLayers(site);
  const flags = Object.fromEntries(memoryKinds.map((kind) => [kind, new Map()])) as Record<
    MemoryKind,
    KeptFlags
  >;
  const nothing: SetMemory = {
    plain: {
      parameters: 0,
      expertParameters: 0,
      keptBytes: 0,
      recomputedBytes: 0,
      workingBytes: 0,
    },
    kept: new Float64Array(sets.length + ways.length),
    recomputed: new Float64Array(sets.length + ways.length),
  };
  return (plan) => {
    const at = memorySite(site.sizes, plan, site.workload, site.habits);
    const of = (kind: MemoryKind) =>
      layers[layerKinds.indexOf(kind)] > 0
        ? setMemory(kind, at, { sets, flags: flags[kind] })
        : nothing;
    return {
      site: at,
      kinds: { dense: of("dense"), moe: of("moe"), mtp: of("mtp") },
      head: headMemory(at),
      tableBytes: site.sizes.vocab * site.sizes.dModel * wideBytes / plan.tp,
      sets: sets.length,
    };
  };
}
