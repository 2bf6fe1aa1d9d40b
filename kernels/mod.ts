/** How fast it is here: tensors and operators on WebGPU, their CPU oracle, their timing. @module */
export * from "./base/mod.ts";
