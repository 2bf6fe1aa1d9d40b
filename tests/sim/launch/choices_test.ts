import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { UserError } from "../../../kernels/base/errors.ts";
import { modelPreset } from "../../../core/spec/presets/presets.ts";
import { parseCluster } from "../../../sim/cluster/parse.ts";
import { choicesFor, holdDefaults, launchSearches } from "../../../sim/launch/choices.ts";
import { writeLaunch } from "../../../sim/launch/launch.ts";
import { type LauncherName, launcherNames } from "../../../sim/launch/types.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import type { PlanInput } from "../../../sim/plan/plan_input.ts";
import type { ChoiceLists } from "../../../sim/search/choice_lists.ts";
import { choicesOf } from "../../../sim/search/choices.ts";
import { type SearchProblem, searchSite } from "../../../sim/search/problem.ts";
import { pricePlan } from "../../../sim/search/evaluate.ts";
import { searchPlans } from "../../../sim/search/search_plans.ts";
import { planOf, siteOf, workload } from "./plans.ts";

const models = ["mixtral-8x7b", "deepseek-v3-mtp", "llama-3-8b"].map((id) => modelPreset(id));
const cluster = parseCluster("b200:64");
const globalBatch = 256;

const problemOf = (model: typeof models[number], fix: PlanInput = {}): SearchProblem => ({
  ...{ sizes: siteOf(model, 64).sizes, cluster, workload, globalBatch, fix },
});

/** Values small enough that their product often is a world of 64 devices. */
const small = (values: readonly number[]) => values.filter((value) => value <= 8).slice(0, 4);

/** Plans of lists, whether they hold or not. */
function plansOf(lists: ChoiceLists, fix: PlanInput): fc.Arbitrary<PlanInput> {
  const one = <T>(values: readonly T[]) => fc.constantFrom(...values);
  return fc.record({
    ...{ tp: one(small(lists.tp)), cp: one(small(lists.cp)), pp: one(small(lists.pp)) },
    ...{ vpp: one(small(lists.vpp)), ep: one(small(lists.ep)), etp: one(small(lists.etp)) },
    microBatch: one(small(lists.microBatch)),
    schedule: one(lists.schedule),
    sequenceParallel: one(lists.sequenceParallel),
    contextExchange: one(lists.contextExchange),
    recompute: one(lists.recompute),
    zero: one(lists.zero),
    precision: one(lists.precision),
    dispatcher: one(lists.dispatcher),
    overlap: fc.record({
      ...{ gradients: one(lists.gradients), parameters: one(lists.parameters) },
      ...{ tensor: one(lists.tensor), pipeline: one(lists.pipeline), experts: one(lists.experts) },
    }),
    formats: fc.record({ dispatch: one(lists.dispatch), combine: one(lists.combine) }),
  }).map(({ formats, ...plan }) => ({
    ...plan,
    globalBatch,
    formats: { ...fix.formats, ...formats },
  }));
}

/** Why a launcher refuses a plan, one reason an entry; none where it takes it. */
function refusals(plan: Plan, model: typeof models[number], launcher: LauncherName): string[] {
  try {
    writeLaunch({ plan, model, cluster, workload }, { launcher });
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message.replace(/^.*?: /, "").split("; it ").map((text) =>
      text.replace(/^it /, "")
    );
  }
}

