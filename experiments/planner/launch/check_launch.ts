/**
 * What a configuration that a user has comes to: its plan on a cluster, how long a step takes and
 * whether it fits, and where it says something else than what was asked.
 *
 * @module
 */
import type { Model } from "../../../core/spec/model.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { launcherFacts } from "../../../sim/launch/launch.ts";
import type { ModelDifference } from "../../../sim/launch/model_fields.ts";
import { type LaunchKind, launchKindOf } from "../../../sim/launch/told_by.ts";
import type { IgnoredArgument } from "../../../sim/launch/types.ts";
import type { RoutingLaw } from "../../../sim/cost/workload.ts";
import type { Sizes } from "../../../sim/cost/sizes.ts";
import { sizesOf } from "../../../sim/cost/sizes_of.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import type { PlanInput } from "../../../sim/plan/plan_input.ts";
import { formatPlan } from "../../../sim/plan/plan_words.ts";
import { type PlanPrice, pricePlan } from "../../../sim/search/evaluate.ts";
import { searchSite } from "../../../sim/search/problem.ts";
import { type Planning, problemOf } from "../planning.ts";
import { type KindReading, readKind } from "./read_kind.ts";
import { refusalOf } from "./repair_plan.ts";
import { differencesFrom, modelOfReading } from "./whose_model.ts";

/** A configuration, and what it is checked for. */
export interface LaunchQuestion
  extends Pick<Planning, "cluster" | "stack" | "graphs" | "memoryLimit"> {
  /** The configuration. */
  text: string;
  /** Name of its file. */
  source: string;
  /** Whose it is; told from the text unless given. */
  launcher?: LaunchKind;
  /** The model; the preset that the configuration describes unless given. */
  model?: Model;
  /** Modules that predict further tokens; as the model has them unless given. */
  mtp?: number;
  /** Tokens of a sequence; what the configuration says unless given, else 4096. */
  sequence?: number;
  /** Sequences of a step; what the configuration says unless given. */
  globalBatch?: number;
  /** Where tokens go; evenly unless given. */
  routing?: (sizes: Sizes) => RoutingLaw;
}

/** Something that the configuration and the user both say, and differently; the user counts. */
export interface LaunchMismatch {
  /** What. */
  what: "devices" | "sequence" | "globalBatch";
  /** In the configuration. */
  said: number;
  /** Asked. */
  asked: number;
}

/** What a configuration comes to; see the module. */
export interface LaunchCheck {
  /** Whose configuration it is. */
  launcher: LaunchKind;
  /** The launcher's version whose arguments were read; none for a plan of our own. */
  version?: string;
  /** Name of its file. */
  source: string;
  /** The question that it is checked as: for `simulationOf` and other looks at it. */
  planning: Planning;
  /** Whether the user named the model; else the configuration describes it. */
  modelAsked: boolean;
  /** The part of a plan that it says. */
  said: PlanInput;
  /** The plan, complete; none where it does not hold. */
  plan?: Plan;
  /** The plan in words. */
  words?: string;
  /** Its price. */
  price?: PlanPrice;
  /** Whether it fits into the memory that plans may take. */
  fits?: boolean;
  /** That memory, bytes. */
  limitBytes: number;
  /** Why the plan does not hold, with the nearest that does. */
  whyNot?: string;
  /** What the launcher would refuse of it, or cannot be told of the model. */
  refused?: string;
  /** Fields of the model that differ from the asked model. */
  differences: ModelDifference[];
  /** What was asked otherwise. */
  mismatches: LaunchMismatch[];
  /** What it does not say and was taken, in words: "gb=512". */
  assumed: string[];
  /** Arguments that were read over, and why. */
  ignored: readonly IgnoredArgument[];
}

/** Fields that a configuration should say, as their words are. */
const telling = {
  ...{ tp: "tp", cp: "cp", pp: "pp", ep: "ep", etp: "etp", zero: "zero", microBatch: "mb" },
  ...{ globalBatch: "gb", recompute: "recompute", precision: "precision" },
} as const;

