/**
 * The K best, of all experts or of the best groups of them.
 *
 * @module
 */
import type { Arrays } from "../../arrays/arrays.ts";
import type { GateShape, GateTensor } from "../gate.ts";
import { LOWEST, marks, nameInLayer, numberOf, onesOf, type SpecOf } from "../shorthand.ts";
import type { Selector, SelectRun } from "./run.ts";
import type { SelectSpec } from "./specs.ts";

/** What keeps the K best from being chosen. */
export function tooMany(k: number, of: number, what: string): string | undefined {
  if (Number.isInteger(k) && k >= 1 && k <= of) return undefined;
  return `The best ${k} of ${of} ${what} were chosen, wanted 1 to ${of}`;
}

/** What keeps E experts from being split into `groups` of one size. */
export function unevenGroups(groups: number, { experts }: GateShape): string | undefined {
  if (Number.isInteger(groups) && groups >= 1 && experts % groups === 0) return undefined;
  let fitting = Math.min(Math.max(1, Math.round(groups)), experts);
  while (experts % fitting !== 0) fitting--;
  return `${experts} experts were split into ${groups} equal groups; wanted a divisor of ${experts}` +
    ` such as ${fitting}`;
}

/** Logits; a choice that needs them is refused before it comes here without. */
export function logitsOf<A, I>({ scored, spec }: SelectRun<A, I>): A {
  if (scored === undefined) throw new RangeError(`A choice "${spec.kind}" found no scores`);
  return scored.logits;
}

/** Scores plus the bias that serves the choice alone: arXiv 2408.15664. */
function biased<A, I>(run: SelectRun<A, I>, bias: boolean | undefined): A {
  const scores = run.values ?? logitsOf(run);
  return bias ? run.g.map("add", scores, run.state.bias) : scores;
}

function biasState(bias: boolean | undefined, { experts }: GateShape): Record<string, GateTensor> {
  return bias ? { bias: { shape: [1, experts], init: "zeros" } } : {};
}

/** The K best. */
export const topKSelect: Selector<SpecOf<SelectSpec, "top-k">> = {
  choices: ({ k }) => k,
  full: true,
  states: ({ bias }, shape) => biasState(bias, shape),
  refusal: ({ k, skip = 0 }, { experts }) =>
    tooMany(k, experts - skip, skip === 0 ? "experts" : `experts after the best ${skip}`),
  select(run) {
    const { g, spec: { k, bias, skip = 0 }, shape: { experts } } = run;
    const from = bias ? biased(run, true) : logitsOf(run);
    if (skip === 0) return { ids: g.topK(from, k) };
    const best = marks(g, g.topK(from, skip), experts);
    return { ids: g.topK(g.map("select", best, numberOf(g, LOWEST), from), k) };
  },
};

/**
 * The K best of the best groups: devices (DeepSeek-V2, arXiv 2405.04434, a group's best score) or
 * nodes (DeepSeek-V3, arXiv 2412.19437, the sum of its best two, bias included).
 */
export const limitedSelect: Selector<SpecOf<SelectSpec, "limited">> = {
  choices: ({ k }) => k,
  full: true,
  states: ({ bias }, shape) => biasState(bias, shape),
  refusal({ k, groups, chosen, by }, shape) {
    const uneven = unevenGroups(groups, shape);
    if (uneven !== undefined) return uneven;
    const size = shape.experts / groups;
    if (by === "top2" && size < 2) return tooMany(2, size, "experts of a group");
    return tooMany(chosen, groups, "groups") ?? tooMany(k, chosen * size, "experts within reach");
  },
  select(run) {
    const { g, spec, shape } = run;
    const scores_TE = biased(run, spec.bias);
    const size = shape.experts / spec.groups;
    const rows_RS = g.reshape(scores_TE, [shape.tokens * spec.groups, size]);
    const groups_R1 = spec.by === "max"
      ? g.largest(rows_RS)
      : g.sumRows(g.take(rows_RS, g.topK(rows_RS, 2)));
    const groups_TG = g.reshape(groups_R1, [shape.tokens, spec.groups]);
    const inside_TG = marks(g, g.topK(groups_TG, spec.chosen), spec.groups);
    const inside_R1 = g.reshape(inside_TG, [shape.tokens * spec.groups, 1]);
    const masked_RS = g.map("select", inside_R1, rows_RS, numberOf(g, LOWEST));
    return { ids: g.topK(g.reshape(masked_RS, [shape.tokens, shape.experts]), spec.k) };
  },
};

/**
 * The best, and in training the second with a probability of twice its share of the two weights:
 * GShard, arXiv 2006.16668, algorithm 1.
 */
export const randomSecondSelect: Selector<SpecOf<SelectSpec, "random-second">> = {
  choices: () => 2,
  full: true,
  refusal: (_, { experts }) => tooMany(2, experts, "experts"),
  select(run) {
    const { g, shape } = run;
    const ids = g.topK(logitsOf(run), 2);
    if (!run.training) return { ids };
    return {
      ids: g.keep(ids, lucky(g, g.softmax(g.take(logitsOf(run), ids)), shape)),
      weighed: ids,
    };
  },
};

/** 1 for the first, 1 for the second where 2 g_2 exceeds a uniform number: [T, 2]. */
function lucky<A, I>(g: Arrays<A, I>, shares_T2: A, shape: GateShape): A {
  const { tokens } = shape;
  const u = g.noise(nameInLayer(shape, "second"), "uniform", [tokens, 1]);
  const second = g.map("positive", g.map("subtract", g.scale(g.columns(shares_T2, 1, 2), 2), u));
  return g.beside(onesOf(g, [tokens, 1]), second);
}
