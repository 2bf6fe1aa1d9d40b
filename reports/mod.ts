/** From `result.json` to one HTML file. @module */
export type { Estimate } from "../kernels/base/estimate.ts";
export type { Span, SpanClass } from "../sim/engine/span.ts";
export * from "./bench_file.ts";
export * from "./bench_page.ts";
export * from "./bench_schema.ts";
export * from "./format.ts";
export { jsonForScript } from "./html.ts";
export * from "./interval_plot.ts";
export * from "./report.ts";
export * from "./result.ts";
export * from "./trace.ts";
export * from "./validate.ts";
export * from "./visuals.ts";
