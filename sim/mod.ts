/** How fast and how big on a cluster: events, links, plans. @module */
export * from "./cluster/cluster.ts";
export * from "./cluster/presets.ts";
export * from "./cluster/price.ts";
export * from "./cluster/profiles.ts";
export * from "./engine/engine.ts";
export * from "./engine/event_queue.ts";
export * from "./engine/resource.ts";
export * from "./engine/span.ts";
export * from "./engine/tasks.ts";
export * from "./network/all_to_all.ts";
export * from "./network/link.ts";
export * from "./step/expert_parallel.ts";
export * from "./step/layer.ts";
export * from "./step/memory.ts";
export * from "./step/routing.ts";
export * from "./step/shares.ts";
export * from "./step/skew.ts";
