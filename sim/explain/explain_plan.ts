/**
 * Why a plan takes as long as it does: where its step goes, and what stands in the way of a shorter one.
 *
 * A *limit* is something that costs time: kernels themselves, a host that issues them too slowly, an
 * exchange that nothing hides, a pipeline that runs empty, or memory that bars a faster plan next to
 * this one. The seconds of a limit are what the step would lose without it: for memory from the
 * fastest plan at hand that fits to the fastest that does not, where both are the plan itself or one
 * that differs in one field; for all others a part of the step. A limit *binds* where that is at least
 * `bindingShare` of the step; where none but the kernels does, the plan is bound by compute.
 *
 * @module
 */
import { completePlan } from "../plan/complete_plan.ts";
import type { PlanInput } from "../plan/plan_input.ts";
import { stageMemory } from "../memory/stage_memory.ts";
import { type PlanPrice, pricePlan } from "../search/evaluate.ts";
import type { SearchSite } from "../search/problem.ts";
import { type BarredDegree, barredDegrees } from "./barred_degrees.ts";
import { type ExchangeShare, exchangeShares } from "./exchange_shares.ts";
import { type PricedNeighbour, pricedNeighbours } from "./neighbours.ts";
import { type HiddenParts, type PartedStep, type StepParts, stepParts } from "./step_parts.ts";

/** Share of the step from which on a limit binds. */
export const bindingShare = 0.03;

/** A part of a step. */
export interface PartShare {
  /** Key of the part, such as "expertSeconds". */
  part: keyof StepParts;
  /** How long. */
  seconds: number;
  /** Of the step. */
  shareFraction: number;
}

/** What stands in the way of a shorter step; see the module. */
export type Limit =
  & {
    /** Seconds that it costs. */
    seconds: number;
    /** Of the step. */
    shareFraction: number;
  }
  & (
    | { kind: "compute" | "host" }
    | { kind: "link"; exchange: ExchangeShare }
    | { kind: "bubble"; stages: number; microBatches: number }
    | { kind: "memory"; faster: PricedNeighbour; missingBytes: number }
  );

/** The memory of a plan and the room that it leaves. */
export interface MemoryRoom {
  /** The fullest stage, from 0. */
  stage: number;
  /** What it needs, bytes. */
  peakBytes: number;
  /** What a plan may take. */
  limitBytes: number;
  /** What is left; below 0 where the plan does not fit. */
  spareBytes: number;
}

/** A plan explained; see the module. */
export interface PlanExplanation {
  /** The plan and what it comes to. */
  price: PlanPrice;
  /** Parts of the step, longest first; they add up to it. */
  parts: PartShare[];
  /** Exchanges beside kernels, in no part. */
  hidden: HiddenParts;
  /** Exchanges by group, the longest wait first. */
  exchanges: ExchangeShare[];
  /** Memory. */
  memory: MemoryRoom;
  /** What costs time, most first. */
  limits: Limit[];
  /** Those of them that bind. */
  binds: Limit[];
  /** Degrees that rules keep from going further. */
  barred: BarredDegree[];
  /** The fastest plan next to this one that fits and is faster, where there is one. */
  better?: PricedNeighbour;
}

/** The room that a plan leaves on its fullest stage. */
export function memoryRoom({ plan }: Pick<PlanPrice, "plan">, site: SearchSite): MemoryRoom {
  const { sizes, workload, stack, limitBytes } = site;
  const peaks = stageMemory(sizes, plan, workload, stack).map(({ peakBytes }) => peakBytes);
  const peakBytes = Math.max(...peaks);
  return {
    stage: peaks.indexOf(peakBytes),
    peakBytes,
    limitBytes,
    spareBytes: limitBytes - peakBytes,
  };
}

/** A step in parts. */
export function partsOf({ plan }: Pick<PlanPrice, "plan">, site: SearchSite): PartedStep {
  const { sizes, workload } = site;
  return stepParts({ sizes, plan, workload, machine: site.machine(plan.precision) });
}

