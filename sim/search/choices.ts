/**
 * The values that a search tries for each field of a plan.
 *
 * The space is the product of all lists, whether its plans hold or not; `dp` follows from the world.
 * Lists are ordered: where of several values one is never worse, it comes first.
 *
 * @module
 */
import { scheduleNames } from "../pipeline/schedule.ts";
import {
  contextExchanges,
  dispatchers,
  expertOverlaps,
  type Plan,
  type Precision,
  precisions,
  type RecomputeModule,
  recomputeModules,
} from "../plan/plan.ts";
import { formats } from "../cost/formats.ts";
import { kindOf } from "../cost/layout.ts";
import type { Sizes } from "../cost/sizes.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import type { SearchSite } from "./problem.ts";
import { withRowFormats } from "./row_formats.ts";

/** The numbers that divide another, ascending. */
export function divisorsOf(n: number): number[] {
  const low: number[] = [];
  const high: number[] = [];
  for (let d = 1; d * d <= n; d++) {
    if (n % d !== 0) continue;
    low.push(d);
    if (d * d < n) high.unshift(n / d);
  }
  return [...low, ...high];
}

/** The parts of a model's layers that can be computed again on their own. */
export function modulesOf(sizes: Sizes): RecomputeModule[] {
  const { moe, mtpLayers, attention } = sizes;
  const kinds = new Set(Array.from({ length: sizes.layers }, (_, i) => kindOf(i, sizes)));
  const mixture = kinds.has("moe") || (moe !== undefined && mtpLayers > 0);
  const has: Readonly<Record<RecomputeModule, boolean>> = {
    norm: true,
    attention_core: true,
    mla_up: attention.latent !== undefined,
    activation: true,
    ffn: kinds.has("dense"),
    experts: mixture,
    shared_experts: mixture && (moe?.sharedWidth ?? 0) > 0,
  };
  return recomputeModules.filter((module) => has[module]);
}

/** Nothing, everything, and all sets of modules, small ones first. */
function recomputations(sizes: Sizes): Plan["recompute"][] {
  const modules = modulesOf(sizes);
  const sets = Array.from(
    { length: 2 ** modules.length - 1 },
    (_, bits) => modules.filter((_, i) => (bits + 1) >> i & 1),
  );
  return ["none", ...sets.sort((a, b) => a.length - b.length), "full"];
}

/** Formats of rows of tokens: 8 bits where the device has them, and 16. */
function usualRowFormats({ profile }: SearchSite): (Precision | undefined)[] {
  return profile.precisions?.fp8 ? ["fp8", undefined] : [undefined];
}

/** Formats of products that the device has laws for; all peaks where it has no law of its own. */
function productFormats({ profile }: SearchSite): Precision[] {
  const laws = precisions.filter((name) => profile.precisions?.[name]);
  if (laws.length > 0) return laws;
  return precisions.filter((name) => profile.peakFlopsPerSecond[formats[name].peak]);
}

function usualChoices(site: SearchSite): ChoiceLists {
  const { sizes, devices, problem: { globalBatch } } = site;
  const { moe } = sizes;
  const world = divisorsOf(devices);
  const both = [true, false];
  return {
    tp: world,
    cp: world,
    pp: world,
    etp: moe ? world : [1],
    ep: moe ? divisorsOf(moe.experts) : [1],
    microBatch: divisorsOf(globalBatch),
    vpp: Array.from({ length: sizes.layers }, (_, i) => i + 1),
    sequenceParallel: both,
    contextExchange: contextExchanges,
    schedule: scheduleNames,
    recompute: recomputations(sizes),
    zero: [0, 1, 2, 3],
    shardRanks: [undefined],
    precision: productFormats(site),
    dispatch: moe ? usualRowFormats(site) : [undefined],
    // Rows are added up on their way back: in 16 bits, unless somebody asks for less.
    combine: [undefined],
    dispatcher: moe ? dispatchers : ["all-to-all"],
    ...{ gradients: both, parameters: both, tensor: both, pipeline: both },
    experts: moe
      ? expertOverlaps.filter((name) =>
        (name !== "shared" || moe.sharedWidth > 0) && (name !== "attention" || sizes.parallel)
      )
      : ["none"],
  };
}

const one = <T>(value: T | undefined): readonly T[] | undefined =>
  value === undefined ? undefined : [value];

/** Fields of a plan that are lists of their own; what else is held goes into every plan. */
const plainFields = [
  ...["tp", "cp", "pp", "vpp", "ep", "etp", "microBatch", "sequenceParallel"] as const,
  ...["contextExchange", "schedule", "recompute", "zero", "shardRanks"] as const,
  ...["precision", "dispatcher"] as const,
];

/** Formats of rows, the narrowest first. */
function narrowFirst(list: readonly (Precision | undefined)[]): (Precision | undefined)[] {
  const bytes = (name: Precision | undefined) => formats[name ?? "bf16"].bytes;
  return [...list].sort((a, b) => bytes(a) - bytes(b));
}

/**
 * The lists of a problem: the usual ones, those that it gives in their place, and single values where
 * it holds a field.
 */
export function choicesOf(site: SearchSite): ChoiceLists {
  const { fix = {}, choices = {} } = site.problem;
  const { overlap = {}, formats: held = {} } = fix;
  const fixed = Object.fromEntries(
    plainFields.filter((field) => fix[field] !== undefined).map((field) => [field, [fix[field]]]),
  );
  const parts = {
    dispatch: one(held.dispatch),
    combine: one(held.combine),
    gradients: one(overlap.gradients),
    parameters: one(overlap.parameters),
    tensor: one(overlap.tensor),
    pipeline: one(overlap.pipeline),
    experts: one(overlap.experts),
  };
  const given = Object.fromEntries(Object.entries(parts).filter(([, list]) => list));
  const lists: ChoiceLists = { ...usualChoices(site), ...choices, ...fixed, ...given };
  return {
    ...lists,
    dispatch: narrowFirst(lists.dispatch),
    combine: narrowFirst(lists.combine),
    tensor: [...lists.tensor].sort((a, b) => Number(b) - Number(a)),
  };
}

/** Formats of a plan with the first, and narrowest, of those of rows. */
export function rowFormats(base: Plan, lists: ChoiceLists): Plan["formats"] {
  return withRowFormats(base.formats, lists.dispatch[0], lists.combine[0]);
}

/** The number of plans in a product of lists. */
export function spaceOf(lists: ChoiceLists): bigint {
  return Object.values(lists).reduce((product, list) => product * BigInt(list.length), 1n);
}

/** Plans below one of the values of some fields. */
export function plansBelow(lists: ChoiceLists, chosen: readonly (keyof ChoiceLists)[]): number {
  return Object.entries(lists).reduce(
    (product, [field, list]) =>
      chosen.includes(field as keyof ChoiceLists) ? product : product * list.length,
    1,
  );
}