function assumedOf(said: PlanInput, plan: Plan, asked: number | undefined, experts: boolean) {
  const fields = Object.keys(telling) as (keyof typeof telling)[];
  return fields.filter((field) =>
    said[field] === undefined && (field !== "globalBatch" || asked === undefined) &&
    ((field !== "ep" && field !== "etp") || experts)
  ).map((field) => {
    const value = plan[field];
    return `${telling[field]}=${Array.isArray(value) ? value.join("+") : value}`;
  });
}

/** The part of a plan on the devices that there are: replicas follow from them. */
function placed(reading: KindReading, devices: number): PlanInput {
  const { devices: said = devices, plan: { dp: _, ...plan } } = reading;
  if (said === devices || plan.shardRanks === undefined) return plan;
  return { ...plan, shardRanks: plan.shardRanks * devices / said };
}

function mismatchesOf(
  reading: KindReading,
  { cluster, sequence, globalBatch }: LaunchQuestion,
): LaunchMismatch[] {
  const pairs: [LaunchMismatch["what"], number | undefined, number | undefined][] = [
    ["devices", reading.devices, cluster.devices],
    ["sequence", reading.sequence, sequence],
    ["globalBatch", reading.plan.globalBatch, globalBatch],
  ];
  return pairs.flatMap(([what, said, asked]) =>
    said === undefined || asked === undefined || said === asked ? [] : [{ what, said, asked }]
  );
}

/** The complete plan, or why there is none. */
function planFor(input: PlanInput, planning: Planning): { plan?: Plan; whyNot?: string } {
  const { sizes, workload, cluster: { devices } } = planning;
  try {
    return { plan: completePlan(input, { devices, sizes, workload }) };
  } catch (error) {
    if (error instanceof UserError) {
      return { whyNot: error.message.replace(/^Cannot use .*? devices: /, "") };
    }
    throw error;
  }
}

/** Tokens of a sequence where nobody says. */
const SEQUENCE = 4096;

/**
 * Checks a configuration: reads it, completes its plan and prices it. A plan that does not hold or does
 * not fit is an answer, not an error.
 *
 * @throws {UserError} for what cannot be read, and for a model that nobody names.
 */
export function checkLaunch(question: LaunchQuestion): LaunchCheck {
  const { text, source, cluster, stack, graphs, memoryLimit, mtp } = question;
  const kind = question.launcher ?? launchKindOf(text, source);
  const reading = readKind(text, { kind, source, devices: cluster.devices });
  const model = question.model ?? modelOfReading({ reading, cluster, source });
  const sizes = sizesOf(model, { mtpLayers: mtp });
  const sequence = question.sequence ?? reading.sequence ?? SEQUENCE;
  const routing = question.routing?.(sizes) ?? { kind: "balanced" };
  const { globalBatch = reading.plan.globalBatch } = question;
  const said = { ...placed(reading, cluster.devices), ...(globalBatch && { globalBatch }) };
  const planning: Planning = {
    ...{ model, sizes, cluster, stack, graphs, memoryLimit, fix: {}, objective: "time" },
    workload: { sequence, routing, causal: true },
    globalBatch: globalBatch ?? 1,
  };
  const { plan, whyNot } = planFor(said, planning);
  const known = plan ? { ...planning, globalBatch: plan.globalBatch } : planning;
  const site = searchSite(problemOf(known));
  const price = plan && pricePlan(plan, site);
  const refused = plan && kind !== "plan" ? refusalOf(known, plan, kind) : undefined;
  return {
    launcher: kind,
    ...(kind !== "plan" && { version: launcherFacts(kind).version }),
    ...{ source, planning: known, modelAsked: question.model !== undefined, said: reading.plan },
    ...(plan && { plan, words: formatPlan(plan) }),
    ...(price && { price, fits: price.peakBytes <= site.limitBytes }),
    limitBytes: site.limitBytes,
    ...(whyNot !== undefined && { whyNot }),
    ...(refused !== undefined && { refused }),
    differences: question.model ? differencesFrom(model, { reading, cluster }) : [],
    mismatches: mismatchesOf(reading, question),
    assumed: plan
      ? assumedOf(reading.plan, plan, question.globalBatch, model.moe !== undefined)
      : [],
    ignored: reading.ignored,
  };
}
