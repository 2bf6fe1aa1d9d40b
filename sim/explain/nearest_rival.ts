/**
 * How much would have to change for another plan to win, and which plan that is.
 *
 * For every input and both directions the factor is widened step by step up to `most`; where a rival
 * is faster than the winner at one step and not at the one before, the factor between is halved until
 * both sides are close. The rivals are the plans that a search kept: a plan that it did not keep may
 * overtake earlier. More memory is asked of the plans next to the winner that do not fit.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { type PlanPrice, planTime } from "../search/evaluate.ts";
import type { FoundPlan } from "../search/incumbents.ts";
import type { SearchSite } from "../search/problem.ts";
import { fastestFirst } from "./kept_plans.ts";
import { memoryRivals } from "./memory_rivals.ts";
import type { InputRivals, RivalPlan } from "./rivals.ts";
import { changedSite, type SiteInput } from "./site_changes.ts";

/** How far rivals are looked for. */
export interface RivalOptions {
  /** Inputs; all that are named here unless given. */
  inputs?: readonly SiteInput[];
  /** The widest factor, up and down; 4 unless given. */
  most?: number;
  /** Rivals that are priced at most, fastest first; 48 unless given. */
  rivals?: number;
}

/** Inputs that are looked at. */
export const rivalInputs: readonly SiteInput[] = [
  ...["network-bandwidth", "node-bandwidth", "memory", "flops", "latency"] as const,
];

/** Steps up to the widest factor, and halvings of a step. */
const STEPS = 8;
const HALVINGS = 16;

/** Share by which a rival has to be faster. */
const MARGIN = 1e-7;

interface Race {
  input: SiteInput;
  site: SearchSite;
  winner: Plan;
}

const secondsWith = (plan: Plan, factor: number, { input, site }: Race) =>
  planTime(plan, changedSite(site, { input, factor })).stepSeconds;

const overtakes = (rival: Plan, factor: number, race: Race) =>
  secondsWith(rival, factor, race) < secondsWith(race.winner, factor, race) * (1 - MARGIN);

/** The factor between two at which a rival overtakes: behind at `still`, ahead at `ahead`. */
function crossing(rival: Plan, [still, ahead]: [number, number], race: Race): [number, number] {
  for (let i = 0; i < HALVINGS; i++) {
    const middle = Math.sqrt(still * ahead);
    if (overtakes(rival, middle, race)) ahead = middle;
    else still = middle;
  }
  return [still, ahead];
}

/** The first rival to overtake on the way to a factor. */
function firstRival(rivals: readonly FoundPlan[], most: number, race: Race): RivalPlan | undefined {
  let before = 1;
  for (let step = 1; step <= STEPS; step++) {
    const factor = most ** (step / STEPS);
    const on = changedSite(race.site, { input: race.input, factor });
    const winnerSeconds = planTime(race.winner, on).stepSeconds;
    const ahead = rivals.filter(({ plan }) =>
      planTime(plan, on).stepSeconds < winnerSeconds * (1 - MARGIN)
    );
    const found = ahead.map((rival) => ({
      rival,
      factors: crossing(rival.plan, [before, factor], race),
    })).sort((a, b) => Math.abs(Math.log(a.factors[1])) - Math.abs(Math.log(b.factors[1])));
    if (found.length > 0) {
      const [{ rival, factors: [stillFactor, at] }] = found;
      return {
        input: race.input,
        factor: at,
        stillFactor,
        rival,
        winnerSeconds: secondsWith(race.winner, at, race),
        rivalSeconds: secondsWith(rival.plan, at, race),
      };
    }
    before = factor;
  }
}

/**
 * The nearest rivals of the best plan; see the module.
 *
 * @param front Plans that were kept; the best among them is no rival of itself.
 *
 * @example
 * ```ts
 * import { nearestRival, searchPlans, searchSite, type Sizes } from "@moelab/moelab/sim";
 * import { assert } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 4096, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 32, kvHeads: 8, qkDim: 128, vDim: 128 },
 *   ...{ ffnWidth: 14336, ffnMatrices: 3, learnedPositions: false },
 *   moe: { experts: 16, topK: 2, width: 4096, sharedWidth: 0, firstDense: 0, every: 1 },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const problem = {
 *   ...{ sizes, cluster: "h100:16", workload, globalBatch: 32 },
 *   fix: { cp: 1, etp: 1, precision: "bf16", schedule: "1f1b", zero: 1 },
 *   choices: { recompute: ["none", "full"], tp: [1, 2], microBatch: [1, 2] },
 * } as const;
 * const { best, front } = searchPlans(problem);
 * const [network] = nearestRival(best[0], [...best, ...front], searchSite(problem));
 * // Were the network so much slower, another plan would win.
 * assert(network.less !== undefined && network.less.rivalSeconds < network.less.winnerSeconds);
 * ```
 */
export function nearestRival(
  best: PlanPrice,
  front: readonly PlanPrice[],
  site: SearchSite,
  options: RivalOptions = {},
): InputRivals[] {
  const { inputs = rivalInputs, most = 4, rivals: count = 48 } = options;
  const winner = best.plan;
  const text = JSON.stringify(winner);
  const plans = new Map(front.map(({ plan }) => [JSON.stringify(plan), plan]));
  plans.delete(text);
  const rivals = fastestFirst([...plans.values()], site);
  const near = rivals.slice(0, count);
  return inputs.map((input): InputRivals => {
    const race = { input, site, winner };
    const { less, more } = input === "memory"
      ? memoryRivals(best, { rivals, site, most })
      : { less: firstRival(near, 1 / most, race), more: firstRival(near, most, race) };
    return { input, ...(less && { less }), ...(more && { more }) };
  });
}
