/**
 * Searches among the plans that a launcher can run.
 *
 * @module
 */
import type { Model } from "../../core/spec/model.ts";
import { UserError } from "../../kernels/base/errors.ts";
import type { PlanInput } from "../plan/plan_input.ts";
import type { ChoiceLists } from "../search/choice_lists.ts";
import { choicesOf } from "../search/choices.ts";
import { type SearchProblem, searchSite } from "../search/problem.ts";
import { launcherOf } from "./launchers.ts";
import { type Lists, nonEmpty } from "./narrowed.ts";
import type { Launcher, LauncherName } from "./types.ts";

/** What a search is for. */
export interface LaunchSearch {
  /** Launcher. */
  launcher: LauncherName;
  /** The model, as the launcher is told it. */
  model: Model;
}

/**
 * A held part of a plan with what a launcher does where nobody tells it otherwise: formats of
 * gradients. Megatron-LM keeps and reduces them in FP32 beside BF16 weights, and so does torchtitan;
 * DeepSpeed reduces them in the format of the weights. What is held already stays.
 *
 * @example
 * ```ts
 * import { holdDefaults } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(holdDefaults({ tp: 2 }, "megatron-lm"), { tp: 2, formats: { gradients: "fp32" } });
 * const narrow = { formats: { gradients: "bf16" } } as const;
 * assertEquals(holdDefaults(narrow, "megatron-lm"), narrow);
 * ```
 */
export function holdDefaults(fix: PlanInput, launcher: LauncherName): PlanInput {
  const { formats } = launcherOf(launcher);
  // What is kept is what is reduced.
  const gradients = formats.gradients && (fix.formats?.mainGradients ?? formats.gradients);
  return { ...fix, formats: { ...(gradients && { gradients }), ...fix.formats } };
}

/**
 * The searches whose plans a launcher can run, as problems that share no plan; the best of all are the
 * best that it can run. What is left to refuse are rules between fields that lists cannot say.
 *
 * What the launcher does anyway is held: formats of gradients.
 *
 * @throws {UserError} where what is held leaves it no plan.
 *
 * @example
 * ```ts
 * import { modelPreset } from "@moelab/moelab/core";
 * import { launchSearches, type SearchProblem, sizesOf } from "@moelab/moelab/sim";
 * import { assert, assertEquals, assertThrows } from "@std/assert";
 *
 * const model = modelPreset("mixtral-8x7b");
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const problem: SearchProblem = {
 *   ...{ sizes: sizesOf(model), cluster: "h100:64", workload, globalBatch: 256 },
 * };
 * const searches = launchSearches(problem, { launcher: "megatron-lm", model });
 * assert(searches.every(({ choices }) => choices?.schedule?.length === 1));
 * assertEquals(searches[0].fix?.formats?.gradients, "fp32");
 * const held = { ...problem, fix: { schedule: "zb-v" } } as const;
 * assertThrows(
 *   () => launchSearches(held, { launcher: "megatron-lm", model }),
 *   TypeError,
 *   "Megatron-LM has no schedule zb-v",
 * );
 * ```
 */
export function launchSearches(problem: SearchProblem, of: LaunchSearch): SearchProblem[] {
  const { parts, fix } = partsOf(problem, of);
  return parts.map((part) => ({ ...problem, fix, choices: { ...problem.choices, ...part } }));
}

function partsOf(problem: SearchProblem, of: LaunchSearch) {
  const launcher = launcherOf(of.launcher);
  const fix = holdDefaults(problem.fix ?? {}, of.launcher);
  const lists = choicesOf(searchSite({ ...problem, fix }));
  const all = launcher.searches({ lists, model: of.model });
  const parts = nonEmpty(all);
  if (parts.length > 0) return { lists, parts, fix };
  throw new UserError(`Cannot search plans for ${launcher.name}: ${wanting(launcher, lists, all)}`);
}

/** The first field that no product leaves a value, said with what is held of it. */
function wanting({ name }: Launcher, lists: ChoiceLists, parts: readonly Lists[]): string {
  const fields = Object.keys(lists) as (keyof ChoiceLists)[];
  const field = fields.find((key) => parts.every((part) => part[key]?.length === 0));
  if (field === undefined) return `${name} has no plan of what is held`;
  return `${name} has no ${field} ${[...new Set(lists[field].map(String))].join(" or ")}`;
}

/**
 * All values that a launcher can be told, in lists for one search; `launchSearches` keeps apart what
 * does not go together.
 *
 * @throws {UserError} where what is held leaves it no plan.
 */
export function choicesFor(
  problem: SearchProblem,
  of: LaunchSearch,
): Partial<ChoiceLists> {
  const { lists, parts } = partsOf(problem, of);
  const fields = Object.keys(lists) as (keyof ChoiceLists)[];
  return Object.fromEntries(fields.map((field) => {
    const values: readonly unknown[] = lists[field];
    const said = (value: unknown) =>
      parts.some((part) =>
        (part[field] as readonly unknown[] | undefined)?.includes(value) ?? true
      );
    return [field, values.filter(said)];
  }));
}
