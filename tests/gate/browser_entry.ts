/**
 * What has to run in a page; the gate bundles it for browsers.
 *
 * @module
 */
export * as base from "../../kernels/base/mod.ts";
export * as spec from "../../core/spec/mod.ts";
export * as sim from "../../sim/mod.ts";
