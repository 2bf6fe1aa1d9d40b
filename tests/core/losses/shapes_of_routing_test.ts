import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { applyBalance } from "../../../core/losses/table.ts";
import { indices, lossOf, matrix, number, routed } from "./routed.ts";

const phi = (a: number) => routed({ experts: 1, tokens: 1 }).g.map("normalCdf", number(a)).data[0];

Deno.test("importance is the squared variation of weights, or of all scores", () => {
  const gate = {
    ...{ experts: 2, tokens: 2 },
    gates: matrix([[1, 0], [0.5, 0]]),
    scores: matrix([[0.7, 0.3], [0.5, 0.5]]),
  };
  // Mean 0.75, variance 0.5625.
  assertAlmostEquals(lossOf({ kind: "importance", weight: 1 }, gate), 1, 1e-12);
  // Sums 1.2 and 0.8.
  const ofScores = lossOf({ kind: "importance", weight: 1, of: "scores" }, gate);
  assertAlmostEquals(ofScores, 0.04, 1e-12);
});

Deno.test("load is the squared variation of chances to be chosen again", () => {
  const logits = matrix([[1, 0, -1]]);
  const noisy = matrix([[1.5, 0.2, -2]]);
  const gate = { experts: 3, tokens: 1, logits, noise: { noisy, deviation: number(0.5) } };
  const variation = (chances: number[]) => {
    const mean = chances.reduce((a, b) => a + b) / 3;
    return chances.reduce((sum, p) => sum + (p - mean) ** 2 / 3, 0) / mean ** 2;
  };
  const all = [1, 0, -1].map((v) => phi((v - 1.5) / 0.5));
  assertAlmostEquals(lossOf({ kind: "load", weight: 1 }, gate), variation(all), 1e-12);
  const others = [phi((1 - 0.2) / 0.5), phi((0 - 1.5) / 0.5), phi((-1 - 1.5) / 0.5)];
  const rival = lossOf({ kind: "load", weight: 1, rival: "others" }, gate);
  assertAlmostEquals(rival, variation(others), 1e-12);
});

Deno.test("load costs nothing where a model is evaluated, and has no noise", () => {
  const run = routed({ experts: 2, tokens: 1, logits: matrix([[1, 0]]), training: false });
  assertEquals(applyBalance([{ kind: "load", weight: 1 }], run).losses, []);
});

Deno.test("localised balance lets each tag keep to its block", () => {
  const gates = matrix([[0.6, 0.4], [0.4, 0.6]]);
  const gate = { experts: 2, tokens: 2, gates, tagOf: [0, 1] };
  assertAlmostEquals(lossOf({ kind: "localised", weight: 1, delta: 0.5 }, gate), 0, 1e-12);
  const swapped = { ...gate, gates: matrix([[0.6, 0.4], [0.6, 0.4]]) };
  // Columns 0.6 1.5 + 0.6 0.5 = 1.2 and 0.4 0.5 + 0.4 1.5 = 0.8.
  const loss = lossOf({ kind: "localised", weight: 1, delta: 0.5 }, swapped);
  assertAlmostEquals(loss, 0.04, 1e-12);
});

Deno.test("z is the mean of squared log-sum-exp", () => {
  const logits = matrix([[0, Math.log(3)], [0, 0]]);
  const wanted = (Math.log(4) ** 2 + Math.log(2) ** 2) / 2;
  const gate = { experts: 2, tokens: 2, logits };
  assertAlmostEquals(lossOf({ kind: "z", weight: 1 }, gate), wanted, 1e-12);
});

Deno.test("mutual information is log 2 where tags and experts are one, and 0 where they are not", () => {
  const apart = { experts: 2, tokens: 4, tagOf: [0, 0, 0, 1] };
  const specialised = matrix([[1, 0], [1, 0], [1, 0], [0, 1]]);
  const mixed = matrix([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]);
  const of = (by: "tags" | "tokens", scores: typeof mixed) =>
    lossOf({ kind: "mutual-information", weight: 1, of: by }, { ...apart, scores });
  assertAlmostEquals(of("tags", specialised), -Math.log(2), 1e-12);
  assertAlmostEquals(of("tags", mixed), 0, 1e-12);
  // Tokens are not weighed by tag: shares 3/4 and 1/4, each token sure.
  const entropy = -(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25));
  assertAlmostEquals(of("tokens", specialised), -entropy, 1e-12);
  assertAlmostEquals(of("tokens", mixed), 0, 1e-12);
});

