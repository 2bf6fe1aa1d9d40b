/** Why a plan, and what would change it. @module */
export {
  type BarredDegree,
  barredDegrees,
  type DegreeName,
  degreeNames,
} from "./barred_degrees.ts";
export {
  type BytePart,
  comparePlans,
  type PartDifference,
  type PlanComparison,
} from "./compare_plans.ts";
export type { ExchangeShare } from "./exchange_shares.ts";
export {
  bindingShare,
  explainPlan,
  type Limit,
  type MemoryRoom,
  memoryRoom,
  type PartShare,
  type PlanExplanation,
} from "./explain_plan.ts";
export type { FieldEffect } from "./field_effects.ts";
export type { KeptPlans } from "./kept_plans.ts";
export {
  changedMachine,
  type MachineInput,
  machineInputKinds,
  machineInputs,
} from "./machine_changes.ts";
export { fastestWithin, type MemoryStep, memorySteps } from "./memory_steps.ts";
export { nearestFit, type NearPlan } from "./nearest_fit.ts";
export { nearestRival, rivalInputs, type RivalOptions } from "./nearest_rival.ts";
export type { InputRivals, RivalPlan } from "./rivals.ts";
export {
  type Neighbour,
  neighboursOf,
  type PricedNeighbour,
  pricedNeighbours,
} from "./neighbours.ts";
export { changeWords, type WordDifference, wordDifferences } from "./plan_differences.ts";
export { type PlanFault, planFaults } from "./plan_faults.ts";
export type { ChangedField } from "./settled_plan.ts";
export {
  type ShadowMethod,
  type ShadowOptions,
  type ShadowPrice,
  shadowPrices,
} from "./shadow_prices.ts";
export {
  betterFactor,
  changedProblem,
  changedSite,
  type SiteChange,
  type SiteInput,
  siteInputs,
} from "./site_changes.ts";
export { type SkewOptions, type SkewRival, skewRival, type SkewRow } from "./skew_rival.ts";
export { type HiddenParts, type PartedStep, type StepParts, stepParts } from "./step_parts.ts";
export { type MemoryFault, memoryFaults, type PlanVerdict, whyNot } from "./why_not.ts";
export { bytePartNames, wordComparison, wordVerdict } from "./words/comparison.ts";
export { wordRivals, wordShadowPrices, wordSkew } from "./words/changes.ts";
export { wordExplanation } from "./words/explanation.ts";
export {
  exchangeNames,
  factorWords,
  type FigureFormat,
  type FigureUnit,
  siteInputNames,
  stepPartNames,
  type WordOptions,
} from "./words/figures.ts";
