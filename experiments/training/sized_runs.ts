/**
 * Models that are equal in FLOP a token or in parameters, one for each recipe: the width of the
 * experts makes up for what routers use.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { GateShape } from "../../core/gates/gate.ts";
import { fittingExperts } from "../../core/gates/check.ts";
import type { GateRecipe } from "../../core/gates/recipe.ts";
import type { Objective } from "../../core/train/data/corpus.ts";
import { denseProbe, probeModel, type ProbeSizes } from "./probe_model.ts";
import type { FinishedRun, RouterRun, TrainingSettings } from "./router_run.ts";
import { type Equal, fitWidth, layerFlopsOf, layerParameters } from "./sizing/layer_size.ts";
import { planLayer } from "./sizing/plan_layer.ts";

/** The model that all others are made equal to, and how all are trained. */
export interface Arena {
  /** Around the experts. */
  sizes: ProbeSizes;
  /** Experts of a layer. */
  experts: number;
  /** Width of an expert of the control. */
  width: number;
  /** The control: the recipe that the others are made equal to and held against. */
  control: GateRecipe;
  /** How all are trained. */
  training: TrainingSettings;
}

/** What of an arena is run. */
export interface Contest {
  /** In what the models are equal. */
  equal: Equal;
  /** What they are trained for. */
  objective: Objective;
  /** Seeds. */
  seeds: readonly number[];
  /** Experts of a layer; the arena's where absent. */
  experts?: number;
}

/** A run, or a recipe that no model of the arena can have. */
export type SizedRun = RouterRun | FinishedRun;

/** Widths are at most so many times that of the control. */
const WIDEST = 16;

const gateShape = (arena: Arena, experts: number): GateShape => {
  const { sizes: { dModel, layers, vocab }, training } = arena;
  const { sequences, length, domains, steps } = training;
  return {
    ...{ dModel, experts, topK: 2, tokens: sequences * length, length, vocabulary: vocab },
    ...{ tags: domains, layer: 0, layers, steps },
  };
};

/** What a layer of the control has of what all are equal in. */
function wantedOf(arena: Arena, equal: Equal): number {
  const plan = planLayer(arena.control, gateShape(arena, arena.experts));
  return (equal === "flops" ? layerFlopsOf : layerParameters)(plan, arena.width);
}

/** The number of experts nearest to what is wanted with which a recipe runs, or why none does. */
function expertsFor(arena: Arena, recipe: GateRecipe, contest: Contest): number | string {
  const { objective, experts = arena.experts } = contest;
  const { tokens, length, vocabulary, tags } = gateShape(arena, experts);
  const use = { experts, causal: objective === "next", tokens, length, vocabulary, tags };
  try {
    return fittingExperts(recipe, use);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** A recipe and the width of its experts. */
interface Fitted {
  recipe: GateRecipe;
  width: number;
}

/**
 * Makes a recipe equal to the control. Soft slots cost so little that no width makes up for it: they
 * keep the control's width and get more slots instead, as their authors do (arXiv 2308.00951).
 */
function fitRecipe(
  arena: Arena,
  recipe: GateRecipe,
  sized: { equal: Equal; experts: number },
): Fitted {
  const { equal, experts } = sized;
  const { select } = recipe;
  const shape = gateShape(arena, experts);
  const wanted = wantedOf(arena, equal);
  if (equal === "flops" && select.kind === "slots") {
    const withSlots = (perExpert: number) => ({ ...recipe, select: { ...select, perExpert } });
    const of = (slots: number) => layerFlopsOf(planLayer(withSlots(slots), shape), arena.width);
    // A slot costs the same, however many there are.
    const slots = Math.round(1 + (wanted - of(1)) / (of(2) - of(1)));
    return { recipe: withSlots(Math.max(1, slots)), width: arena.width };
  }
  const plan = planLayer(recipe, shape);
  return { recipe, width: fitWidth(plan, { equal, wanted, most: WIDEST * arena.width }).width };
}

/** The runs of a recipe, one a seed, equal to the control as the contest says. */
export function sizedRuns(arena: Arena, recipe: GateRecipe, contest: Contest): SizedRun[] {
  const { sizes, training } = arena;
  const { equal, objective, seeds } = contest;
  const found = expertsFor(arena, recipe, contest);
  const refused = typeof found === "string" ? found : undefined;
  const experts = typeof found === "string" ? arena.experts : found;
  const fitted = refused === undefined
    ? fitRecipe(arena, recipe, { equal, experts })
    : { recipe, width: arena.width };
  const { width } = fitted;
  const model = probeModel(sizes, { experts, topK: 2, width, shared: recipe.shared });
  const id = `${recipe.id}/${equal}/${objective}`;
  return seeds.map((seed) => {
    const run = { id, name: recipe.name, recipe: fitted.recipe, model, objective, seed, training };
    return refused === undefined ? run : { run, outcome: { refused } };
  });
}

/** The dense model with the control's FLOP a token: its networks are as wide as two experts. */
export function denseRuns(arena: Arena, { objective, seeds }: Omit<Contest, "equal">): RouterRun[] {
  const { sizes, training, width } = arena;
  const model = denseProbe(sizes, 2 * width);
  const id = `dense-twin/flops/${objective}`;
  return seeds.map((seed) => ({ id, name: "dense network", model, objective, seed, training }));
}
