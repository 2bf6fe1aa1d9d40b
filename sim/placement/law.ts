/**
 * Where the experts of each layer lie, as a step is told.
 *
 * @module
 */
import type { PlacementMethod } from "./place_experts.ts";
import type { ExpertSlots } from "./slots.ts";

/** A placement worked out for whatever expert ranks a plan has. */
export interface PlacementByMethod {
  /** Devices of a node, which hierarchical placement keeps to; all are one node unless given. */
  nodeDevices?: number;
  /** By a method. */
  kind: "method";
  /** Which. */
  method: PlacementMethod;
  /** Shares that experts are placed by, by layer; those of the routing unless given. */
  share_LE?: readonly (readonly number[])[];
  /** Seed of a placement at random. */
  seed?: number;
}

/** A placement as it stands. */
export interface PlacementBySlots {
  /** Devices of a node, which groups of experts are kept together on or not; as above. */
  nodeDevices?: number;
  /** Slot by slot. */
  kind: "slots";
  /** Experts of every slot, by layer and expert rank; fewer layers than the model's repeat. */
  slots_LRS: readonly ExpertSlots[];
}

/** Where experts lie: contiguous blocks in their order, unless a workload says so otherwise. */
export type PlacementLaw = PlacementByMethod | PlacementBySlots;
