/** moelab, the workbench for mixture-of-experts models. @module */
export * from "./kernels/mod.ts";
export * from "./core/mod.ts";
export * from "./sim/mod.ts";
export * from "./reports/mod.ts";
export * from "./experiments/mod.ts";
