/**
 * From a row of the table of recipes to a gate that runs:
 *
 *     score   logits of each token, noise in training
 *     select  the experts it wants
 *     weigh   what each of them counts
 *     cap     those that found room
 *     balance losses, and what controllers remember
 *
 * Weights belong to what was wanted: a token whose second expert had no room keeps the weight of its
 * first as it was, and gets less in all (GShard, arXiv 2006.16668). Experts that do nothing are no
 * choice at all; the others share their weight (AdaMoE, arXiv 2406.13233).
 *
 * @module
 */
import type { Balanced } from "../losses/run.ts";
import type { BalanceSpec } from "../losses/specs.ts";
import { applyBalance, balanceStates } from "../losses/table.ts";
import { applyCap } from "./cap/cap.ts";
import type { Dispatch, Gate, Gated, GateRun, GateShape } from "./gate.ts";
import type { GateRecipe } from "./recipe.ts";
import { scoreParameters, scoreTokens, similaritiesOf } from "./score/score.ts";
import type { Scored, Selected } from "./select/run.ts";
import { selectorOf } from "./select/table.ts";
import { presence, shareOfRow } from "./shorthand.ts";
import { type Weigher, weigherOf } from "./weigh/weigh.ts";
import { expertRanges, onlyBelow, zeroExpertOutput, zeroExpertParameters } from "./zero_experts.ts";

/** The choices of a token that a recipe makes among E experts: columns of what its gate gives. */
export function choicesOf(recipe: GateRecipe, shape: GateShape): number {
  return selectorOf(recipe.select).choices(recipe.select, shape, recipe);
}

/**
 * The gate of a recipe. `shape.topK` is what the recipe says, whatever a run's shape holds.
 *
 * @example
 * ```ts
 * import { gateOf, hostArrays, hostIndices, hostMatrix, recipeById } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const gate = gateOf(recipeById("switch"));
 * const shape = {
 *   ...{ dModel: 2, experts: 2, topK: 1, tokens: 2, length: 2, vocabulary: 4, tags: 1 },
 *   ...{ layer: 0, layers: 1 },
 * };
 * const ids = hostIndices([2, 1], [0, 0]);
 * const { dispatch } = gate.route({
 *   g: hostArrays({ seed: 1 }),
 *   w: { router: hostMatrix([2, 2], [1, 0, 0, 1]) },
 *   state: {},
 *   shape,
 *   input: { x: hostMatrix([2, 2], [3, 0, 0, 3]), tokens: ids, before: ids, tags: ids },
 *   training: false,
 * });
 * assertEquals(dispatch.kind === "choice" && [...dispatch.ids.data], [0, 1]);
 * ```
 */
export function gateOf(recipe: GateRecipe): Gate {
  const { score, select, weigh } = recipe;
  const selector = selectorOf(select);
  const weigher = weigherOf(weigh);
  const sized = (shape: GateShape) => ({ ...shape, topK: choicesOf(recipe, shape) });
  return {
    parameters: (shape) => ({
      ...scoreParameters(score, shape),
      ...selector.parameters?.(select, sized(shape), recipe),
      ...zeroExpertParameters(recipe, shape),
    }),
    states: (shape) => ({
      ...selector.states?.(select, sized(shape), recipe),
      ...balanceStates(recipe.balance, sized(shape)),
    }),
    route<A, I>(given: GateRun<A, I>): Gated<A, I> {
      const run = { ...given, shape: sized(given.shape) };
      const scored = scoreTokens(run, score);
      const values = scored && weigher.values?.(run.g, scored.logits);
      const selected = selector.select({ ...run, spec: select, recipe, scored, values });
      return finish({ run, recipe, weigher, scored, values, selected });
    },
  };
}

/** What the first stages gave. */
interface Stages<A, I> {
  run: GateRun<A, I>;
  recipe: GateRecipe;
  weigher: Weigher;
  scored?: Scored<A>;
  values?: A;
  selected: Selected<A, I>;
}

/** Weighs, drops and balances. */
function finish<A, I>(stages: Stages<A, I>): Gated<A, I> {
  const { run, recipe, scored, selected } = stages;
  const shares = sharesOf(stages);
  const placed = selected.dispatch === undefined && selected.ids !== undefined
    ? place(stages, selected.ids)
    : undefined;
  const dispatch = selected.dispatch ?? placed?.dispatch;
  if (dispatch === undefined) {
    throw new RangeError(`The choice "${recipe.select.kind}" gave neither experts nor a dispatch`);
  }
  const balanced = balance(stages, placed, selected.scores ? undefined : shares);
  return {
    dispatch,
    ...(scored && isByExpert(run, scored.clean) && { logits: scored.clean }),
    ...(shares && { scores: shares }),
    ...(selected.ids === undefined ? {} : { wanted: selected.ids }),
    ...placed?.output,
    ...(selected.logProbability && { logProbability: selected.logProbability }),
    losses: [...balanced.losses, ...(selected.losses ?? [])],
    state: run.training ? { ...balanced.state, ...selected.state } : {},
  };
}

