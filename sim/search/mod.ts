/** The best plans of a model on a cluster. @module */
export type { ChoiceLists } from "./choice_lists.ts";
export { type ConfirmedPlan, confirmPlans } from "./confirm_plans.ts";
export type { SearchCounts } from "./counts.ts";
export { type PlanPrice, pricePlan } from "./evaluate.ts";
export type { FoundPlan, IncumbentRules, Incumbents } from "./incumbents.ts";
export {
  type SearchObjective,
  searchObjectives,
  type SearchProblem,
  type SearchSite,
  searchSite,
} from "./problem.ts";
export { runSearch, type SearchProgress, type SearchRun } from "./run_search.ts";
export {
  type SearchOptions,
  searchPlans,
  type SearchResult,
  searchResult,
} from "./search_plans.ts";
export { type SmallestPlan, smallestPlan } from "./smallest_plan.ts";
export { openSearch, type SearchSpace } from "./open_search.ts";
export { beginSearch, mergeStates, type SearchPart, type SearchState } from "./search_state.ts";
