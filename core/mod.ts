/** What a mixture of experts is: descriptions, gates, layers. @module */
export * from "./spec/mod.ts";
export * from "./gates/top_k.ts";
export * from "./nn/moe_layer.ts";
export * from "./nn/moe_layer_oracle.ts";
export * from "./nn/moe_layer_backward.ts";
export * from "./nn/moe_layer_gradient_oracle.ts";
export * from "./nn/tape.ts";
export * from "./nn/layers.ts";
export * from "./nn/transformer.ts";
export * from "./train/trainer.ts";
