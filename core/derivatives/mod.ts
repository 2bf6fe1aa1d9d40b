/** Derivatives of a mixture of experts: WideNet, SUT, MoT, SMoP, Lifelong-MoE, MoD. @module */
export * from "./recipe.ts";
export * from "./plain_gate.ts";
export * from "./attention_experts.ts";
export * from "./halting.ts";
export * from "./shared_depth.ts";
export * from "./universal.ts";
export * from "./depths.ts";
export * from "./lifelong.ts";
export * from "./prompts.ts";
export * from "./table.ts";
