/**
 * Experts choose tokens: Expert-Choice, arXiv 2202.09368 (survey, section 4.1.1). Each expert takes
 * its best tokens of every sequence, so that all have exactly the same load; a token is taken by
 * several experts, one, or none. Since a token competes with those after it, such a gate serves no
 * causal decoder.
 *
 * @module
 */
import type { SpecOf } from "../shorthand.ts";
import { marks, numberOf } from "../shorthand.ts";
import type { Selector, SelectRun } from "./run.ts";
import type { SelectSpec } from "./specs.ts";

type ExpertChoiceSpec = SpecOf<SelectSpec, "expert-choice">;

/** Tokens of a sequence that an expert takes: its share of `capacity` experts a token. */
export function tokensAnExpert(
  capacity: number,
  { length, experts }: { length: number; experts: number },
): number {
  return Math.min(length, Math.max(1, Math.floor(length * capacity / experts)));
}

/** Each expert takes its best tokens; a token is taken by `most` experts where that is given. */
export const expertChoiceSelect: Selector<ExpertChoiceSpec> = {
  choices: ({ most }, { experts }) => Math.min(experts, most ?? experts),
  refusal({ capacity, most }, { length, experts }) {
    if (length * capacity < experts) {
      return `Experts choose by a capacity of ${capacity}, less than one of ${length} tokens for ` +
        `each of ${experts} experts, wanted at least ${experts / length}`;
    }
    return most !== undefined && most < 1
      ? `Experts choose tokens ${most} times at most, wanted at least 1`
      : undefined;
  },
  select(run) {
    const { g, spec: { capacity, most }, shape: { length, experts } } = run;
    if (run.values === undefined) throw new RangeError("Experts chose without scores; wanted some");
    const count = tokensAnExpert(capacity, { length, experts });
    const scores_TE = g.detach(run.values);
    if (most === undefined || most >= experts) {
      return { ids: g.where(g.choosePerColumn(scores_TE, { count, length })) };
    }
    const plan_TE = cappedPlan(run, { scores_TE, count, most });
    return { ids: rounded(run, { plan_TE, scores_TE, count, most }) };
  },
};

/** How often experts whose tokens were taken by better ones choose others. */
const PROPOSALS = 4;

/** Choices [T, most] by a plan: experts propose, and tokens keep those that the plan wants most. */
function rounded<A, I>(
  { g, shape: { length, experts } }: SelectRun<A, I, ExpertChoiceSpec>,
  { plan_TE, scores_TE, count, most }: { plan_TE: A; scores_TE: A; count: number; most: number },
): I {
  // A plan that was cut off at 1 has equal entries: the scores tell those apart.
  let wish_TE = g.shift(g.map("add", plan_TE, g.scale(scores_TE, 1e-3)), 1);
  for (let proposal = 1;; proposal++) {
    const proposed_TE = g.choosePerColumn(wish_TE, { count, length });
    const heard_TE = g.map("multiply", proposed_TE, wish_TE);
    const ids = g.topK(heard_TE, most);
    const kept = g.keep(ids, g.take(proposed_TE, ids));
    if (proposal === PROPOSALS) return kept;
    const refused_TE = g.map("subtract", proposed_TE, marks(g, kept, experts));
    wish_TE = g.map("select", refused_TE, g.scale(refused_TE, 0), wish_TE);
  }
}

/** Rounds of projection where a recipe names none. */
const ROUNDS = 10;

/** Weight of the plan's entropy where a recipe names none; scores are 0 to 1. */
const ENTROPY = 0.05;

/**
 * The plan [T, E] between 0 and 1 that has the largest sum with the scores, plus `entropy` times its
 * own entropy, where each expert takes `count` of a sequence and a token is taken `most` times at
 * most. It is found by projecting exp(scores / entropy) onto one constraint after the other
 * (Dykstra's method under Kullback-Leibler divergence); the work's section 3.3.
 */
function cappedPlan<A, I>(
  { g, spec, shape: { length } }: SelectRun<A, I, ExpertChoiceSpec>,
  { scores_TE, count, most }: { scores_TE: A; count: number; most: number },
): A {
  const { entropy = ENTROPY, rounds = ROUNDS } = spec;
  const one = numberOf(g, 1);
  const least = numberOf(g, 1e-30);
  const divided = (a: A, b: A) => g.map("divide", a, g.map("larger", b, least));
  // The constant factor of a row is taken out again by the first projection.
  let plan = g.map("exp", g.scale(g.map("subtract", scores_TE, one), 1 / entropy));
  // An inequality's projection is undone before it is made anew; an equality's need not be.
  let rowPull: A | undefined;
  let entryPull: A | undefined;
  for (let round = 0; round < rounds; round++) {
    const sums = g.repeatRows(g.scale(g.segmentMeans(plan, length), length / count), length);
    plan = divided(plan, sums);

    const before = rowPull === undefined ? plan : g.map("multiply", plan, rowPull);
    const room = g.map("smaller", one, divided(numberOf(g, most), g.sumRows(before)));
    plan = g.map("multiply", before, room);
    rowPull = divided(one, room);

    const whole = entryPull === undefined ? plan : g.map("multiply", plan, entryPull);
    plan = g.map("smaller", whole, one);
    entryPull = divided(whole, plan);
  }
  return plan;
}
