/**
 * Schemes: one model of others, as functions over weights on the host. Survey, arXiv 2407.06204, section
 * 4.4, and BAM, arXiv 2408.08274.
 *
 *     readWeights(device, trainer, { model })      -> { model, weights }    weightsOfCheckpoint: of a file
 *     branchAttendMix([a, b, c], { kv, seed })     -> { model, weights }    or any row of schemeRecipes
 *     writeWeights(device, trainer, made)             into a trainer of made.model
 *
 * @module
 */
export * from "./mean.ts";
export {
  checkAlike,
  checkWeights,
  descriptionDifference,
  type HostWeight,
  type HostWeights,
  newWeights,
  type WeightedModel,
} from "./model_weights.ts";
export * from "./on_device.ts";
export * from "./upcycle.ts";
export * from "./branch_train_merge.ts";
export * from "./branch_train_mix.ts";
export * from "./branch_attend_mix.ts";
export * from "./unit_groups.ts";
export * from "./moefication.ts";
export * from "./residual_experts.ts";
export * from "./spawn.ts";
export * from "./svd.ts";
export { gatherExperts, type Gathering } from "./gather.ts";
export * from "./prune.ts";
export * from "./share_experts.ts";
export * from "./slim.ts";
export * from "./distil.ts";
export * from "./fuse.ts";
export * from "./frugal.ts";
export * from "./host_fuser.ts";
export * from "./neighbours.ts";
export { type Network, networkAt } from "./networks.ts";
export * from "./recipe.ts";
export * from "./sources.ts";
export * from "./table.ts";
export { togetherRecipes } from "./table_several.ts";
