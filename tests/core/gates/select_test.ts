import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { NONE } from "../../../core/arrays/arrays.ts";
import { hostMatrix } from "../../../core/arrays/host_matrix.ts";
import type { SelectSpec } from "../../../core/gates/select/specs.ts";
import { rowWith, type Stages } from "./host_gate.ts";
import {
  countsOf,
  dispatched,
  route,
  type RouteOptions,
  rowsOf,
  smallShape,
  sum,
} from "./host_route.ts";

const { dModel: D, experts: E, tokens: T } = smallShape;
const linear = { kind: "linear" } as const;
const overChosen = { kind: "softmax", over: "chosen" } as const;
/** Fewer tokens, where many cases are run. */
const few = { shape: { tokens: 8, length: 4 } };
const seeds = fc.integer({ min: 1, max: 1e6 });
const forSeeds = (check: (seed: number) => void, numRuns = 200) =>
  fc.assert(fc.property(seeds, check), { seed: 1, numRuns });

type ChosenOptions = RouteOptions & Partial<Pick<Stages, "score" | "weigh">>;

function chosen(select: SelectSpec, options: ChosenOptions = {}) {
  const { score = linear, weigh = overChosen, ...rest } = options;
  const result = route(rowWith({ score, select, weigh }), rest);
  const { ids, weights } = dispatched(result.gated, "choice");
  return {
    ...{ ...result, counts: countsOf(ids, result.shape.experts) },
    ...{ ids: rowsOf(ids), weights: rowsOf(weights) },
    logits: result.gated.logits ? rowsOf(result.gated.logits) : [],
  };
}

const best = (row: number[], k: number) =>
  row.map((v, e) => [v, e]).sort((a, b) => b[0] - a[0]).slice(0, k).map(([, e]) => e);
const softmax = (z: number[]) => {
  const exps = z.map(Math.exp);
  return exps.map((v) => v / sum(exps));
};
/** Logits that every token has, by a router that reads the constant 1 of each token. */
const always = (logits: number[]) => ({
  w: { router: hostMatrix([D, E], [...logits, ...new Array((D - 1) * E).fill(0)]) },
  x: hostMatrix([T, D], Float64Array.from({ length: T * D }, (_, i) => i % D === 0 ? 1 : 0)),
});

Deno.test("limited to groups, the best of the best groups are chosen", () => {
  forSeeds((seed) => {
    for (const by of ["max", "top2"] as const) {
      const select = { kind: "limited", k: 3, groups: 4, chosen: 2, by } as const;
      const { ids, logits } = chosen(select, { seed, ...few });
      ids.forEach((row, t) => {
        const p = softmax(logits[t]);
        const worth = [0, 1, 2, 3].map((group) => {
          const two = [p[2 * group], p[2 * group + 1]];
          return by === "max" ? Math.max(...two) : sum(two);
        });
        const within = best(worth, 2);
        const masked = p.map((v, e) => within.includes(Math.floor(e / 2)) ? v : -1);
        assertEquals(row, best(masked, 3));
      });
    }
  });
});

Deno.test("prototypes: one expert of each group, weighed within it", () => {
  forSeeds((seed) => {
    const { ids, weights, logits } = chosen({ kind: "prototypes", k: 2 }, {
      ...{ seed, weigh: { kind: "chosen" }, ...few },
    });
    ids.forEach((row, t) => {
      const [a, b] = [logits[t].slice(0, 4), logits[t].slice(4)];
      assertEquals(row, [best(a, 1)[0], best(b, 1)[0] + 4]);
      assertAlmostEquals(weights[t][0], Math.max(...softmax(a)), 1e-9);
      assertAlmostEquals(weights[t][1], Math.max(...softmax(b)), 1e-9);
    });
  });
});

Deno.test("two levels: the best groups, the best in each, weights multiplied", () => {
  forSeeds((seed) => {
    const select = { kind: "hierarchical", groups: 4, k: 2 } as const;
    const { ids, weights, logits, w, input } = chosen(select, {
      ...{ seed, weigh: { kind: "chosen" }, ...few },
    });
    const primary = rowsOf(w.primary);
    ids.forEach((row, t) => {
      const x = rowsOf(input.x)[t];
      const outer = primary[0].map((_, c) => sum(x.map((v, d) => v * primary[d][c])));
      const groups = best(outer, 2);
      const shares = softmax(groups.map((group) => outer[group]));
      const wanted = new Map<number, number>();
      groups.forEach((group, i) => {
        softmax([logits[t][2 * group], logits[t][2 * group + 1]]).forEach((v, j) =>
          wanted.set(2 * group + j, v * shares[i])
        );
      });
      assertEquals(new Set(row), new Set(wanted.keys()));
      row.forEach((e, k) => assertAlmostEquals(weights[t][k], wanted.get(e) ?? NaN, 1e-9));
    });
  });
});

