/** Published measurements: the rows, and what they are to the simulator. @module */
export * from "./case.ts";
export * from "./case_groups.ts";
export { caseFlopsPerToken, flopConventionOf } from "./case_flops.ts";
export { casePlan } from "./case_plan.ts";
export { caseSchema } from "./case_schema.ts";
export { caseSizes } from "./case_sizes.ts";
export { releaseOf, stackOf } from "./case_stack.ts";
export * from "./describe_case.ts";
export type { CommRow, Unsupported } from "./comm/comm_row.ts";
export { elementBytes, type Way } from "./comm/price_comm.ts";
export * from "./comm/fit_comm.ts";
export type { CommValue } from "./comm/fit_site.ts";
export type { FreeParameter, Site } from "./comm/sites.ts";
export * from "./comm/predict_comm.ts";
export * from "./devices/write_profiles.ts";
export * from "./fit/baseline.ts";
export * from "./fit/families.ts";
export * from "./fit/fit_families.ts";
export * from "./fit/leave_out.ts";
export * from "./fit/step_rows.ts";
export * from "./fit/summary.ts";
export * from "./fit/write_stacks.ts";
export * from "./memory/mod.ts";
export * from "./flop_conventions.ts";
export * from "./load_cases.ts";
export { modelFamilies, type ModelFamily } from "./model_families.ts";
export { modelFamily } from "./model_family.ts";
export * from "./result_keys.ts";
export type { SourceRules } from "./source.ts";
export { sourceRules } from "./source_rules.ts";
export { layoutLayers, stageLayers } from "./stage_layers.ts";
export { type MeasuredStep, measuredStep } from "./step_seconds.ts";
export type { Schema } from "../../kernels/base/config.ts";
export type { AttentionSizes, MoeSizes, Sizes } from "../../sim/cost/sizes.ts";
export type { RoutingLaw, Workload } from "../../sim/cost/workload.ts";
export type {
  Dispatcher,
  Overlap,
  Plan,
  Precision,
  RecomputeModule,
  ScheduleName,
} from "../../sim/plan/plan.ts";
export type { Graphs } from "../../sim/stack/stack.ts";
