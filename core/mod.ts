/** What a mixture of experts is: descriptions, gates, layers. @module */
export * from "./spec/mod.ts";
export * from "./gates/top_k.ts";
export * from "./nn/moe_layer.ts";
export * from "./nn/moe_layer_oracle.ts";
export * from "./nn/moe_layer_backward.ts";
export * from "./nn/moe_layer_gradient_oracle.ts";
export * from "./nn/tape.ts";
export * from "./nn/layers.ts";
export * from "./nn/experts.ts";
export * from "./nn/slots.ts";
export * from "./nn/merged.ts";
export * from "./nn/gated_experts.ts";
export * from "./nn/gated_experts_oracle.ts";
export * from "./nn/activations.ts";
export * from "./nn/views.ts";
export * from "./nn/feed_forward.ts";
export * from "./nn/pointwise.ts";
export * from "./nn/recompute.ts";
export * from "./nn/model_check.ts";
export * from "./nn/attention_experts.ts";
export * from "./nn/gating.ts";
export * from "./nn/parameters.ts";
export * from "./nn/layer_statistics.ts";
export * from "./nn/block.ts";
export * from "./nn/transformer.ts";
export * from "./nn/see.ts";
export * from "./train/evaluate_step.ts";
export * from "./train/trainer.ts";
export * from "./train/trainer_batch.ts";
export * from "./train/data/corpus.ts";
export * from "./train/data/synthetic.ts";
export * from "./train/data/text_corpus.ts";
export * from "./train/data/corpora.ts";
export * from "./train/files.ts";
export * from "./train/json_keys.ts";
export * from "./train/safetensors_header.ts";
export * from "./train/safetensors.ts";
export * from "./train/checkpoint.ts";
export * from "./train/schedule.ts";
export * from "./train/measures.ts";
export * from "./train/statistics.ts";
export * from "./train/evaluate.ts";
export * from "./train/loop_options.ts";
export * from "./train/steps.ts";
export * from "./train/loop.ts";
export * from "./train/schemes/mod.ts";
export * from "./arrays/arrays.ts";
export * from "./arrays/functions.ts";
export * from "./arrays/hash.ts";
export * from "./arrays/host_matrix.ts";
export * from "./arrays/host_frozen.ts";
export * from "./arrays/host_arrays.ts";
export * from "./arrays/central_differences.ts";
export * from "./arrays/device_constants.ts";
export {
  type DeviceArraysOptions,
  idShapeOf,
  matrixShapeOf,
  shapedIds,
} from "./arrays/device_scope.ts";
export * from "./arrays/device_arrays.ts";
export * from "./gates/gate.ts";
export * from "./gates/cap/specs.ts";
export * from "./gates/cap/capacity.ts";
export * from "./gates/cap/cap.ts";
export * from "./gates/cap/run.ts";
export * from "./losses/specs.ts";
export * from "./losses/run.ts";
export * from "./losses/table.ts";
export * from "./gates/recipe.ts";
export * from "./gates/recipes.ts";
export * from "./gates/pipeline.ts";
export * from "./gates/check.ts";
export { type ExpertRanges, expertRanges } from "./gates/zero_experts.ts";
export { type SpecOf } from "./gates/shorthand.ts";
export * from "./gates/score/specs.ts";
export { type Scorer, type ScoreRun } from "./gates/score/run.ts";
export * from "./gates/score/table.ts";
export * from "./gates/select/specs.ts";
export * from "./gates/select/run.ts";
export * from "./gates/select/table.ts";
export { smoothStep } from "./gates/select/dselect.ts";
export * from "./gates/weigh/specs.ts";
export { type Weigher, weigherOf, weighers, type WeighRun } from "./gates/weigh/weigh.ts";
export * from "./gates/training/consistency.ts";
export * from "./gates/training/grow.ts";
export * from "./gates/training/reinforce.ts";
export * from "./gates/training/stages.ts";
export * from "./gates/training/surrogate.ts";
export * from "./gates/decoding/contrast.ts";
export { mixedPrediction } from "./gates/decoding/mixture.ts";
export * from "./gates/decoding/posterior.ts";
export * from "./gates/decoding/ranked.ts";
export * from "./train/objectives/hooks.ts";
export * from "./train/objectives/table.ts";
export * from "./train/objectives/decoder.ts";
export * from "./train/objectives/decoding.ts";
export * from "./train/objectives/contrast.ts";
export * from "./train/objectives/posterior.ts";
export * from "./gates/select/fixed_tables.ts";
export { tokensAnExpert } from "./gates/select/expert_choice.ts";
export { segmentLength } from "./gates/select/merged.ts";
export * from "./checkpoints/run_settings.ts";
export { type ModelTensor, modelTensors } from "./checkpoints/model_tensors.ts";
export { checkpointArchitectures, settingsFromHuggingFace } from "./checkpoints/settings.ts";
export { type ModelFolder, openModelFolder } from "./checkpoints/folder.ts";
export { type LeftOut } from "./checkpoints/left_out.ts";
export { type FilePart, type TensorLayout } from "./checkpoints/layout.ts";
export { type Located, type Stored, type StoredContext } from "./checkpoints/stored.ts";
export { type FileOpener, type Shard, type ShardReader } from "./checkpoints/shard_reader.ts";
export { readTensor, type TensorSlice, tensorSlices } from "./checkpoints/read.ts";
export {
  type ValuesOf,
  writeModelFolder,
  type WriteModelOptions,
  type WrittenType,
} from "./checkpoints/write.ts";
export { type MemoryFiles, memoryFiles } from "./checkpoints/memory_files.ts";
export { decodeMxfp4, decodeNumbers } from "./checkpoints/number_formats.ts";
export * from "./programs/mod.ts";
export {
  hasHalves,
  type HeldAs,
  heldAs,
  heldValues,
  type InferenceStorage,
  inferenceStorages,
} from "./infer/storage.ts";
export { stretchedFrequencies } from "./infer/angles.ts";
export { type CacheKind, cacheWidths } from "./infer/cache.ts";
export { type InferenceKernels, inferenceKernels } from "./infer/kernels.ts";
export { weightsInMemory, weightsOfFolder, type WeightSource } from "./infer/weight_source.ts";
export { type LayerRoutes, type ReadResult } from "./infer/read_back.ts";
export * from "./infer/options.ts";
export { checkInference } from "./infer/inference_check.ts";
export { createInference } from "./infer/inference.ts";
export { likeliest, sampleToken, type SamplingOptions } from "./infer/sample.ts";
export * from "./infer/generate.ts";
export * from "./experts/specs.ts";
export type { Applied, BesideKind, ExpertRun, RoutedKind } from "./experts/kind.ts";
export * from "./experts/recipe.ts";
export * from "./experts/recipes.ts";
export * from "./experts/table.ts";
export * from "./experts/layer.ts";
export { bestByProductKeys, type ProductKeys } from "./experts/neurons.ts";
export * from "./experts/product_key_gate.ts";
export { neighbourhoods } from "./experts/convolution.ts";
export * from "./experts/decoder.ts";
export * from "./experts/image.ts";
export * from "./experts/image_data.ts";
export * from "./experts/impact.ts";
export * from "./experts/train.ts";
export * from "./experts/placements.ts";
export * from "./experts/counted_arrays.ts";
export * from "./experts/layer_program.ts";
export * from "./adapters/mod.ts";
export * from "./derivatives/mod.ts";
export * from "./applications/mod.ts";
