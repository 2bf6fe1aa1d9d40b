/**
 * Which layers have experts (survey, arXiv 2407.06204, section 4.2.2, frequency), as rows of a table.
 *
 * @module
 */
import { unknownName, UserError } from "../../kernels/base/errors.ts";
import type { ExpertPlacement } from "../spec/model.ts";

/** A way to place experts. */
export interface PlacementRecipe {
  /** Lower case with hyphens. */
  id: string;
  /** What it is called. */
  name: string;
  /** arXiv id of a work that places them so, null where there is none. */
  arxiv: string | null;
  /** Section of the survey. */
  section: string;
  /** What is special about it, in a sentence. */
  idea: string;
  /** The fewest layers that it makes sense for. */
  layers: number;
  /** The placement in a model of so many layers, with so many experts where they are most. */
  place(layers: number, experts: number): ExpertPlacement;
  /** What no source confirms: defaults of this suite. */
  unverified?: Readonly<Record<string, string>>;
}

const list = (layers: number, wanted: (layer: number) => boolean): ExpertPlacement => ({
  kind: "list",
  layers: Array.from({ length: layers }, (_, layer) => layer).filter(wanted),
});

const every = (step: number) => (): ExpertPlacement => ({ kind: "every", step, offset: step - 1 });

/** Half the experts in the first half of the layers, all of them in the second. */
function pyramid(layers: number, experts: number): ExpertPlacement {
  const all = Array.from({ length: layers }, (_, layer) => layer);
  const middle = Math.floor(layers / 2);
  const groups = [
    { layers: all.slice(0, middle), experts: experts / 2 },
    { layers: all.slice(middle), experts },
  ];
  return { kind: "pyramid", groups };
}

const frequency = { section: "4.2.2" } as const;

/** All ways. */
export const placementRecipes: readonly PlacementRecipe[] = [
  {
    ...{ ...frequency, id: "every-layer", name: "1/1", arxiv: "2401.04088", layers: 1 },
    idea: "Experts in every layer, as since Mixtral.",
    place: every(1),
  },
  {
    ...{ ...frequency, id: "every-second", name: "1/2", arxiv: "2006.16668", layers: 2 },
    idea: "Experts in every second layer, as in GShard.",
    place: every(2),
  },
  {
    ...{ ...frequency, id: "every-fourth", name: "1/4", arxiv: "2202.08906", layers: 4 },
    idea: "Experts in every fourth layer, as in ST-MoE.",
    place: every(4),
  },
  {
    ...{ ...frequency, id: "all-but-first", name: "all but the first", arxiv: "2401.06066" },
    ...{ layers: 2, idea: "The first layer is dense, where balance comes slowly: DeepSeekMoE." },
    place: () => ({ kind: "after", first: 1 }),
  },
  {
    ...{ ...frequency, id: "pyramid", name: "pyramid", arxiv: "2201.05596", layers: 2 },
    idea: "More experts in the last layers: PR-MoE of DeepSpeed-MoE.",
    place: pyramid,
    unverified: { place: "half the experts in the first half of the layers" },
  },
  {
    ...{ ...frequency, id: "last-even", name: "last even layers", arxiv: "2106.05974", layers: 4 },
    idea: "The last two even layers alone: V-MoE.",
    place: (layers) => list(layers, (layer) => layer % 2 === 1 && layer >= layers - 4),
    unverified: { place: "the last two" },
  },
  {
    ...{ ...frequency, id: "first-half", name: "first half", arxiv: "2401.15947", layers: 2 },
    idea: "The first half of the layers, which MoE-LLaVA compares with alternating ones.",
    place: (layers) => list(layers, (layer) => layer < Math.floor(layers / 2)),
  },
  {
    ...{ ...frequency, id: "second-half", name: "second half", arxiv: "2401.15947", layers: 2 },
    idea: "The second half of the layers, which MoE-LLaVA compares with alternating ones.",
    place: (layers) => list(layers, (layer) => layer >= Math.floor(layers / 2)),
  },
  {
    ...{ ...frequency, id: "irregular", name: "irregular", arxiv: "2306.00008", layers: 4 },
    idea: "No rhythm: Brainformers searched which layers are what.",
    place: (layers) => list(layers, (layer) => [0, 3].includes(layer % 5)),
    unverified: { place: "of five layers the first and the fourth" },
  },
];

/**
 * The way of that id.
 *
 * @throws {UserError} that names the nearest id.
 */
export function placementById(id: string): PlacementRecipe {
  const found = placementRecipes.find((recipe) => recipe.id === id);
  if (found === undefined) {
    throw unknownName("placement of experts", id, placementRecipes.map((recipe) => recipe.id));
  }
  return found;
}

/**
 * The placement of a recipe in a model.
 *
 * @throws {UserError} where the model has too few layers.
 *
 * @example
 * ```ts
 * import { placementIn, placementById } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const half = placementById("second-half");
 * assertEquals(placementIn(half, { layers: 4, experts: 8 }), { kind: "list", layers: [2, 3] });
 * ```
 */
export function placementIn(
  { id, layers: least, place }: PlacementRecipe,
  { layers, experts }: { layers: number; experts: number },
): ExpertPlacement {
  if (layers < least) {
    throw new UserError(
      `Cannot place experts "${id}" in ${layers} layers: wanted ${least} or more`,
    );
  }
  return place(layers, experts);
}
