/** What a mixture of experts is: descriptions, gates, layers. @module */
export * from "./spec/mod.ts";
export * from "./gates/top_k.ts";
export * from "./nn/moe_layer.ts";
export * from "./nn/moe_layer_oracle.ts";
