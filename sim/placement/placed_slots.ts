/**
 * The slots of a layer under a placement, for the expert ranks of a plan.
 *
 * @module
 */
import type { MoeSizes } from "../cost/sizes.ts";
import type { RoutingLaw, Workload } from "../cost/workload.ts";
import type { Plan } from "../plan/plan.ts";
import { membersPerDomain, planGroup } from "../plan/plan_groups.ts";
import type { PlacementByMethod, PlacementLaw } from "./law.ts";
import { keepsGroups, placeByNodes } from "./place_by_nodes.ts";
import { placeExperts } from "./place_experts.ts";
import { replicateExperts } from "./replicate_experts.ts";
import { checkSlots, type ExpertSlots } from "./slots.ts";

/** What a placement is of. */
export interface PlacedSite {
  /** Experts. */
  moe: MoeSizes;
  /** Degrees. */
  plan: Plan;
  /** Who goes where, and the placement. */
  workload: Pick<Workload, "routing" | "placement">;
}

/** A layer's slots. */
export interface PlacedLayer {
  /** Experts of each expert rank. */
  slots_RS: ExpertSlots;
  /** Whether groups of experts that routing confines tokens to are torn apart between nodes. */
  scattered: boolean;
}

/** Neighbouring expert ranks of a node. */
export function ranksPerNode(plan: Plan, { nodeDevices }: PlacementLaw): number {
  const group = planGroup("expert", plan);
  return nodeDevices === undefined ? group.size : membersPerDomain(group, nodeDevices);
}

function byMethod(
  law: PlacementByMethod,
  share_E: readonly number[],
  { moe, plan }: PlacedSite,
): number[][] {
  const { method, seed } = law;
  const { redundant = 0, domainLimit } = moe;
  const ranks = plan.ep;
  if (method === "hierarchical") {
    const perNode = ranksPerNode(plan, law);
    const groups = domainLimit?.groups ?? moe.experts;
    // Groups that lie on several nodes, and nodes that are not whole, leave nothing to keep to.
    const whole = ranks % perNode === 0 && groups % (ranks / perNode) === 0;
    if (whole) return placeByNodes(share_E, { ranks, perNode, groups, redundant });
  }
  if (redundant > 0) return replicateExperts(share_E, { ranks, redundant });
  return placeExperts(share_E, {
    ...{ ranks, seed },
    method: method === "hierarchical" ? "swaps" : method,
  });
}

/** Contiguous blocks lie where everybody expects them. */
function layerByMethod(
  law: PlacementByMethod,
  by_E: readonly number[],
  site: PlacedSite,
  layer: number,
): number[][] {
  const slots_RS = byMethod(law, by_E, site);
  const fixed = law.method === "contiguous" || law.method === "random";
  return fixed ? slots_RS : turned(slots_RS, ranksPerNode(site.plan, law), layer);
}

const known = new WeakMap<PlacementLaw, WeakMap<readonly number[], Map<string, PlacedLayer>>>();

/**
 * The same placement with its ranks numbered otherwise, another way in every layer: a method gives the
 * hottest expert to its first rank, and memory adds up what a rank gets in all of its layers. Nodes
 * stay together.
 */
function turned(slots_RS: readonly number[][], perNode: number, layer: number): number[][] {
  const ranks = slots_RS.length;
  const size = ranks % perNode === 0 ? perNode : ranks;
  const nodes = ranks / size;
  const nodeTurn = Math.floor(layer / size) % nodes;
  return Array.from({ length: ranks }, (_, rank) => {
    const node = (Math.floor(rank / size) + nodeTurn) % nodes;
    return slots_RS[node * size + (rank % size + layer) % size];
  });
}

/** What a placement depends on beside its law and the shares. */
function keyOf({ moe, plan: { ep, etp } }: PlacedSite, layer: number): string {
  const { redundant = 0, domainLimit } = moe;
  return [ep, etp, redundant, domainLimit?.groups ?? 0, layer].join();
}

function place(
  law: PlacementLaw,
  by_E: readonly number[],
  site: PlacedSite,
  layer: number,
): PlacedLayer {
  const { moe, plan } = site;
  const { experts, redundant = 0, domainLimit } = moe;
  const slots_RS = law.kind === "slots"
    ? law.slots_LRS[layer % law.slots_LRS.length]
    : layerByMethod(law, by_E, site, layer);
  const ranks = plan.ep;
  checkSlots(slots_RS, { experts, ranks, slots: (experts + redundant) / ranks });
  const groups = domainLimit?.groups;
  const kept = groups === undefined || (law.kind === "method" && law.method === "contiguous") ||
    keepsGroups(slots_RS, { experts, groups, perNode: ranksPerNode(plan, law) });
  return { slots_RS, scattered: !kept };
}

function sharesBy(law: PlacementLaw, routing: RoutingLaw, layer: number) {
  const given = law.kind === "method" ? law.share_LE : undefined;
  const share_LE = given ?? (routing.kind === "trace" ? routing.share_LE : undefined);
  return share_LE?.[layer % share_LE.length];
}

/**
 * The slots of layer `layer` of those with experts; undefined where they lie in contiguous blocks
 * because nobody said otherwise.
 *
 * @param site Experts, plan and workload.
 * @param options `share_E`: shares of the routing, where it is no trace.
 * @throws {UserError} for slots that do not fit the model or the plan.
 */
export function placedSlots(
  site: PlacedSite,
  options: { layer: number; share_E: readonly number[] },
): PlacedLayer | undefined {
  const { layer, share_E } = options;
  const { routing, placement: law } = site.workload;
  if (law === undefined) return undefined;
  // A search asks for the same layers again and again.
  const by_E = sharesBy(law, routing, layer) ?? share_E;
  let ofLaw = known.get(law);
  if (!ofLaw) known.set(law, ofLaw = new WeakMap());
  let ofShares = ofLaw.get(by_E);
  if (!ofShares) ofLaw.set(by_E, ofShares = new Map());
  const key = keyOf(site, law.kind === "slots" ? layer % law.slots_LRS.length : layer);
  let placed = ofShares.get(key);
  if (!placed) ofShares.set(key, placed = place(law, by_E, site, layer));
  return placed;
}
