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
import { type MemorySite, memorySite } from "../memory/site.ts";
import type { Plan, RecomputeModule } from "../plan/plan.ts";
import type { SearchSite } from "./problem.ts";

/** Kinds of layers whose activations wait. */
export type MemoryKind = "dense" | "moe" | "mtp";

/** All of them. */
export const memoryKinds: readonly MemoryKind[] = ["dense", "moe", "mtp"];

/** Layers of a kind; bytes of one micro-batch by set of modules. */
export interface SetMemory {
  /** What no set changes. */
  plain: KindMemory;
  /** Kept for the backward pass. */
  kept: Float64Array;
  /** Computed again. */
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
}

/** Tensors that all sets treat alike. */
interface TensorGroup {
  tensor: { name: string; first: boolean; spared?: RecomputeModule; sparedToo?: RecomputeModule };
  bytes: number;
}

function setMemory(
  kind: MemoryKind,
  site: MemorySite,
  sets: readonly Plan["recompute"][],
): SetMemory {
  const plain = kindMemory(kind, site, evenLoad);
  const kept = new Float64Array(sets.length);
  const recomputed = new Float64Array(sets.length);
  const there = (kind !== "moe" || site.sizes.moe) && (kind !== "mtp" || site.sizes.mtpLayers > 0);
  if (!there) return { plain, kept, recomputed };
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
  for (let s = 0; s < sets.length; s++) {
    const at = { ...site, plan: { ...site.plan, recompute: sets[s] } };
    for (const { tensor, bytes } of groups.values()) {
      if (isKept(at, tensor)) kept[s] += bytes;
      else recomputed[s] += bytes;
    }
  }
  return { plain, kept, recomputed };
}

/** The memory of all kinds of layers of a plan, whatever it computes again. */
export function layersMemory(
  plan: Plan,
  site: SearchSite,
  sets: readonly Plan["recompute"][],
): LayersMemory {
  const at = memorySite(site.sizes, plan, site.workload, site.habits);
  const of = (kind: MemoryKind) => setMemory(kind, at, sets);
  return {
    site: at,
    kinds: { dense: of("dense"), moe: of("moe"), mtp: of("mtp") },
    head: headMemory(at),
  };
}
