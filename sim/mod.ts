/** How fast and how big on a cluster: events, links, plans. @module */
export * from "./engine/span.ts";