/** The searches of a launcher, none where what is held leaves it no plan. */
function searchesOf(problem: SearchProblem, launcher: LauncherName, model: typeof models[number]) {
  try {
    return launchSearches(problem, { launcher, model });
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

/** Rules between fields that products of lists do not say. */
const between: Readonly<Record<LauncherName, readonly RegExp[]>> = {
  "megatron-lm": [],
  "megatron-bridge": [],
  deepspeed: [],
  torchtitan: [
    /^has no etp \d+ without expert ranks/,
    /^wants etp 1 or \d+/,
    /^wants ep in multiples of \d+ and a divisor of/,
  ],
};

for (const launcher of launcherNames) {
  Deno.test(`plans of the searches for ${launcher} can be told it, but for rules between fields`, () => {
    let told = 0;
    let refused = 0;
    const met = new Set<string>();
    for (const model of models) {
      const site = siteOf(model, 64);
      const held: PlanInput[] = [{}, { precision: "fp32" }, { overlap: { gradients: false } }];
      const searches = held.flatMap((fix) => searchesOf(problemOf(model, fix), launcher, model));
      for (const search of searches) {
        const lists = choicesOf(searchSite(search));
        fc.assert(
          fc.property(plansOf(lists, search.fix!), (input) => {
            const plan = planOf(input, site);
            if (plan === undefined) return;
            const why = refusals(plan, model, launcher);
            if (why.length === 0) told++;
            else refused++;
            for (const reason of why) {
              const known = between[launcher].find((pattern) => pattern.test(reason));
              assert(known, reason);
              met.add(String(known));
            }
          }),
          { seed: 5, numRuns: 80 },
        );
      }
    }
    assertEquals([...met].sort(), between[launcher].map(String).sort());
    assert(told > 300 && refused < told, `${told} told, ${refused} refused`);
  });
}

/** Values that a launcher could be told and that searches leave out: others are never worse. */
const passedOver: Readonly<Record<LauncherName, Readonly<Record<string, readonly unknown[]>>>> = {
  "megatron-lm": { sequenceParallel: [false], gradients: [false], precision: ["fp16", "fp32"] },
  "megatron-bridge": { sequenceParallel: [false], gradients: [false], precision: ["fp16", "fp32"] },
  deepspeed: { dispatcher: ["deepep", "hybridep", "all-gather"] },
  torchtitan: {},
};

for (const launcher of launcherNames) {
  Deno.test(`what the searches for ${launcher} leave out it cannot be told`, () => {
    const left = new Map<string, number>();
    for (const model of models) {
      const problem = problemOf(model);
      const lists = choicesOf(searchSite(problem));
      const said = choicesFor(problem, { launcher, model }) as ChoiceLists;
      const site = siteOf(model, 64);
      for (const field of ["schedule", "recompute", "zero", "precision", "dispatcher"] as const) {
        const kept = new Set(said[field].map((value) => JSON.stringify(value)));
        const dropped = lists[field].filter((value) =>
          !kept.has(JSON.stringify(value)) && !passedOver[launcher][field]?.includes(value)
        );
        if (dropped.length === 0) continue;
        // Everything else is as the launcher has it.
        const tried = plansOf({
          ...choicesOf(searchSite({ ...problem, choices: said })),
          [field]: dropped,
        }, {});
        for (const input of fc.sample(tried, { seed: 9, numRuns: 300 })) {
          const plan = planOf({ ...input, pp: Math.max(2, input.pp!) }, site) ??
            planOf(input, site);
          if (plan === undefined) continue;
          // Without experts or expert ranks nobody is told how tokens travel.
          if (field === "dispatcher" && (!model.moe || plan.ep === 1)) continue;
          left.set(field, (left.get(field) ?? 0) + 1);
          assert(refusals(plan, model, launcher).length > 0, `${field} ${String(plan[field])}`);
        }
      }
    }
    assert(left.get("schedule")! > 20, JSON.stringify([...left]));
  });
}

/** The fastest plan of lists that a launcher takes, all of them priced. */
function fastest(problem: SearchProblem, launcher: LauncherName, model: typeof models[number]) {
  const site = searchSite(problem);
  const { tp, pp, vpp, ep, schedule, zero, dispatcher, pipeline, experts, tensor } = choicesOf(
    site,
  );
  let best = Infinity;
  const each = <T>(values: readonly T[], next: (value: T) => void) => values.forEach(next);
  each(
    tp,
    (tp) =>
      each(pp, (pp) =>
        each(vpp, (vpp) =>
          each(ep, (ep) =>
            each(schedule, (schedule) => {
              const cut = { tp, pp, vpp, ep, schedule };
              if (planOf({ ...problem.fix, ...cut, globalBatch }, site) === undefined) return;
              each(zero, (zero) =>
                each(dispatcher, (dispatcher) =>
                  each(pipeline, (pipeline) =>
                    each(experts, (experts) =>
                      each(tensor, (tensor) => {
                        const overlap = { ...problem.fix?.overlap, pipeline, experts, tensor };
                        const input = {
                          ...problem.fix,
                          ...cut,
                          zero,
                          dispatcher,
                          overlap,
                          globalBatch,
                        };
                        const plan = planOf(input, site);
                        if (
                          plan === undefined || refusals(plan, model, launcher).length > 0
                        ) return;
                        const { stepSeconds, peakBytes } = pricePlan(plan, site);
                        if (peakBytes <= site.limitBytes) best = Math.min(best, stepSeconds);
                      })))));
            })))),
  );
  return best;
}

Deno.test("the best plan of the searches is the best of all that Megatron-LM can be told", () => {
  const model = models[0];
  const launcher = "megatron-lm";
  const problem: SearchProblem = {
    ...problemOf(model),
    cluster: "h100:16,nic=50Gb/s",
    fix: {
      ...{ cp: 1, etp: 1, microBatch: 1, precision: "bf16", recompute: ["attention_core"] },
      ...{ sequenceParallel: true, contextExchange: "p2p", formats: { gradients: "fp32" } },
      overlap: { gradients: true, parameters: true },
    },
    choices: {
      ...{ vpp: [1, 2], tp: [1, 2], schedule: ["1f1b", "interleaved", "zb-v"], zero: [0, 1] },
      dispatcher: ["all-to-all", "deepep"],
    },
  };
  const found = launchSearches(problem, { launcher, model }).map((search) =>
    searchPlans(search, { top: 1, front: false }).best[0]?.stepSeconds ?? Infinity
  );
  const best = Math.min(...found);
  assert(best < Infinity);
  assertEquals(best, fastest(problem, launcher, model));
  // Without the launcher in mind a plan is found that it cannot be told.
  const [free] = searchPlans(problem, { top: 1, front: false }).best;
  assert(free.stepSeconds < best && refusals(free.plan, model, launcher).length > 0);
});

Deno.test("what is held is what a launcher has, or no search", () => {
  const model = models[0];
  const searches = (launcher: LauncherName, fix: PlanInput) =>
    launchSearches(problemOf(model, fix), { launcher, model });
  assertThrows(
    () => searches("deepspeed", { ep: 8 }),
    TypeError,
    "Cannot search plans for DeepSpeed: DeepSpeed has no ep 8",
  );
  assertEquals(searches("megatron-lm", {})[0].fix, { formats: { gradients: "fp32" } });
  const narrow = searches("megatron-lm", { formats: { mainGradients: "bf16" } })[0].fix;
  assertEquals(narrow, { formats: { gradients: "bf16", mainGradients: "bf16" } });
  assertEquals(searches("deepspeed", {})[0].fix, { formats: {} });
  assertEquals(holdDefaults({}, "torchtitan"), { formats: { gradients: "fp32" } });
  assertEquals(searches("torchtitan", { schedule: "1f1b", zero: 2 }).length, 1);
});
