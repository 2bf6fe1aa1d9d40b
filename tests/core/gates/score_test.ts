import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { hostMatrix } from "../../../core/arrays/host_matrix.ts";
import type { ScoreSpec } from "../../../core/gates/score/specs.ts";
import { rowWith } from "./host_gate.ts";
import { route, type RouteOptions, rowsOf, smallShape, sum } from "./host_route.ts";

const { dModel: D, experts: E, tokens: T } = smallShape;

function scored(score: ScoreSpec, options: RouteOptions = {}) {
  const weigh = { kind: "softmax", over: "all" } as const;
  const row = rowWith({ score, select: { kind: "all" }, weigh });
  const { gated, ...rest } = route(row, { training: false, ...options });
  assert(gated.logits !== undefined && gated.scores !== undefined);
  // All experts are chosen with a softmax over all: weights show the logits that were chosen from.
  assert(gated.dispatch.kind === "choice");
  return { logits: rowsOf(gated.logits), weights: rowsOf(gated.dispatch.weights), ...rest };
}

const times = (x: number[], m: number[][]) => m[0].map((_, c) => sum(x.map((v, r) => v * m[r][c])));
const softmax = (z: number[]) => {
  const exps = z.map(Math.exp);
  return exps.map((v) => v / sum(exps));
};

function assertClose(actual: number[][], wanted: number[][]) {
  assertEquals([actual.length, actual[0].length], [wanted.length, wanted[0].length]);
  actual.forEach((row, r) => row.forEach((v, c) => assertAlmostEquals(v, wanted[r][c], 1e-9)));
}

Deno.test("linear scores are x W plus the bias", () => {
  const { logits, input, w } = scored({ kind: "linear", bias: true });
  const wanted = rowsOf(input.x).map((x) =>
    times(x, rowsOf(w.router)).map((v, e) => v + w.router_bias.data[e])
  );
  assertClose(logits, wanted);
});

Deno.test("cosine scores do not depend on the length of a token", () => {
  for (const width of ["D", "E/2"] as const) {
    const score = { kind: "cosine", width, temperature: 0.5, learned: true } as const;
    const { logits, input, w } = scored(score);
    const longer = hostMatrix([T, D], input.x.data.map((v) => 7 * v));
    assertClose(scored(score, { x: longer }).logits, logits);
    assertEquals(w.experts.shape, [E, width === "D" ? D : E / 2]);
    assertEquals(w.temperature.data[0], Math.log(0.5));
    // A cosine is 1 at most, so that no logit is above 1 / temperature.
    assert(logits.flat().every((z) => Math.abs(z) <= 2 + 1e-9));
    const cold = scored({ ...score, temperature: 0.25, learned: false }).logits;
    assertClose(cold, logits.map((row) => row.map((z) => 2 * z)));
  }
});

Deno.test("two layers with a Gaussian error unit are the exact one within its approximation", () => {
  const score = { kind: "mlp", hidden: 5, activation: "gelu" } as const;
  const { logits, input, w } = scored(score);
  const phi = (x: number) => {
    let area = 0;
    for (let i = 0; i < 2000; i++) area += Math.exp(-(((i + 0.5) / 2000 * x) ** 2) / 2);
    return 0.5 + area * x / 2000 / Math.sqrt(2 * Math.PI);
  };
  rowsOf(input.x).forEach((x, t) => {
    const hidden = times(x, rowsOf(w.router_up)).map((v) => v * phi(v));
    times(hidden, rowsOf(w.router_down)).forEach((v, e) =>
      assertAlmostEquals(logits[t][e], v, 5e-3)
    );
  });
  const tanh = scored({ ...score, activation: "tanh" });
  const x = rowsOf(tanh.input.x)[0];
  const wanted = times(
    times(x, rowsOf(tanh.w.router_up)).map(Math.tanh),
    rowsOf(tanh.w.router_down),
  );
  assertClose([tanh.logits[0]], [wanted]);
});

Deno.test("the attention router is softmax(q k^T) v for each token", () => {
  const { logits, input, w } = scored({ kind: "attention" });
  const wanted = rowsOf(input.x).map((x) => {
    const [q, k, v] = ["q", "k", "v"].map((name) => times(x, rowsOf(w[`router_${name}`])));
    return q.map((a) => sum(softmax(k.map((b) => a * b)).map((s, e) => s * v[e])));
  });
  assertClose(logits, wanted);
});

Deno.test("a gate on embeddings sees the token id alone", () => {
  const score = { kind: "embedding", width: 3 } as const;
  const { logits, input, w } = scored(score);
  const table = rowsOf(w.router_embedding);
  assertClose(logits, [...input.tokens.data].map((id) => times(table[id], rowsOf(w.router))));
});

Deno.test("a fixed router has no parameters, and another matrix in each layer", () => {
  const first = scored({ kind: "fixed" });
  assertEquals(first.w, {});
  assertEquals(scored({ kind: "fixed" }).logits, first.logits);
  assertNotEquals(scored({ kind: "fixed" }, { shape: { layer: 0 } }).logits, first.logits);
});

Deno.test("each tag has its own gate", () => {
  const { logits, input, w } = scored({ kind: "by-tag" });
  const wanted = rowsOf(input.x).map((x, t) => {
    const tag = input.tags.data[t];
    return times(x, rowsOf(w.router)).slice(tag * E, (tag + 1) * E);
  });
  assertClose(logits, wanted);
});

