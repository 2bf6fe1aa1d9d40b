/**
 * Controllers: numbers that a step leaves to the next one, moved by a rule instead of a gradient.
 *
 * @module
 */
import { marks, numberOf, shareOfRow } from "../gates/shorthand.ts";
import type { GateShape, GateTensor } from "../gates/gate.ts";
import { needed } from "./needs.ts";
import type { Balanced, BalanceOf, BalanceRun } from "./run.ts";
import {
  aboveZero,
  columnMeans,
  countsOf,
  meanOf,
  probabilities,
  zeroExpertMask,
} from "./shares.ts";

/** The bias of the choice, an expert a column. */
export function biasStates(_: unknown, { experts }: GateShape): Record<string, GateTensor> {
  return { bias: { shape: [1, experts], init: "zeros" } };
}

/**
 * The bias of each expert moves by the rate times the sign of what it lacks to its share, or times
 * the lack itself: loss-free balancing, arXiv 2408.15664. It is added to scores for choosing alone.
 * With `zeroShare`, networks share what experts without one leave, and the bias of those stays.
 */
export function biasController<A, I>(run: BalanceRun<A, I, "bias">): Balanced<A> {
  const { g, spec, shape: { experts }, zero = 0, state } = run;
  const { rate, by = "sign", zeroShare } = spec;
  const share_1E = shareOfRow(g, countsOf(g, needed(run, "wanted"), { experts }));
  const aim = zeroShare === undefined ? 1 / experts : (1 - zeroShare) / (experts - zero);
  const lack_1E = g.shift(g.scale(share_1E, -1), aim);
  const step_1E = g.scale(by === "sign" ? g.map("sign", lack_1E) : lack_1E, rate);
  const stays = numberOf(g, 0);
  const moved_1E = zeroShare === undefined
    ? step_1E
    : g.map("select", zeroExpertMask(run), stays, step_1E);
  return { losses: [], state: { bias: g.detach(g.map("add", state.bias, moved_1E)) } };
}

/** The coefficient of ReMoE's loss. */
export function reluStates({ start }: BalanceOf<"relu-l1">): Record<string, GateTensor> {
  return { relu_l1: { shape: [1, 1], init: { value: start } } };
}

/**
 * sum_e f_e mean(gates_e), f_e the share of tokens times E / K that open the expert, times a
 * coefficient that grows by a factor where more than K experts a token are open and shrinks by it
 * elsewhere: ReMoE, arXiv 2412.14711.
 */
export function reluLoss<A, I>(run: BalanceRun<A, I, "relu-l1">): Balanced<A> {
  const { g, spec: { factor, k: topK = run.shape.topK }, shape: { experts }, state } = run;
  const gates_TE = needed(run, "gates");
  const open_TE = g.map("positive", gates_TE);
  const f_1E = g.scale(columnMeans(g, open_TE), experts / topK);
  const l1 = g.total(g.map("multiply", f_1E, columnMeans(g, gates_TE)));
  const losses = [{ name: "relu-l1", value: g.map("multiply", l1, state.relu_l1) }];
  const toDense = g.shift(meanOf(g, open_TE), -topK / experts);
  const grow = numberOf(g, factor);
  const by = g.map("select", toDense, grow, numberOf(g, 1 / factor));
  return { losses, state: { relu_l1: g.detach(g.map("multiply", state.relu_l1, by)) } };
}

/** Skywork-MoE's coefficient, and the share of choices that were dropped last. */
export function adaptiveStates(
  { most, start = most }: BalanceOf<"adaptive">,
): Record<string, GateTensor> {
  return {
    adaptive_coefficient: { shape: [1, 1], init: { value: start } },
    drop_rate: { shape: [1, 1], init: "zeros" },
  };
}

/**
 * sum_e (1/E - P_e)^2 times a coefficient that follows `slope` times the share of dropped choices, at
 * most `most`, and keeps `keep` of itself: Skywork-MoE, arXiv 2406.06563.
 */
export function adaptiveLoss<A, I>(run: BalanceRun<A, I, "adaptive">): Balanced<A> {
  const { g, spec: { slope, most, keep }, shape: { experts }, state } = run;
  const lack_1E = g.shift(columnMeans(g, probabilities(run)), -1 / experts);
  const squares = g.total(g.map("square", lack_1E));
  const value = g.map("multiply", squares, state.adaptive_coefficient);
  const losses = [{ name: "adaptive", value }];
  const drop_rate = droppedShare(run);
  const aim = g.map("smaller", g.scale(drop_rate, slope), numberOf(g, most));
  const moved = g.map("add", g.scale(state.adaptive_coefficient, keep), g.scale(aim, 1 - keep));
  return {
    losses,
    state: { adaptive_coefficient: g.detach(moved), drop_rate: g.detach(drop_rate) },
  };
}

/** Of the choices that were wanted, the share that found no room: [1, 1]. */
function droppedShare<A, I>(run: BalanceRun<A, I, "adaptive">): A {
  const { g, shape: { experts }, kept } = run;
  const number = (ids: I) => g.total(marks(g, ids, experts));
  if (kept === undefined) return numberOf(g, 0);
  return g.shift(
    g.scale(g.map("divide", number(kept), aboveZero(g, number(needed(run, "wanted")))), -1),
    1,
  );
}
