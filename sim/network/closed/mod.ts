/** Collectives in closed form: symmetric groups, numbers in, seconds out. @module */
export * from "./all_reduce.ts";
export * from "./all_to_all.ts";
export * from "./dispatch.ts";
export * from "./distinct.ts";
export * from "./gather.ts";
export * from "./group.ts";
export * from "./ports.ts";
export * from "./ring.ts";
export * from "./ring_exchange.ts";
export * from "./send.ts";