/** The parts of a step that limits are made of. */
function limitsOf(
  { time: { stepSeconds }, parts, costs }: PartedStep,
  of: { price: PlanPrice; exchanges: readonly ExchangeShare[] },
): Limit[] {
  const { price: { plan }, exchanges } = of;
  const sized = (seconds: number) => ({ seconds, shareFraction: seconds / stepSeconds });
  const kernels = parts.mixerSeconds + parts.ffnSeconds + parts.expertSeconds +
    parts.sharedSeconds + parts.routingSeconds + parts.updateSeconds;
  const { microBatches } = costs;
  return [
    { kind: "compute", ...sized(kernels) },
    { kind: "host", ...sized(parts.hostSeconds + parts.fixedSeconds) },
    { kind: "bubble", ...sized(parts.bubbleSeconds), stages: plan.pp, microBatches },
    ...exchanges.map((exchange): Limit => ({
      kind: "link",
      ...sized(exchange.seconds),
      exchange,
    })),
  ];
}

/** Two plans closer than that take equally long. */
const alike = 1e-6;

/** What memory costs: the fastest neighbour that does not fit, against the fastest that does. */
function memoryLimit(
  near: readonly PricedNeighbour[],
  of: { stepSeconds: number; fitsSeconds: number; limitBytes: number },
): Limit[] {
  const { stepSeconds, fitsSeconds, limitBytes } = of;
  const faster = near.find((neighbour) => neighbour.peakBytes > limitBytes);
  if (faster === undefined || faster.stepSeconds >= fitsSeconds * (1 - alike)) return [];
  const seconds = fitsSeconds - faster.stepSeconds;
  const missingBytes = faster.peakBytes - limitBytes;
  return [{ kind: "memory", seconds, shareFraction: seconds / stepSeconds, faster, missingBytes }];
}

/**
 * Explains a plan; see the module.
 *
 * @throws {UserError} where the plan does not hold; `whyNot` says all that is wrong with such a plan.
 *
 * @example
 * ```ts
 * import { explainPlan, parsePlan, searchSite, type Sizes } from "@moelab/moelab/sim";
 * import { assert, assertAlmostEquals } from "@std/assert";
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
 * const { price, parts, binds } = explainPlan(parsePlan("pp=4,ep=4"), site);
 * const sum = parts.reduce((total, { seconds }) => total + seconds, 0);
 * assertAlmostEquals(sum / price.stepSeconds, 1, 1e-8);
 * assert(binds.some(({ kind }) => kind === "bubble"));
 * ```
 */
export function explainPlan(input: PlanInput, site: SearchSite): PlanExplanation {
  const { globalBatch } = site.problem;
  const price = pricePlan(completePlan({ globalBatch, ...input }, site), site);
  const { plan, stepSeconds } = price;
  const step = partsOf(price, site);
  const machine = site.machine(plan.precision);
  const exchanges = exchangeShares(step, { plan, machine });
  const near = pricedNeighbours(plan, site).sort((a, b) => a.stepSeconds - b.stepSeconds);
  const { limitBytes } = site;
  const better = near.find((neighbour) =>
    neighbour.peakBytes <= limitBytes && neighbour.stepSeconds < stepSeconds * (1 - alike)
  );
  const fitsSeconds = better?.stepSeconds ?? stepSeconds;
  const limits = [
    ...limitsOf(step, { price, exchanges }),
    ...memoryLimit(near, { stepSeconds, fitsSeconds, limitBytes }),
  ].sort((a, b) => b.seconds - a.seconds);
  const held = limits.filter(({ kind, shareFraction }) =>
    kind !== "compute" && shareFraction >= bindingShare
  );
  return {
    price,
    parts: (Object.entries(step.parts) as [keyof StepParts, number][])
      .filter(([, seconds]) => seconds > 0)
      .map(([part, seconds]) => ({ part, seconds, shareFraction: seconds / stepSeconds }))
      .sort((a, b) => b.seconds - a.seconds),
    hidden: step.hidden,
    exchanges,
    memory: memoryRoom(price, site),
    limits,
    binds: held.length > 0 ? held : limits.filter(({ kind }) => kind === "compute"),
    barred: barredDegrees(plan, site),
    ...(better && { better }),
  };
}
