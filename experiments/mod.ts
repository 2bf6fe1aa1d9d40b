/** Questions, each one a file, and the command line. @module */
export * from "./bench/bench.ts";
export * from "./bench/compare.ts";
export * from "./bench/kernels.ts";
export * from "./bench/plan.ts";
export * from "./bench/race.ts";
export * from "./bench/registry.ts";
export * from "./bench/sample.ts";
export * from "./bench/sim.ts";
export * from "./define.ts";
export * from "./git.ts";
export * from "./hash.ts";
export * from "./parameters.ts";
export * from "./provenance.ts";
export * from "./registry.ts";
export * from "./run.ts";
export * from "./store.ts";
export * from "./table.ts";