Deno.test("the second is kept with a probability of twice its weight", () => {
  let [kept, expected] = [0, 0];
  for (let step = 0; step < 60; step++) {
    const { ids, weights, logits } = chosen({ kind: "random-second" }, { step });
    ids.forEach((row, t) => {
      const shares = softmax(best(logits[t], 2).map((e) => logits[t][e]));
      assertAlmostEquals(weights[t][0], shares[0], 1e-9);
      assertAlmostEquals(weights[t][1], row[1] === NONE ? 0 : shares[1], 1e-9);
      kept += row[1] === NONE ? 0 : 1;
      expected += Math.min(1, 2 * shares[1]);
    });
  }
  assert(expected < 60 * T * 0.9);
  assertAlmostEquals(kept / expected, 1, 0.05);
  const { ids } = chosen({ kind: "random-second" }, { training: false });
  assert(ids.flat().every((id) => id !== NONE));
});

Deno.test("top-any: all above their thresholds; at least the best where the model is used", () => {
  const weigh = { kind: "straight-through", averaged: true } as const;
  const logits = [3, 1, -1, -2, -3, -4, -5, -6];
  const run = (thresholds: number, training: boolean) => {
    const { w, x } = always(logits);
    const all = { ...w, thresholds: hostMatrix([1, E], new Array(E).fill(thresholds)) };
    return chosen({ kind: "top-any" }, { w: all, x, training, weigh });
  };
  const opened = run(0, true);
  assertEquals(opened.ids[0].filter((id) => id !== NONE), [0, 1]);
  assertEquals(opened.weights[0].filter((v) => v > 0), [0.5, 0.5]);
  assertEquals(run(4, true).counts, new Array(E).fill(0));
  assertEquals(run(4, false).counts, [T, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("above zero: as many experts as have a positive logit, weighed by it", () => {
  forSeeds((seed) => {
    const weigh = { kind: "relu" } as const;
    const { ids, weights, logits } = chosen({ kind: "above-zero" }, { seed, weigh, ...few });
    ids.forEach((row, t) => {
      assertEquals(row, logits[t].map((z, e) => z > 0 ? e : NONE));
      assertEquals(weights[t], logits[t].map((z) => Math.max(z, 0)));
    });
  });
});

Deno.test("annealed: all experts while hot, few once cold, never none", () => {
  const select = { kind: "above", threshold: 0.1, annealed: true, from: 20, to: 0.1 } as const;
  const at = (step: number) =>
    chosen(select, {
      ...always([3, 2, 1, 0, 0, 0, 0, 0]),
      ...{ state: { step: hostMatrix([1, 1], [step]) }, shape: { steps: 100 } },
    });
  assertEquals(at(0).counts, new Array(E).fill(T));
  assertEquals(at(100).counts, [T, 0, 0, 0, 0, 0, 0, 0]);
  const middle = at(60).counts.filter((n) => n > 0).length;
  assert(middle > 1 && middle < E);
  assertEquals([...at(41).gated.state.step.data], [42]);
  const sure = { kind: "above", threshold: 0.99, annealed: false } as const;
  assertEquals(chosen(sure, always(new Array(E).fill(0))).counts, [T, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("assignment gives all experts the same number of tokens, in training alone", () => {
  forSeeds((seed) => {
    const { counts } = chosen({ kind: "assignment" }, { seed });
    assertEquals(counts, new Array(E).fill(T / E));
  }, 30);
  const one = always([1, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals(chosen({ kind: "assignment" }, { ...one, training: false }).counts[0], T);
});

Deno.test("Sinkhorn evens out what tokens share: no expert is wanted by all", () => {
  const select = { kind: "sinkhorn", k: 1, iterations: 20, temperature: 1 } as const;
  forSeeds((seed) => {
    // All tokens like expert 0 a lot; what is left of them differs.
    const x = route(rowWith({ score: linear, select, weigh: overChosen }), { seed }).input.x;
    const biased = hostMatrix([T, D], x.data.map((v, i) => i % D === 0 ? 1 : v));
    const w = hostMatrix(
      [D, E],
      Float64Array.from({ length: D * E }, (_, i) => {
        const [d, e] = [Math.floor(i / E), i % E];
        return d === 0 ? (e === 0 ? 20 : 0) : Math.sin(seed + 3 * i);
      }),
    );
    const greedy = chosen({ kind: "top-k", k: 1 }, { seed, x: biased, w: { router: w } });
    const evened = chosen(select, { seed, x: biased, w: { router: w } });
    assertEquals(greedy.counts[0], T);
    assert(Math.max(...evened.counts) <= T / 2);
    const used = chosen(select, { seed, x: biased, w: { router: w }, training: false });
    assertEquals(used.counts[0], T);
  }, 50);
});

Deno.test("experts are drawn as often as the softmax says, and their log-probability is told", () => {
  const logits = [1, 0.5, 0, 0, -0.5, -1, -1, -2];
  const counts = new Array(E).fill(0);
  for (let step = 0; step < 100; step++) {
    const { ids, gated } = chosen({ kind: "sample", k: 1 }, { ...always(logits), step });
    const { logProbability } = gated;
    assert(logProbability !== undefined);
    ids.forEach(([id], t) => {
      counts[id]++;
      assertAlmostEquals(logProbability.data[t], Math.log(softmax(logits)[id]), 1e-9);
    });
  }
  softmax(logits).forEach((p, e) => {
    const n = 100 * T;
    assert(Math.abs(counts[e] - n * p) < 4 * Math.sqrt(n * p * (1 - p)), `expert ${e}`);
  });
});

Deno.test("a smooth choice of binary codes: weights sum to 1, and far codes name one expert each", () => {
  const select = { kind: "dselect", k: 2, gamma: 1 } as const;
  const stages = { score: { kind: "none" }, weigh: { kind: "chosen" } } as const;
  forSeeds((seed) => {
    const { ids, weights } = chosen(select, { seed, ...stages, ...few });
    ids.forEach((row, t) => {
      assertAlmostEquals(sum(weights[t]), 1, 1e-9);
      row.forEach((id, e) => assert(id === NONE || (id === e && weights[t][e] > 0)));
    });
  }, 50);
  // Bits 1 0 1 of the first code name expert 5, bits 0 1 1 of the second expert 3.
  const codes = hostMatrix([D, 6], [9, -9, 9, -9, 9, 9, ...new Array(42).fill(0)]);
  const code_weights = hostMatrix([D, 2], [Math.log(3), 0, ...new Array(14).fill(0)]);
  const { x } = always(new Array(E).fill(0));
  const { weights } = chosen(select, { ...stages, x, w: { codes, code_weights } });
  weights[0].forEach((v, e) => assertAlmostEquals(v, e === 5 ? 0.75 : e === 3 ? 0.25 : 0, 1e-9));
});

Deno.test("a light router is taught in the first share of the steps and decides afterwards", () => {
  const training = { kind: "stages", share: 0.1 } as const;
  const stages = { score: linear, select: { kind: "light", width: 4 } as const };
  const weigh = { kind: "sigmoid", normalised: false } as const;
  const row = rowWith({ ...stages, weigh, training, balance: [{ kind: "stable", weight: 0.3 }] });
  const at = (step: number) =>
    route(row, { shape: { steps: 100 }, state: { step: hostMatrix([1, 1], [step]) } });
  const [teacher, student] = [at(9), at(10)];
  const losses = (r: typeof teacher) => r.gated.losses.map(({ value }) => value.data[0]);
  assertEquals(teacher.gated.losses.map(({ name }) => name), ["stable", "distillation"]);
  assert(losses(teacher)[1] > 0);
  assertEquals(losses(student).map(Math.abs), [0, 0]);
  assertEquals(teacher.gated.state.step.data[0], 10);
  const logits = rowsOf(teacher.gated.logits ?? hostMatrix([0, 0], []));
  const byScores = logits.map((z) => best(z, 1));
  assertEquals(rowsOf(dispatched(teacher.gated, "choice").ids), byScores);
  const { w, input } = student;
  const light = rowsOf(w.light_embedding).map((v) =>
    best(
      rowsOf(w.light_router)[0].map((_, e) =>
        sum(v.map((a, i) => a * rowsOf(w.light_router)[i][e]))
      ),
      1,
    )
  );
  const { ids, weights } = dispatched(student.gated, "choice");
  assertEquals(rowsOf(ids), [...input.tokens.data].map((id) => light[id]));
  // What the experts count stays with the scores of the token.
  ids.data.forEach((e, t) =>
    assertAlmostEquals(weights.data[t], 1 / (1 + Math.exp(-logits[t][e])), 1e-9)
  );
});

Deno.test("product keys: each head chooses, and shares 1 among its own", () => {
  const row = rowWith({
    ...{ score: { kind: "product-key", width: 4, heads: 3 } },
    ...{ select: { kind: "product-key", k: 2 }, weigh: { kind: "chosen" } },
  });
  const { gated } = route(row, { shape: { experts: 16 } });
  const { ids, weights } = dispatched(gated, "choice");
  assertEquals(ids.shape, [T, 6]);
  for (const w of rowsOf(weights)) {
    for (const head of [0, 2, 4]) {
      assert(w[head] >= w[head + 1]);
      assertAlmostEquals(w[head] + w[head + 1], 1, 1e-9);
    }
  }
});

Deno.test("a choice without scores says so", () => {
  assertThrows(
    () => chosen({ kind: "top-k", k: 1 }, { score: { kind: "none" } }),
    RangeError,
    'A choice "top-k" found no scores',
  );
});
