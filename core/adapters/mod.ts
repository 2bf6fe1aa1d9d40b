/**
 * Mixtures of parameter-efficient experts over one frozen base. Read `specs.ts` first, then
 * `forward.ts`, `kinds.ts`, `listen.ts` and `program.ts`; the published works are in `recipes/`.
 *
 * @module
 */
export * from "./specs.ts";
export { type BaseSizes, baseSizes, baseTensors, baseValues } from "./base.ts";
export * from "./forward.ts";
export {
  adapterCompute,
  adapterParameters,
  type AdapterRun,
  type AdapterSizes,
  applyAdapters,
  type SiteAdapter,
} from "./kinds.ts";
export { type ChosenAdapters } from "./routing.ts";
export { contrastLoss } from "./contrast.ts";
export type { PlacedGate } from "./placed_gate.ts";
export { type AdaptedModel, type AdapterPlace, adapterPlaces } from "./places.ts";
export { type AdapterStage } from "./listen.ts";
export * from "./program.ts";
export * from "./recipes.ts";
export * from "./sizes.ts";
export { mergeAdapters } from "./merge.ts";
export * from "./clusters.ts";
export * from "./grouped.ts";
