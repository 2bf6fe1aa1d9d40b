/** What a mixture-of-experts model is: descriptions, counts and lowering. Pure. @module */
export * from "./activation.ts";
export * from "./data/tables.ts";
export * from "./data/works.ts";
export * from "./describe.ts";
export * from "./flops.ts";
export {
  huggingFaceArchitectures,
  isHuggingFaceConfig,
  modelFromHuggingFace,
} from "./hugging_face/import.ts";
export * from "./layers.ts";
export * from "./lower.ts";
export * from "./lower_model.ts";
export * from "./lower_backward.ts";
export * from "./lower_moe_backward.ts";
export * from "./lower_training.ts";
export * from "./lower_update.ts";
export * from "./model.ts";
export { countConventions, type ModelPart, type ParameterCounts, parameters } from "./params.ts";
export * from "./presets/presets.ts";
export * from "./published.ts";
export * from "./schema.ts";
export * from "./sources.ts";
export * from "./weights.ts";
export type { Schema } from "../../kernels/base/config.ts";
export type {
  ActivationDims,
  AnyOp,
  AttentionCoreDims,
  DType,
  EmbeddingDims,
  GroupedDims,
  MatrixDims,
  Op,
  OpDims,
  OpKind,
  Planes,
  RoutingDims,
} from "../../kernels/base/op.ts";
