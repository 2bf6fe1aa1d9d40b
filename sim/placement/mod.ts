/** Which expert lies on which rank. @module */
export * from "./bound.ts";
export * from "./law.ts";
export { type AffinityOptions, placeByAffinity } from "./place_by_affinity.ts";
export { keepsGroups, type NodeOptions, placeByNodes } from "./place_by_nodes.ts";
export * from "./place_experts.ts";
export * from "./placed_slots.ts";
export * from "./replicate_experts.ts";
export * from "./slots.ts";
export * from "./transitions.ts";