Deno.test("entropies: of each token's weights, of a tag's tokens, of a tag's mean", () => {
  const scores = matrix([[1, 0], [0, 1], [0.5, 0.5]]);
  const gate = { experts: 2, tokens: 3, scores, tagOf: [0, 0, 1] };
  assertAlmostEquals(lossOf({ kind: "entropy", weight: 1 }, gate), Math.log(2) / 3, 1e-12);
  const sure = { ...gate, gates: matrix([[1, 0], [0, 1], [0.7, 0]]) };
  assertAlmostEquals(lossOf({ kind: "entropy", weight: 1 }, sure), 0, 1e-12);
  // Tags count alike: 0 and log 2.
  assertAlmostEquals(lossOf({ kind: "local-entropy", weight: 1 }, gate), Math.log(2) / 2, 1e-12);
  // The mean of both tags has entropy log 2.
  const global = (threshold: number) =>
    lossOf({ kind: "global-entropy", weight: 1, threshold }, gate);
  assertAlmostEquals(global(Math.log(4)), Math.log(2), 1e-12);
  assertEquals(global(Math.log(1.9)), 0);
});

Deno.test("tags that a batch lacks do not count", () => {
  const scores = matrix([[1, 0], [0.5, 0.5]]);
  const gate = { experts: 2, tokens: 2, scores };
  const dense = lossOf({ kind: "local-entropy", weight: 1 }, { ...gate, tagOf: [0, 1] });
  const sparse = lossOf({ kind: "local-entropy", weight: 1 }, { ...gate, tagOf: [0, 5] });
  assertAlmostEquals(dense, sparse, 1e-12);
  assertAlmostEquals(dense, Math.log(2) / 2, 1e-12);
});

Deno.test("StableMoE's balance, by hand", () => {
  // Expert 0 has 2 of 3 tokens, the mean is 1.5: 1/3 and -1/3; sigmoid(0) = 1/2. A mean over tokens.
  const logits = matrix([[0, 0], [Math.log(3), 0], [0, 0]]);
  const gate = { experts: 2, tokens: 3, logits, wanted: indices([[0], [0], [1]]) };
  const loss = lossOf({ kind: "stable", weight: 1 }, gate);
  assertAlmostEquals(loss, ((0.5 + 0.75) / 3 - 0.5 / 3) / 3, 1e-12);
});

Deno.test("X-MoE's balance reads similarities with a temperature of its own", () => {
  const similarities = matrix([[0.3 * Math.log(3), 0]]);
  const gate = {
    ...{ experts: 2, tokens: 1, similarities, wanted: indices([[0]]) },
    logits: matrix([[9, -9]]),
  };
  const spec = { kind: "x-moe", weight: 1, temperature: 0.3 } as const;
  assertAlmostEquals(lossOf({ ...spec, scores: "softmax" }, gate), 2 * 0.75, 1e-12);
  // sigmoid(log 3) = 3/4 and sigmoid(0) = 1/2, over their sum.
  assertAlmostEquals(lossOf({ ...spec, scores: "sigmoid" }, gate), 2 * 0.6, 1e-12);
});

Deno.test("DYNMoE: alike experts are not diverse, long ones not simple, open ones not efficient", () => {
  const gate = { experts: 2, tokens: 2 };
  const of = (kind: "diversity" | "simplicity", rows: number[][]) =>
    lossOf({ kind, weight: 1 }, { ...gate, representations: matrix(rows) });
  assertAlmostEquals(of("diversity", [[3, 0], [0, 5]]), 0, 1.1e-6);
  assertAlmostEquals(of("diversity", [[3, 0], [3, 0]]), Math.SQRT2, 1e-9);
  assertAlmostEquals(of("simplicity", [[3, 4], [0, 1]]), 3, 1e-9);
  const wanted = indices([[0, 1], [1, 0xffffffff]]);
  const open = { ...gate, scores: matrix([[0.9, 0.8], [0.1, 0.7]]), wanted };
  assertAlmostEquals(lossOf({ kind: "efficiency", weight: 1 }, open), 3 / 4, 1e-12);
});

Deno.test("losses come under their names, each multiplied by its weight", () => {
  const run = routed({
    ...{ experts: 2, tokens: 1, logits: matrix([[0, 0]]), scores: matrix([[0.5, 0.5]]) },
  });
  const { losses } = applyBalance(
    [{ kind: "z", weight: 2 }, { kind: "balance", weight: 0.5 }],
    run,
  );
  assertEquals(losses.map(({ name }) => name), ["z", "balance"]);
  assertAlmostEquals(losses[0].value.data[0], 2 * Math.log(2) ** 2, 1e-12);
  assert(losses[1].value.data[0] === 0.5);
});