/** Choices with their weights, and who found room. */
interface Placed<A, I> {
  dispatch: Dispatch<A, I>;
  /** Weights of what was wanted, [T, E]. */
  gates: A;
  /** Choices that found room, [T, K]. */
  kept: I;
  /** What experts without a network give. */
  output: Pick<Gated<A, I>, "copied" | "added">;
}

function place<A, I>(
  { run, recipe, weigher, scored, values, selected }: Stages<A, I>,
  ids: I,
): Placed<A, I> {
  const { g, shape } = run;
  const { experts } = shape;
  const ranges = expertRanges(recipe, experts);
  const weighed = onlyBelow(run, selected.weighed ?? ids, ranges.null);
  const { weights: given, values: own = values } = selected;
  const spec = recipe.weigh;
  const everyone = selected.values === undefined && ranges.null === experts &&
    selectorOf(recipe.select).full;
  const share = weigher.weights({
    ...{ g, spec, shape, ids: weighed, values: own, weights: given },
    full: everyone ? scored?.logits : undefined,
  });
  const wanted = recipe.scale === undefined ? share : g.scale(share, recipe.scale);
  const gates = g.put(wanted, weighed, experts);
  const zero = experts - ranges.networks;
  const { cap } = recipe;
  const kept = cap === undefined
    ? ids
    : applyCap({ g, spec: cap, shape, ids, gates, zero, training: run.training });
  const served = onlyBelow(run, kept, ranges.null);
  const masked = (weights: A, by: I) => g.map("multiply", weights, presence(g, by, experts));
  const weights = served === weighed ? wanted : masked(wanted, served);
  if (ranges.networks === ranges.null) {
    return { dispatch: { kind: "choice", ids: served, weights }, gates, kept, output: {} };
  }
  const networks = onlyBelow(run, kept, ranges.networks);
  return {
    dispatch: { kind: "choice", ids: networks, weights: masked(weights, networks) },
    ...{ gates, kept },
    output: zeroExpertOutput(run, g.put(weights, served, experts), ranges),
  };
}

/** Whether logits are [T, E]; those of several heads are not. */
function isByExpert<A, I>({ g, shape }: GateRun<A, I>, logits: A): boolean {
  return g.shapeOf(logits)[1] === shape.experts;
}

/** Scores whose rows sum to 1 or less. */
function sharesOf<A, I>({ run, weigher, values, selected }: Stages<A, I>): A | undefined {
  if (selected.scores !== undefined || values === undefined) return selected.scores;
  return weigher.shares ? values : shareOfRow(run.g, values);
}

/** Losses and controllers of the recipe. */
function balance<A, I>(
  stages: Stages<A, I>,
  placed: Placed<A, I> | undefined,
  shares: A | undefined,
): Balanced<A> {
  const { run, recipe, scored, selected, values } = stages;
  const { g, w, shape } = run;
  const scores = selected.scores ?? values;
  const reads = (kind: BalanceSpec["kind"]) => recipe.balance.some((spec) => spec.kind === kind);
  const { losses, state: moved } = applyBalance(recipe.balance, {
    ...{ g, shape, input: run.input, state: run.state, training: run.training },
    zero: shape.experts - expertRanges(recipe, shape.experts).networks,
    ...(scored && isByExpert(run, scored.logits) && { logits: scored.logits }),
    ...(scored && reads("x-moe") && { similarities: similaritiesOf(run, recipe.score, scored) }),
    ...(scored?.deviation && { noise: { noisy: scored.logits, deviation: scored.deviation } }),
    ...(scores && { scores }),
    ...(shares && { shares }),
    ...(selected.ids === undefined ? {} : { wanted: selected.ids }),
    ...(placed && { gates: placed.gates, kept: placed.kept }),
    ...(w.experts && { representations: w.experts }),
  });
  const { lossFactor } = selected;
  if (lossFactor === undefined) return { losses, state: moved };
  const scaled = losses.map(({ name, value }) => ({
    ...{ name, value: g.map("multiply", value, lossFactor) },
  }));
  return { losses: scaled, state: moved };
}
