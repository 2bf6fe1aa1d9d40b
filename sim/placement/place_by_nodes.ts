/**
 * Placement in two steps: groups of experts to nodes, as many to each, and within a node to its ranks.
 *
 * A router that confines a token to a few groups then reaches as few nodes (DeepSeek-V3, arXiv
 * 2412.19437, section 2.1.2); a placement that scatters groups loses that. Replicas stay on the node of
 * their expert, as in the hierarchical policy of github.com/deepseek-ai/EPLB.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { placeExperts } from "./place_experts.ts";
import { replicateExperts } from "./replicate_experts.ts";
import type { ExpertSlots } from "./slots.ts";

/** How experts are placed on nodes. */
export interface NodeOptions {
  /** Ranks. */
  ranks: number;
  /** Neighbouring ranks of a node. */
  perNode: number;
  /** Equal groups of neighbouring experts that stay together; every expert is one unless given. */
  groups?: number;
  /** Slots beyond one for each expert, over all ranks; none unless given. */
  redundant?: number;
}

/**
 * Places experts by node and then by rank.
 *
 * @throws {UserError} where ranks do not divide into nodes, groups among nodes, or experts among
 * groups and ranks.
 *
 * @example Groups of two stay on a node of two ranks each
 * ```ts
 * import { placeByNodes } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const load_E = [5, 1, 4, 3];
 * const slots = placeByNodes(load_E, { ranks: 4, perNode: 2, groups: 2 });
 * assertEquals(slots.slice(0, 2).flat().sort(), [2, 3]);
 * ```
 */
export function placeByNodes(load_E: readonly number[], options: NodeOptions): number[][] {
  const { ranks, perNode, groups = load_E.length, redundant = 0 } = options;
  const nodes = ranks / perNode;
  const size = load_E.length / groups;
  if (![nodes, size, groups / nodes, redundant / ranks].every(Number.isSafeInteger)) {
    throw new UserError(
      `Cannot place ${groups} groups of ${load_E.length} experts on nodes of ${perNode} of ${ranks} ` +
        `ranks with ${redundant} redundant experts: wanted whole nodes, groups and slots on each`,
    );
  }
  const load_G = Array.from(
    { length: groups },
    (_, group) =>
      load_E.slice(group * size, (group + 1) * size).reduce((sum, load) => sum + load, 0),
  );
  return placeExperts(load_G, { ranks: nodes }).flatMap((own) => {
    const expert_I = own.toSorted((a, b) => a - b).flatMap((group) =>
      Array.from({ length: size }, (_, i) => group * size + i)
    );
    const load_I = expert_I.map((expert) => load_E[expert]);
    const within = replicateExperts(load_I, { ranks: perNode, redundant: redundant / nodes });
    return within.map((slots) => slots.map((i) => expert_I[i]));
  });
}

/**
 * Whether every group of neighbouring experts lies on as few nodes as it can: on one, or where there
 * are fewer groups than nodes, on its share of them.
 */
export function keepsGroups(
  slots_RS: ExpertSlots,
  options: { experts: number; groups: number; perNode: number },
): boolean {
  const { experts, groups, perNode } = options;
  const size = experts / groups;
  const nodes = Math.ceil(slots_RS.length / perNode);
  const nodes_G = Array.from({ length: groups }, () => new Set<number>());
  slots_RS.forEach((own, rank) => {
    for (const expert of own) nodes_G[Math.floor(expert / size)].add(Math.floor(rank / perNode));
  });
  return nodes_G.every((of) => of.size <= Math.max(1, Math.ceil(nodes / groups)));
}
