import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { applyBalance, balanceStates } from "../../../core/losses/table.ts";
import type { BalanceSpec } from "../../../core/losses/specs.ts";
import { indices, matrix, none, number, routed, type RoutedOptions } from "./routed.ts";

const step = (spec: BalanceSpec, options: RoutedOptions) => applyBalance([spec], routed(options));

function assertRow(actual: Float64Array, wanted: number[]) {
  assertEquals(actual.length, wanted.length);
  wanted.forEach((v, i) => assertAlmostEquals(actual[i], v, 1e-12));
}

const crowded = {
  ...{ experts: 4, tokens: 4 },
  wanted: indices([[0], [0], [1], [2]]),
  state: { bias: matrix([[0.1, 0, 0, 0]]) },
};

Deno.test("the bias moves by the rate times the sign of what an expert lacks", () => {
  const { state, losses } = step({ kind: "bias", rate: 0.01 }, crowded);
  assertRow(state.bias.data, [0.09, 0, 0, 0.01]);
  assertEquals(losses, []);
  const shares = step({ kind: "bias", rate: 0.01, by: "share" }, crowded).state;
  assertRow(shares.bias.data, [0.0975, 0, 0, 0.0025]);
});

Deno.test("the bias leaves gate values as they are: they come from scores without it", () => {
  const { g } = routed(crowded);
  const scores = matrix([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1]]);
  const weights = (bias: number[]) =>
    g.take(scores, g.topK(g.map("add", scores, matrix([bias])), 2));
  assertEquals(weights([0, 0, 0]), weights([0.05, 0, 0]));
  const forced = weights([-1, 0, 1]);
  assertRow(forced.data, [0.1, 0.3, 0.1, 0.4]);
});

Deno.test("repeated steps of the bias make loads equal", () => {
  const logits = routed(crowded).g.noise("logits", "normal", [64, 4]);
  const skewed = logits.data.map((v, i) => v + (i % 4 === 0 ? 2 : 0));
  let bias = matrix([[0, 0, 0, 0]]);
  const loads = () => {
    const { g } = routed(crowded);
    const wanted = g.topK(g.map("add", { shape: [64, 4], data: skewed }, bias), 1);
    const counts = [0, 0, 0, 0];
    wanted.data.forEach((id) => counts[id]++);
    const options = { experts: 4, tokens: 64, wanted, state: { bias } };
    bias = step({ kind: "bias", rate: 0.02 }, options).state.bias;
    return counts;
  };
  const first = loads();
  let last = first;
  for (let i = 0; i < 200; i++) last = loads();
  assert(Math.max(...first) > 32);
  assert(Math.max(...last) <= 19, `loads ${last}`);
});

Deno.test("with zero experts, networks aim at what those leave, and their bias stays", () => {
  const spec = { kind: "bias", rate: 1, by: "share", zeroShare: 0.5 } as const;
  const { state } = step(spec, { ...crowded, zero: 2 });
  // Networks aim at a quarter each; shares are 1/2, 1/4, 1/4, 0.
  assertRow(state.bias.data, [0.1 - 0.25, 0, 0, 0]);
});

Deno.test("controllers rest where a model is evaluated", () => {
  const { state } = step({ kind: "bias", rate: 0.01 }, { ...crowded, training: false });
  assertEquals(state, {});
});

Deno.test("ReMoE's coefficient grows by its factor where gates are too dense, else shrinks", () => {
  const spec = { kind: "relu-l1", start: 1e-8, factor: 1.2 } as const;
  const at = (gates: number[][]) =>
    step(spec, {
      ...{ experts: 2, tokens: 2, topK: 1, gates: matrix(gates) },
      state: { relu_l1: number(0.5) },
    });
  const dense = at([[1, 2], [0, 3]]);
  assertAlmostEquals(dense.state.relu_l1.data[0], 0.6, 1e-12);
  // f = 2 (1/2, 1), means 1/2 and 5/2.
  assertAlmostEquals(dense.losses[0].value.data[0], 0.5 * (0.5 + 2 * 2.5), 1e-12);
  assertAlmostEquals(at([[1, 0], [0, 0]]).state.relu_l1.data[0], 0.5 / 1.2, 1e-12);
  assertEquals(balanceStates([spec], routed(crowded).shape), {
    relu_l1: { shape: [1, 1], init: { value: 1e-8 } },
  });
});

Deno.test("Skywork's coefficient follows the drop rate and stays below its most", () => {
  const spec = { kind: "adaptive", slope: 0.2, most: 0.01, keep: 0.99 } as const;
  const at = (kept: number[][]) =>
    step(spec, {
      ...{ experts: 2, tokens: 4, scores: matrix(new Array(4).fill([0.75, 0.25])) },
      ...{ wanted: indices([[0], [0], [0], [1]]), kept: indices(kept) },
      state: { adaptive_coefficient: number(0.004), drop_rate: number(0) },
    });
  const dropped = at([[0], [0], [none], [1]]);
  assertEquals(dropped.state.drop_rate.data[0], 0.25);
  // 0.2 of a quarter is above the most.
  const { data: [coefficient] } = dropped.state.adaptive_coefficient;
  assertAlmostEquals(coefficient, 0.99 * 0.004 + 0.01 * 0.01, 1e-12);
  assertAlmostEquals(dropped.losses[0].value.data[0], 0.004 * 2 * 0.0625, 1e-12);
  const all = at([[0], [0], [0], [1]]);
  assertAlmostEquals(all.state.adaptive_coefficient.data[0], 0.99 * 0.004, 1e-12);
});

Deno.test("states of a list of controllers are those of each", () => {
  const states = balanceStates(
    [
      { kind: "balance", weight: 1 },
      { kind: "bias", rate: 1 },
      { kind: "adaptive", slope: 1, most: 0.5, keep: 0, start: 0.25 },
    ],
    routed(crowded).shape,
  );
  assertEquals(states.bias, { shape: [1, 4], init: "zeros" });
  assertEquals(states.adaptive_coefficient, { shape: [1, 1], init: { value: 0.25 } });
  assertEquals(Object.keys(states), ["bias", "adaptive_coefficient", "drop_rate"]);
});
