/**
 * Where experts lie, as a user names it: a method, or a file of slots; and how many are redundant.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Cluster } from "../../sim/cluster/cluster.ts";
import type { Sizes } from "../../sim/cost/sizes.ts";
import type { RoutingLaw, Workload } from "../../sim/cost/workload.ts";
import { compileFabric } from "../../sim/network/fabric.ts";
import type { PlacementLaw } from "../../sim/placement/law.ts";
import { placementMethod, placementMethods } from "../../sim/placement/place_experts.ts";
import { checkSlots, type ExpertSlots } from "../../sim/placement/slots.ts";
import { routedShares } from "../../sim/step/tasks/expert_loads.ts";
import { readJsonFile } from "../read_json.ts";
import { isPath } from "../read_model.ts";

/** The words of a placement. */
export interface PlacementWords {
  /** A method, or the path of a JSON file; contiguous blocks unless given. */
  placement?: string;
  /** Slots beyond one for each expert, over all ranks of a layer; none unless given. */
  redundant?: number;
}

/** What `--placement` takes, in a line of help. */
export const placementHelp = `${placementMethods.join(", ")}, or a JSON file of slots`;

/** What a placement is for. */
export interface PlacementSite {
  /** Model. */
  sizes: Sizes;
  /** Devices, whose nodes a hierarchical placement keeps to. */
  cluster: Cluster;
  /** Input, with its routing. */
  workload: Workload;
}

/** A placement, read. */
export interface ReadPlacement {
  /** The model with its redundant experts. */
  sizes: Sizes;
  /** The input with its placement. */
  workload: Workload;
  /** Expert ranks that a file is for: a plan must have as many. */
  ranks?: number;
}

/** A placement as a file holds it. */
export interface PlacementFile {
  /** Experts of every slot, by layer and expert rank; fewer layers than the model's repeat. */
  slots_LRS: readonly ExpertSlots[];
}

/** Slots of a file; every layer of the same ranks and as many slots on each at most. */
function readSlots(value: unknown, source: string, experts: number): ExpertSlots[] {
  const slots_LRS = (value as Partial<PlacementFile> | null)?.slots_LRS;
  const lists = (list: unknown): list is unknown[] => Array.isArray(list) && list.length > 0;
  if (!lists(slots_LRS) || !slots_LRS.every((layer) => lists(layer) && layer.every(lists))) {
    throw new UserError(
      `Cannot read ${source}: wanted slots_LRS, lists of experts by layer and rank such as ` +
        `{ "slots_LRS": [[[0, 3], [1, 2]]] }`,
    );
  }
  const ranks = slots_LRS[0].length;
  for (const slots_RS of slots_LRS as number[][][]) checkSlots(slots_RS, { experts, ranks });
  return slots_LRS as number[][][];
}

/** Slots beyond one for each expert that the fullest rank of a file asks for on all ranks. */
function redundantSlots(slots_LRS: readonly ExpertSlots[], experts: number): number {
  const most = Math.max(...slots_LRS.flatMap((slots_RS) => slots_RS.map(({ length }) => length)));
  return most * slots_LRS[0].length - experts;
}

/**
 * A routing that is drawn, as the trace that it draws, so that time, memory and placement see the same
 * experts hot.
 */
export function drawnRouting(routing: RoutingLaw, { moe, layers, mtpLayers }: Sizes): RoutingLaw {
  if (routing.kind !== "skew" || !moe) return routing;
  return { kind: "trace", share_LE: routedShares(routing, moe, layers + mtpLayers) };
}

/**
 * Reads a placement. A file holds what `experiment placement` writes:
 * `{ "slots_LRS": [[[0, 3], [1, 2]]] }`, experts by layer, rank and slot.
 *
 * @throws {UserError} for an unknown method, for a file that does not fit the model, and for a model
 * without experts.
 */
export async function readPlacement(
  words: PlacementWords,
  site: PlacementSite,
): Promise<ReadPlacement> {
  const { placement, redundant } = words;
  const { sizes, workload, cluster } = site;
  if (placement === undefined && redundant === undefined) return { sizes, workload };
  const { moe } = sizes;
  if (!moe) {
    throw new UserError(`Cannot place experts of ${sizes.name}: found none, wanted a mixture`);
  }
  const nodeDevices = compileFabric(cluster).tiers[0].span;
  const placed = (law: PlacementLaw, more: number): ReadPlacement => ({
    sizes: { ...sizes, moe: { ...moe, ...(more > 0 && { redundant: more }) } },
    workload: { ...workload, routing: drawnRouting(workload.routing, sizes), placement: law },
  });
  if (placement === undefined || !isPath(placement)) {
    const method = placementMethod(placement ?? "swaps");
    const places = method === "swaps" || method === "hierarchical";
    if (redundant && !places) {
      throw new UserError(
        `Cannot replicate ${redundant} experts by ${method}: wanted swaps or hierarchical`,
      );
    }
    return placed({ kind: "method", method, nodeDevices }, redundant ?? 0);
  }
  const slots_LRS = readSlots(await readJsonFile(placement), placement, moe.experts);
  const more = redundantSlots(slots_LRS, moe.experts);
  if (redundant !== undefined && redundant !== more) {
    throw new UserError(
      `Cannot read ${placement} with ${redundant} redundant experts: found ${more} in it`,
    );
  }
  const read = placed({ kind: "slots", slots_LRS, nodeDevices }, more);
  return { ...read, ranks: slots_LRS[0].length };
}

/**
 * Refuses a plan of other expert ranks than a placement's file is for.
 *
 * @throws {UserError} for these.
 */
export function checkPlacedPlan({ ep }: { ep: number }, { ranks }: ReadPlacement): void {
  if (ranks === undefined || ranks === ep) return;
  throw new UserError(
    `Cannot place experts on ep=${ep} by a file of ${ranks} ranks: wanted ep=${ranks}, or a method: ` +
      placementMethods.join(", "),
  );
}
