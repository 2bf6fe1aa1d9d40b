/**
 * The plan of a row: what it prints, its recipe, and what its source leaves unsaid.
 *
 * @module
 */
import type { Overlap, Plan, RecomputeModule, ScheduleName } from "../../sim/plan/plan.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { trainingCategories } from "./case.ts";
import type { CaseRecipe, PublishedCase } from "./case.ts";
import {
  dispatcherOf,
  precisionOf,
  recomputeModulesOf,
  recomputeOf,
  zeroOf,
} from "./case_words.ts";
import { recipeOf } from "./recipes.ts";
import type { SourceRules } from "./source.ts";
import { sourceRules } from "./source_rules.ts";
import { stageLayers } from "./stage_layers.ts";

/** The largest divisor of `n` up to `most`. */
function largestDivisor(n: number, most: number): number {
  for (let d = Math.min(n, most); d > 1; d--) if (n % d === 0) return d;
  return 1;
}

function chunksOf(row: PublishedCase, pp: number, rules: SourceRules): number {
  if (pp === 1) return 1;
  if (row.plan.vpp !== undefined) return row.plan.vpp;
  const stage = row.workload.layers! / pp;
  // Sources that print a schedule without chunks say so in `interleaved`, or never print chunks.
  const hidden = rules.id === "mpfold" || /^yes/.test(row.plan.interleaved ?? "");
  return hidden && Number.isInteger(stage) ? largestDivisor(stage, rules.chunksUpTo) : 1;
}

function scheduleOf(row: PublishedCase, vpp: number): ScheduleName {
  const words = row.plan.schedule?.toLowerCase() ?? "";
  if (/dualpipe/.test(words)) return "dualpipe";
  if (/gpipe/.test(words)) return "gpipe";
  return vpp > 1 ? "interleaved" : "1f1b";
}

function overlapOf(
  row: PublishedCase,
  options: { rules: SourceRules; recipe: CaseRecipe; zero: Plan["zero"] },
): Overlap {
  const { rules, recipe, zero } = options;
  const off = /overlap features off/.test(row.plan.overlap ?? "");
  const a2a = recipe.a2a_overlap ?? /A2A overlap/.test(row.notes ?? "");
  return {
    ...rules.overlap,
    // Every implementation of stage 3 gathers the next layer beside the present one.
    ...(zero === 3 && { gradients: true, parameters: true }),
    experts: a2a ? "batches" : rules.overlap.experts,
    ...(off && { gradients: false, parameters: false, tensor: false, pipeline: false }),
  };
}

function recomputationOf(
  row: PublishedCase,
  options: { rules: SourceRules; recipe: CaseRecipe },
): Plan["recompute"] {
  const { rules, recipe } = options;
  if (recipe.recompute_modules) return recomputeModulesOf(recipe.recompute_modules);
  const noted = /recompute ([\w+ ]+)/.exec(row.notes ?? "");
  return recomputeOf(row.workload.recompute) ??
    (noted ? recomputeOf(`selective ${noted[1].replaceAll("+", ", ")}`) : undefined) ??
    rules.recompute ?? "none";
}

/** Modules alone where only some exist: latent up-projections without latent attention mean none. */
function existing(row: PublishedCase, recompute: Plan["recompute"]): Plan["recompute"] {
  if (typeof recompute === "string") return recompute;
  const { workload } = row;
  const absent = (m: RecomputeModule) =>
    (m === "mla_up" && workload.kv_lora === undefined) ||
    (m === "experts" && workload.experts === undefined) ||
    (m === "shared_experts" && !workload.shared_experts);
  const kept = recompute.filter((m) => !absent(m));
  return kept.length === 0 ? "none" : kept;
}

/** The capacity factor of rows that drop tokens; 1 where it is not printed. */
function capacityOf(routing: string | undefined): number | undefined {
  if (!/token ?drop/i.test(routing ?? "")) return undefined;
  return Number(/capacity factor ([\d.]+)/.exec(routing!)?.[1] ?? 1);
}

/** Layers by stage and chunk, nothing where they are even, or what is wrong with the layout. */
function layersOf(row: PublishedCase, options: Parameters<typeof stageLayers>[1]) {
  try {
    return stageLayers(row.workload.layers!, options);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** The plan of a row, or what it lacks or contradicts. */
export function casePlan(row: PublishedCase): Plan | string {
  const { workload: w, plan: p, hardware } = row;
  if (!trainingCategories.includes(row.category)) return `${row.category} is no training step`;
  const rules = sourceRules(row);
  const recipe = recipeOf(row);
  const [tp, pp, cp, ep] = [p.tp ?? 1, p.pp ?? 1, p.cp ?? 1, p.ep ?? 1].map(Number);
  const world = hardware.n_gpus;
  if (!world) return "the number of devices is not printed";
  if (w.gbs === undefined) return "the batch of a step is not printed";
  if (w.experts !== undefined && p.ep === undefined) return "the plan is not printed";
  const dp = world / (tp * pp * cp);
  if (!Number.isInteger(dp)) {
    return `${world} devices are no multiple of TP ${tp} CP ${cp} PP ${pp}`;
  }
  const zero = recipe.fsdp === true ? 3 : zeroOf(p.zero) ?? rules.zero;
  const etp = w.experts === undefined ? 1 : p.etp ?? (rules.id === "mpfold" ? tp : 1);
  if (!Number.isInteger(world / pp / (ep * etp))) {
    return `a stage of ${world / pp} devices holds no EP ${ep} ETP ${etp}`;
  }
  const microBatch = w.mbs ?? (rules.microBatch === "whole" ? w.gbs / dp : 1);
  if (!Number.isInteger(w.gbs / (dp * microBatch))) {
    return `${w.gbs} sequences are no multiple of DP ${dp} times ${microBatch}`;
  }
  const precision = precisionOf(w.precision);
  if (precision === undefined) return `the format ${w.precision} is unknown`;
  const vpp = chunksOf(row, pp, rules);
  const capacityFactor = capacityOf(w.routing);
  const schedule = scheduleOf(row, vpp);
  const layout = p.pp_layout ?? recipe.pp_layout;
  const layers = layersOf(row, { pp, vpp, schedule, layout });
  if (typeof layers === "string") return layers;
  const group = Number(/group (\d+)/.exec(p.zero ?? "")?.[1] ?? dp * cp);
  return {
    tp,
    cp,
    dp,
    pp,
    vpp,
    ep,
    etp,
    sequenceParallel: p.sp ?? (rules.sequenceParallel && tp > 1),
    contextExchange: /CP a2a/.test(p.overlap ?? "") ? "a2a" : "p2p",
    zero,
    ...(group !== dp * cp && { shardRanks: group }),
    schedule,
    ...(layers && { stageLayers: layers }),
    microBatch,
    globalBatch: w.gbs,
    recompute: existing(row, recomputationOf(row, { rules, recipe })),
    offload: { optimizer: 0, activationLayers: recipe.cpu_offloading_num_layers ?? 0 },
    precision,
    formats: {
      ...rules.formats,
      ...(/BF16 moments/.test(p.zero ?? "") && { moments: "bf16" as const }),
    },
    dispatcher: dispatcherOf(recipe.dispatcher ?? w.dispatcher) ?? rules.dispatcher ??
      "all-to-all",
    overlap: overlapOf(row, { rules, recipe, zero }),
    ...(capacityFactor !== undefined && { capacityFactor }),
  };
}
