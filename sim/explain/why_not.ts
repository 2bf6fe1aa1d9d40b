/**
 * What is wrong with a plan: every rule that it breaks, the memory that it lacks, and the nearest plan
 * with which nothing is wrong.
 *
 * @module
 */
import { type MemoryMoment, stageMemory } from "../memory/stage_memory.ts";
import { withDefaults } from "../plan/plan_defaults.ts";
import type { PlanInput } from "../plan/plan_input.ts";
import type { Plan } from "../plan/plan.ts";
import { type PlanPrice, pricePlan } from "../search/evaluate.ts";
import type { SearchSite } from "../search/problem.ts";
import { nearestFit } from "./nearest_fit.ts";
import { changeWords } from "./plan_differences.ts";
import { type PlanFault, planFaults } from "./plan_faults.ts";
import { explainPlan, type PlanExplanation } from "./explain_plan.ts";

/** A stage that needs more memory than there is. */
export interface MemoryFault {
  /** The stage, from 0. */
  stage: number;
  /** What it needs, bytes. */
  peakBytes: number;
  /** What a plan may take. */
  limitBytes: number;
  /** How much that is too much. */
  overBytes: number;
  /** When it is. */
  moment: MemoryMoment;
}

/** What is wrong with a plan; see the module. */
export interface PlanVerdict {
  /** The plan with what it leaves open filled in. */
  plan: Plan;
  /** All rules that it breaks. */
  faults: PlanFault[];
  /** Stages that do not fit, the worst first; none of a plan that breaks rules. */
  memory: MemoryFault[];
  /** Words of the question that the plan says otherwise, such as "globalBatch". */
  otherwise: string[];
  /**
   * The nearest plan that holds, and the words that lead to it; it fits where one was found that does.
   * None where none is near.
   */
  nearest?: { changes: string; price: PlanPrice; fits: boolean };
  /** Where nothing is wrong: the plan explained. */
  explained?: PlanExplanation;
}

/** What the question holds and the plan says otherwise. */
function heldOtherwise(plan: Plan, { problem }: SearchSite): string[] {
  const { globalBatch, fix = {} } = problem;
  const held: [string, unknown, unknown][] = Object.entries({ ...fix, globalBatch }).flatMap(
    ([field, value]): [string, unknown, unknown][] => {
      const own = plan[field as keyof Plan];
      return value !== null && typeof value === "object" && !Array.isArray(value)
        ? Object.entries(value).map(([part, inner]) => [
          `${field}.${part}`,
          inner,
          (own as unknown as Record<string, unknown> | undefined)?.[part],
        ])
        : [[field, value, own]];
    },
  );
  return held
    // One tensor rank has nothing to split.
    .filter(([field]) => field !== "sequenceParallel" || plan.tp > 1)
    .filter(([, value, own]) =>
      value !== undefined && JSON.stringify(value) !== JSON.stringify(own)
    )
    .map(([field]) => field);
}

/** Stages of a plan that do not fit, the worst first. */
export function memoryFaults(plan: Plan, site: SearchSite): MemoryFault[] {
  const { sizes, workload, stack, limitBytes } = site;
  return stageMemory(sizes, plan, workload, stack)
    .map(({ peakBytes, moment }, stage): MemoryFault => ({
      ...{ stage, peakBytes, limitBytes, moment },
      overBytes: peakBytes - limitBytes,
    }))
    .filter(({ overBytes }) => overBytes > 0)
    .sort((a, b) => b.overBytes - a.overBytes);
}

/**
 * Says what is wrong with a plan, all at once; see the module.
 *
 * @example Two rules at once
 * ```ts
 * import { parsePlan, searchSite, type Sizes, whyNot } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 16, kvHeads: 16, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false },
 *   moe: { experts: 16, topK: 2, width: 2048, sharedWidth: 0, firstDense: 0, every: 1 },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const site = searchSite({ sizes, cluster: "h100:16", workload, globalBatch: 64 });
 * const { faults, nearest } = whyNot(parsePlan("tp=2,ep=3,mb=3"), site);
 * assertEquals(faults.map(({ rule }) => rule), ["expert world", "experts", "batch"]);
 * assertEquals(nearest?.changes, "ep=4,mb=4");
 * ```
 */
export function whyNot(input: PlanInput, site: SearchSite): PlanVerdict {
  const { globalBatch } = site.problem;
  const plan = withDefaults({ globalBatch, ...input }, site);
  const faults = planFaults(plan, site);
  const memory = faults.length === 0 ? memoryFaults(plan, site) : [];
  const verdict = { plan, faults, memory, otherwise: heldOtherwise(plan, site) };
  if (faults.length === 0 && memory.length === 0) {
    return { ...verdict, explained: explainPlan(plan, site) };
  }
  // What the question holds is held nearby as well.
  const near = nearestFit(withDefaults({ ...input, ...site.problem.fix, globalBatch }, site), site);
  if (near === undefined) return verdict;
  const changes = changeWords(plan, near.plan);
  return { ...verdict, nearest: { changes, price: pricePlan(near.plan, site), fits: near.fits } };
}