Deno.test("product keys score expert i n + j by key i of the first and key j of the second set", () => {
  const row = rowWith({
    ...{ score: { kind: "product-key", width: 4, heads: 1 } },
    ...{ select: { kind: "product-key", k: 3 }, weigh: { kind: "chosen" } },
  });
  const { gated, w, input } = route(row, { shape: { experts: 9 } });
  assert(gated.logits !== undefined && gated.dispatch.kind === "choice");
  const [first, second] = [rowsOf(w.router_keys_1), rowsOf(w.router_keys_2)];
  const dot = (a: number[], b: number[]) => sum(a.map((v, i) => v * b[i]));
  const wanted = rowsOf(input.x).map((x) => {
    const q = times(x, rowsOf(w.router_query));
    return Array.from(
      { length: 9 },
      (_, e) => dot(q.slice(0, 2), first[Math.floor(e / 3)]) + dot(q.slice(2), second[e % 3]),
    );
  });
  assertClose(rowsOf(gated.logits), wanted);
  rowsOf(gated.dispatch.weights).forEach((row, t) => {
    const best = [...wanted[t]].sort((a, b) => b - a).slice(0, 3);
    softmax(best).forEach((v, k) => assertAlmostEquals(row[k], v, 1e-9));
  });
});

Deno.test("one decision holds for all tokens of a sequence, or of a tag", () => {
  for (const  of of["sequence", "tag", "attributes"] as const) {
    const noise = { kind: "normal", deviation: 1 } as const;
    const { logits, weights, input } = scored({ kind: "linear", of, noise }, { training: true });
    const setOf = (t: number) =>
      of === "sequence" ? Math.floor(t / smallShape.length) : input.tags.data[t];
    logits.forEach((_, t) => {
      const first = logits.findIndex((_, s) => setOf(s) === setOf(t));
      assertEquals(weights[t], weights[first]);
      assertEquals(logits[t], logits[first]);
    });
    assertNotEquals(logits[0], logits[T - 1]);
  }
});

Deno.test("the mean of a sequence is scored", () => {
  const { logits, input, w } = scored({ kind: "linear", of: "sequence" });
  const rows = rowsOf(input.x).slice(0, 8);
  const mean = rows[0].map((_, d) => sum(rows.map((row) => row[d])) / 8);
  assertClose([logits[7]], [times(mean, rowsOf(w.router))]);
});

Deno.test("normalised logits have mean 0 and deviation lambda", () => {
  const { logits } = scored({ kind: "linear", normalise: { lambda: 2 } });
  for (const row of logits) {
    assertAlmostEquals(sum(row), 0, 1e-9);
    assertAlmostEquals(Math.sqrt(sum(row.map((z) => z * z)) / E), 2, 1e-3);
  }
});

Deno.test("logits of the layer before are added through a matrix, except in the first layer", () => {
  const score = { kind: "linear", residual: true } as const;
  const { logits, input, w } = scored(score);
  assert(input.logitsBefore !== undefined);
  const before = rowsOf(input.logitsBefore);
  const wanted = rowsOf(input.x).map((x, t) => {
    const old = times(before[t], rowsOf(w.residual));
    return times(x, rowsOf(w.router)).map((v, e) => v + old[e]);
  });
  assertClose(logits, wanted);
  assertEquals(scored(score, { shape: { layer: 0 } }).w.residual, undefined);
});

Deno.test("noise moves what is chosen from in training, and leaves the logits that are told", () => {
  const plain = scored({ kind: "linear" });
  const kinds = [
    { kind: "normal", deviation: "1/E" },
    { kind: "learned" },
    { kind: "gumbel", temperature: 2 },
  ] as const;
  for (const noise of kinds) {
    const score = { kind: "linear", noise } as const;
    const trained = scored(score, { training: true });
    assertClose(trained.logits, plain.logits);
    const by = noise.kind === "gumbel" ? 0.5 : 1;
    assertClose(scored(score).weights, plain.logits.map((z) => softmax(z.map((v) => v * by))));
    assertNotEquals(trained.weights, scored(score).weights);
    assertNotEquals(trained.weights, scored(score, { training: true, step: 1 }).weights);
  }
});

Deno.test("noise has the deviation that was asked for", () => {
  const score = { kind: "linear", noise: { kind: "normal", deviation: "1/E" } } as const;
  const noisy: number[] = [];
  for (let step = 0; step < 20; step++) {
    const { weights, logits } = scored(score, { training: true, step });
    // Differences of log weights of two experts are differences of their noisy logits.
    weights.forEach((row, t) =>
      noisy.push(Math.log(row[0] / row[1]) - logits[t][0] + logits[t][1])
    );
  }
  const deviation = Math.sqrt(sum(noisy.map((v) => v * v)) / noisy.length);
  assertAlmostEquals(deviation, Math.SQRT2 / E, 0.15 * Math.SQRT2 / E);
});

Deno.test("jitter multiplies the token by numbers within its width", () => {
  const score = { kind: "linear", noise: { kind: "jitter", width: 0.1 } } as const;
  const one = { router: hostMatrix([D, E], new Float64Array(D * E).fill(1)) };
  const x = hostMatrix([T, D], Float64Array.from({ length: T * D }, (_, i) => i % D === 0 ? 1 : 0));
  const { logits } = scored(score, { training: true, w: one, x });
  const firsts = logits.map((row) => row[0]);
  assert(firsts.every((z) => z > 0.9 && z < 1.1));
  assert(Math.max(...firsts) - Math.min(...firsts) > 0.1);
  assertClose(scored(score, { w: one, x }).logits, logits.map((row) => row.map(() => 1)));
});
