/**
 * From a published row to what the simulator takes: model, plan, cluster, workload and stack.
 *
 * Nothing here looks at what the row printed as its result, and nothing is tuned to a row: a rule
 * holds for a source or a family, and what it assumes is listed with the description.
 *
 * @module
 */
import type { Sizes } from "../../sim/cost/sizes.ts";
import type { RoutingLaw, Workload } from "../../sim/cost/workload.ts";
import type { Plan } from "../../sim/plan/plan.ts";
import type { Graphs } from "../../sim/stack/stack.ts";
import type { PublishedCase } from "./case.ts";
import { casePlan } from "./case_plan.ts";
import { caseSizes } from "./case_sizes.ts";
import { stackOf } from "./case_stack.ts";
import { deviceOf, graphsOf } from "./case_words.ts";
import { recipeOf } from "./recipes.ts";
import { sourceRules } from "./source_rules.ts";
export { stepSeconds } from "./step_seconds.ts";

/** A training step as the simulator takes it. */
export interface CaseDescription {
  /** Model. */
  sizes: Sizes;
  /** Plan. */
  plan: Plan;
  /** Cluster in words, such as "h100:64". */
  cluster: string;
  /** Devices. */
  devices: number;
  /** Input. */
  workload: Workload;
  /** Id of the software stack. */
  stack: string;
  /** What of the software differs from row to row. */
  flags: CaseFlags;
  /** What nobody printed, by source. */
  assumed: readonly string[];
}

/** Switches of the software that are no part of a plan. */
export interface CaseFlags {
  /** How kernels are issued. */
  graphs: Graphs;
  /** Whether the exchange of tokens runs beside another micro-batch. */
  a2aOverlap: boolean;
  /** Whether another optimiser than Adam was used. */
  optimizer: "adam" | "muon";
  /** Whether the settings beside the table are known. */
  recipe: "attached" | "inherited" | "unknown";
}

/** A row that cannot be described, and why. */
export interface UnsupportedCase {
  /** What it lacks, contradicts or does that no description can say. */
  unsupported: string;
}

/**
 * Exponent of the popularity of experts under natural routing: with 64 experts the fullest gets 1.6
 * times its share, between the 1.52 and 1.72 counted in models of 3 and 1 billion parameters trained
 * with an auxiliary loss (arXiv 2408.15664, table 2).
 */
export const naturalExponent = 0.15;

function routingOf(row: PublishedCase): RoutingLaw {
  const natural = /natural/.test(row.workload.routing ?? "");
  return natural ? { kind: "skew", exponent: naturalExponent, seed: 1 } : { kind: "balanced" };
}

function graphsOfCase(row: PublishedCase): Graphs {
  const setting = recipeOf(row).cuda_graph;
  if (setting) return graphsOf(setting);
  return /partial CUDA graphs/i.test(row.notes ?? "") ? "partial" : "none";
}

function recipeState(row: PublishedCase): CaseFlags["recipe"] {
  if (row.recipe) return "attached";
  return Object.keys(recipeOf(row)).length > 0 ? "inherited" : "unknown";
}

/**
 * What SimuMax's launch scripts set beside the table (4dcaae5, simu_tools/megatron_scripts/scripts):
 * 16 key heads for Llama 405B, and for DeepSeek a capacity of 1, filled up.
 */
function asLaunched({ source }: PublishedCase, sizes: Sizes, plan: Plan): [Sizes, Plan] {
  if (source.ref !== "MooreThreads/SimuMax") return [sizes, plan];
  const heads = /405B/.test(sizes.name) ? { kvHeads: 16 } : {};
  return [
    { ...sizes, attention: { ...sizes.attention, ...heads } },
    sizes.moe ? { ...plan, capacityFactor: 1 } : plan,
  ];
}

/**
 * The description of a row of training, or why there is none.
 *
 * @example
 * ```ts
 * import { describeCase, loadCases } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const row = (await loadCases()).find((r) => r.id === "mb-26.04-kimi_k2-gb300-mxfp8-164")!;
 * const described = describeCase(row);
 * if ("unsupported" in described) throw new Error(described.unsupported);
 * assertEquals(described.cluster, "gb300:256");
 * assertEquals(described.plan.stageLayers?.map((chunks) => chunks[3]), [4, 4, 4, 1]);
 * ```
 */
export function describeCase(row: PublishedCase): CaseDescription | UnsupportedCase {
  if (/lora/i.test(row.workload.task ?? "")) {
    return { unsupported: "low-rank adaptation keeps the weights, which no plan can say" };
  }
  const sizes = caseSizes(row);
  if (typeof sizes === "string") return { unsupported: sizes };
  // Families fill what the row leaves out, and the plan divides the layers that they give.
  const plan = casePlan({ ...row, workload: { ...row.workload, layers: sizes.layers } });
  if (typeof plan === "string") return { unsupported: plan };
  const device = deviceOf(row.hardware.gpu);
  if (device === undefined) return { unsupported: `the device ${row.hardware.gpu} is unknown` };
  const devices = row.hardware.n_gpus!;
  const rules = sourceRules(row);
  const [launchedSizes, launchedPlan] = asLaunched(row, sizes, plan);
  return {
    sizes: launchedSizes,
    plan: launchedPlan,
    cluster: `${rules.devices?.[device] ?? device}:${devices}`,
    devices,
    workload: { sequence: row.workload.seq_len!, routing: routingOf(row), causal: true },
    stack: stackOf(row),
    flags: {
      graphs: graphsOfCase(row),
      a2aOverlap: plan.overlap.experts === "batches",
      optimizer: /muon/i.test(row.notes ?? "") ? "muon" : "adam",
      recipe: recipeState(row),
    },
    assumed: rules.assumed,
  };
}
