/** Small problems, and what pricing all of their plans gives. @module */
import fc from "fast-check";
import type { Sizes } from "../../../sim/cost/sizes.ts";
import type { Plan, RecomputeModule } from "../../../sim/plan/plan.ts";
import { scheduleNames } from "../../../sim/pipeline/schedule.ts";
import { withDefaults } from "../../../sim/plan/plan_defaults.ts";
import { planFault } from "../../../sim/plan/plan_rules.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { stackById } from "../../../sim/stack/stacks.ts";
import type { ChoiceLists } from "../../../sim/search/choice_lists.ts";
import { choicesOf, modulesOf, spaceOf } from "../../../sim/search/choices.ts";
import { pricePlan } from "../../../sim/search/evaluate.ts";
import type { FoundPlan } from "../../../sim/search/incumbents.ts";
import { type SearchProblem, searchSite } from "../../../sim/search/problem.ts";

const norms = { perLayer: 2, bias: false };

/** A dense model. */
export const dense: Sizes = {
  ...{ name: "dense", layers: 6, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
  attention: { heads: 16, kvHeads: 4, qkDim: 64, vDim: 64 },
  ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false, norms },
};

/** A mixture without shared experts. */
export const mixture: Sizes = {
  ...dense,
  ...{ name: "mixture", layers: 8, dModel: 2048, ffnWidth: 0 },
  moe: { experts: 8, topK: 2, width: 4096, sharedWidth: 0, firstDense: 0, every: 1 },
};

/** Latent attention, a dense layer, shared experts and a module that predicts a further token. */
export const latent: Sizes = {
  ...dense,
  ...{ name: "latent", layers: 7, dModel: 2048, ffnWidth: 8192, mtpLayers: 1 },
  attention: {
    ...{ heads: 16, kvHeads: 16, qkDim: 192, vDim: 128 },
    latent: { qRank: 512, kvRank: 256, ropeDim: 64 },
  },
  moe: { experts: 16, topK: 4, width: 1024, sharedWidth: 1024, firstDense: 1, every: 1 },
};

/** The first of the values in most cases, and as often some of the others. */
const some = <T>(values: readonly T[], most: number): fc.Arbitrary<T[]> => {
  const [first, ...rest] = values;
  const others = fc.subarray(rest, { maxLength: Math.min(most, rest.length) });
  return fc.tuple(fc.nat(9), others).map(([draw, drawn]) =>
    drawn.length === 0 || draw < 8 ? [first, ...draw % 3 > 0 ? drawn : []] : drawn
  );
};

/** Plans of a problem at most. */
const mostPlans = 15_000;

function choicesFor(sizes: Sizes): fc.Arbitrary<ChoiceLists> {
  const sets: Plan["recompute"][] = [
    ...["none", "full"] as const,
    ...modulesOf(sizes).map((module): RecomputeModule[] => [module]),
    modulesOf(sizes).slice(1, 4),
  ];
  const both = [true, false];
  const moe = sizes.moe !== undefined;
  const shared = sizes.moe?.sharedWidth ? ["shared" as const] : [];
  return fc.record({
    tp: some([1, 2, 3, 4], 2),
    cp: some([1, 2], 2),
    pp: some([1, 2, 4, 8], 2),
    vpp: some([1, 2, 3], 2),
    ep: some(moe ? [1, 2, 4, 5, 8] : [1, 2], 2),
    etp: some([1, 1, 2], 1),
    microBatch: some([1, 2, 3, 4], 2),
    sequenceParallel: some(both, 2),
    contextExchange: some(["p2p", "a2a", "all-gather"] as const, 2),
    schedule: fc.shuffledSubarray([...scheduleNames], { minLength: 2, maxLength: 4 }),
    recompute: some(sets, 3),
    zero: some([0, 1, 2, 3] as const, 2),
    shardRanks: some([undefined, undefined, 2], 1),
    precision: some(["bf16", "fp8"] as const, 1),
    dispatch: some(moe ? ["fp8", undefined] as const : [undefined], 2),
    combine: some(moe ? ["fp8", undefined] as const : [undefined], 1),
    dispatcher: some(["all-to-all", "deepep", "hybridep", "all-gather"] as const, 1),
    gradients: some(both, 2),
    parameters: some(both, 2),
    tensor: some(both, 2),
    pipeline: some(both, 2),
    experts: some(moe ? ["none", ...shared, "batches", "dualpipe"] as const : ["none"] as const, 3),
  }).filter((lists) => spaceOf(lists) <= mostPlans);
}

/** Problems with few plans, of all kinds. */
export const problems: fc.Arbitrary<SearchProblem> = fc.constantFrom(dense, mixture, latent).chain(
  (sizes) =>
    fc.record({
      sizes: fc.constant(sizes),
      cluster: fc.constantFrom("h100:8", "h100:16", "h800:16"),
      stack: fc.constantFrom(baseStack, stackById("megatron-bridge-26.04")),
      workload: fc.constant(
        { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const,
      ),
      globalBatch: fc.constantFrom(16, 24, 32, 64),
      choices: choicesFor(sizes),
      memoryLimit: fc.constantFrom(1, 0.08, 0.05),
      objective: fc.constantFrom("time" as const, "memory" as const, "cost" as const),
    }),
);

/** Calls `visit` with every plan of the product of a problem's lists, whether it holds or not. */
export function visitProduct(problem: SearchProblem, visit: (plan: Plan) => void): void {
  const site = searchSite(problem);
  const lists = choicesOf(site);
  const fields = Object.keys(lists) as (keyof ChoiceLists)[];
  const chosen: { -readonly [F in keyof ChoiceLists]?: ChoiceLists[F][number] } = {};
  const descend = (at: number): void => {
    if (at < fields.length) {
      for (const value of lists[fields[at]]) {
        Object.assign(chosen, { [fields[at]]: value });
        descend(at + 1);
      }
      return;
    }
    const { dispatch, combine, gradients, parameters, tensor, pipeline, experts, ...rest } = chosen;
    const { shardRanks, ...plain } = rest;
    visit(withDefaults({
      ...plain,
      ...(shardRanks !== undefined && { shardRanks }),
      globalBatch: problem.globalBatch,
      formats: { ...(dispatch && { dispatch }), ...(combine && { combine }) },
      overlap: { gradients, parameters, tensor, pipeline, experts },
    }, site));
  };
  descend(0);
}

/** All plans of a problem that hold and fit, priced one by one. */
export function bruteForce(problem: SearchProblem): FoundPlan[] {
  const site = searchSite(problem);
  const found = new Map<string, FoundPlan>();
  visitProduct(problem, (plan) => {
    if (planFault(plan, site) !== undefined) return;
    const key = JSON.stringify(plan);
    if (found.has(key)) return;
    const { stepSeconds, peakBytes } = pricePlan(plan, site);
    if (peakBytes <= site.limitBytes) found.set(key, { plan, stepSeconds, peakBytes });
  });
  return [...found.values()];
}
