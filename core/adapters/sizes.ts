/**
 * How many parameters a recipe trains in a base, and recipes that train equally many: the number that
 * a kind of adapters is free in (rank, width, places of a prefix, vectors, rows and columns) makes up
 * for gates and for the number of experts.
 *
 * @module
 */
import { sizeOf } from "../programs/program.ts";
import { type AdaptedModel, adapterPlaces, adapterTensors } from "./places.ts";
import type { AdapterPart, AdapterRecipe } from "./specs.ts";

/** Parameters that a recipe trains in a base, gates included, whatever the stage. */
export function adapterCount(adapted: AdaptedModel): number {
  return Object.values(adapterTensors(adapterPlaces(adapted)))
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** A part whose free number is n. */
function sizedPart(part: AdapterPart, n: number): AdapterPart {
  const { adapter } = part;
  switch (adapter.kind) {
    case "lora":
      return { ...part, adapter: { ...adapter, rank: n, alpha: n * adapter.alpha / adapter.rank } };
    case "bottleneck":
      return { ...part, adapter: { ...adapter, width: n } };
    case "prefix":
      return { ...part, adapter: { ...adapter, length: n } };
    case "rank-one":
      return { ...part, adapter: { ...adapter, inward: n, outward: n } };
    case "ia3":
      return { ...part, experts: n };
    case "full":
      return part;
  }
}

/** A recipe whose free numbers are all n. */
export function sizedAdapters(recipe: AdapterRecipe, n: number): AdapterRecipe {
  return { ...recipe, parts: recipe.parts.map((part) => sizedPart(part, n)) };
}

/** The free number of a recipe's first part, where it has one. */
export function adapterSize({ parts: [{ adapter, experts }] }: AdapterRecipe): number | undefined {
  switch (adapter.kind) {
    case "lora":
      return adapter.rank;
    case "bottleneck":
      return adapter.width;
    case "prefix":
      return adapter.length;
    case "rank-one":
      return adapter.inward;
    case "ia3":
      return typeof experts === "number" ? experts : undefined;
    case "full":
      return undefined;
  }
}

/** Kinds of which places of one part may have different sizes, since their gates do not depend on it. */
const split: readonly AdapterPart["adapter"]["kind"][] = ["lora", "bottleneck"];

/** A recipe of rank-one pairs with one vector more on a side, at all places. */
function sidedAdapters(recipe: AdapterRecipe, side: "inward" | "outward"): AdapterRecipe {
  const parts = recipe.parts.map((part) => {
    const { adapter } = part;
    if (adapter.kind !== "rank-one") return part;
    return { ...part, adapter: { ...adapter, [side]: adapter[side] + 1 } };
  });
  return { ...recipe, parts };
}

/**
 * A recipe whose first `more` places have n + 1 and the others n. A part becomes two of one name, which
 * share its gates.
 */
function spreadAdapters(recipe: AdapterRecipe, n: number, more: number): AdapterRecipe {
  let left = more;
  const parts = recipe.parts.flatMap((part) => {
    if (!split.includes(part.adapter.kind)) return [sizedPart(part, n)];
    const count = Math.min(left, part.sites.length);
    left -= count;
    return [
      { ...sizedPart(part, n + 1), sites: part.sites.slice(0, count) },
      { ...sizedPart(part, n), sites: part.sites.slice(count) },
    ].filter(({ sites }) => sites.length > 0);
  });
  return { ...recipe, parts };
}

/** Free numbers are not looked for beyond this. */
const MOST = 4096;

/**
 * The recipe whose number of trained parameters is nearest to a budget, the smaller of two: where a whole
 * rank or width for all places is too coarse, the first places have one more. Full tuning has no free
 * number and stays as it is.
 *
 * @example As many parameters as LoRA of rank 4 has
 * ```ts
 * import { adapterById, adapterCount, fitAdapters, modelPreset } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const ffn = { width: 64, activation: "swiglu", bias: false } as const;
 * const model = { ...modelPreset("tiny"), layers: 2, moe: undefined, ffn };
 * const base = { model, sequences: 2, length: 16, tags: 4 };
 * const budget = adapterCount({ ...base, recipe: adapterById("lora") });
 * const recipe = fitAdapters({ ...base, recipe: adapterById("lora") }, 2 * budget);
 * assertEquals(recipe.parts[0].adapter, { kind: "lora", rank: 8, alpha: 16 });
 * ```
 */
export function fitAdapters(adapted: AdaptedModel, budget: number): AdapterRecipe {
  const { recipe } = adapted;
  if (recipe.parts.every(({ adapter }) => adapter.kind === "full")) return recipe;
  const countOf = (n: number) => adapterCount({ ...adapted, recipe: sizedAdapters(recipe, n) });
  let [low, high] = [1, 2];
  while (high < MOST && countOf(high) < budget) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (countOf(middle) <= budget) low = middle;
    else high = middle;
  }
  const places = recipe.parts.filter(({ adapter }) => split.includes(adapter.kind))
    .reduce((sum, { sites }) => sum + sites.length, 0);
  const candidates = [
    ...Array.from({ length: places + 1 }, (_, more) => spreadAdapters(recipe, low, more)),
    sidedAdapters(sizedAdapters(recipe, low), "inward"),
    sidedAdapters(sizedAdapters(recipe, low), "outward"),
    sizedAdapters(recipe, high),
  ];
  const off = candidates.map((one) => Math.abs(adapterCount({ ...adapted, recipe: one }) - budget));
  return candidates[off.indexOf(Math.min(...off))];
}
