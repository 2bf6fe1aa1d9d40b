/**
 * What all stages of a plan share: layers by kind, the output layer, bytes of a parameter.
 *
 * @module
 */
import { type HeadMemory, headMemory } from "./head_memory.ts";
import { evenLoad, type ExpertLoad } from "./expert_load.ts";
import { type KindMemory, kindMemory } from "./kind_memory.ts";
import type { MemorySite } from "./site.ts";
import { type ParameterBytes, parameterBytes, shardRanks } from "./states.ts";

/** Kinds of transformer layers. */
export type Kinds = Record<"dense" | "moe" | "mtp", KindMemory>;

/** What stages share; see the module. */
export interface PlanMemory {
  /** The model under the plan. */
  site: MemorySite;
  /** One layer of each kind. */
  kinds: Kinds;
  /** The output layer and the loss. */
  head: HeadMemory;
  /** Bytes of a parameter by group. */
  bytes: { matrices: ParameterBytes; tables: ParameterBytes; experts: ParameterBytes };
  /** Ranks that share dense and expert parameters. */
  ranks: { dense: number; experts: number };
}

/** Layers of every kind; `load` is that of the experts. */
export function kindsOf(site: MemorySite, load: ExpertLoad): Kinds {
  return {
    dense: kindMemory("dense", site, evenLoad),
    moe: kindMemory("moe", site, load),
    mtp: kindMemory("mtp", site, load),
  };
}

/** Collects what stages share. */
export function planMemory(site: MemorySite): PlanMemory {
  const { plan, habits } = site;
  const ranks = shardRanks(plan);
  const bytes = (count: number, matrix: boolean) =>
    parameterBytes(plan, habits, { ranks: count, matrix });
  return {
    site,
    ranks,
    kinds: kindsOf(site, evenLoad),
    head: headMemory(site),
    bytes: {
      matrices: bytes(ranks.dense, true),
      tables: bytes(ranks.dense, false),
      experts: bytes(ranks.experts, true),
    },
  };
}
