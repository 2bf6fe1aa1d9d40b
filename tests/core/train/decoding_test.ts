/** What decoders make of the losses and logits of several passes, by the laws of probability. */
import { assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import fc from "fast-check";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostIndices, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { NONE } from "../../../core/arrays/arrays.ts";
import { logSum } from "../../../core/gates/decoding/mixture.ts";
import { rankedChoice } from "../../../core/gates/decoding/ranked.ts";
import { contrastedLoss } from "../../../core/train/objectives/contrast.ts";
import type { DecodingRun } from "../../../core/train/objectives/decoder.ts";
import { decoderOf } from "../../../core/train/objectives/decoding.ts";
import { inPass } from "../../../core/train/objectives/passes.ts";
import { posteriorLosses } from "../../../core/train/objectives/posterior.ts";
import { reinforceHooks } from "../../../core/train/objectives/reinforce.ts";

const number = fc.double({ min: 0, max: 6, noNaN: true });
const list = (length: number) => fc.array(number, { minLength: length, maxLength: length });
const sum = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0);

Deno.test("a text costs by the posterior what it costs by the mixture of whole texts", () => {
  fc.assert(
    fc.property(fc.array(list(8), { minLength: 1, maxLength: 4 }), (losses_GT) => {
      const options = { kind: "posterior", prior: "uniform", keep: 0.3, length: 4 } as const;
      const found = posteriorLosses(losses_GT, options);
      for (const at of [0, 4]) {
        const whole = losses_GT.map((row) => -sum(row.slice(at, at + 4)));
        const mixed = Math.log(losses_GT.length) - logSum(whole);
        assertAlmostEquals(sum(found.slice(at, at + 4)), mixed, 1e-9);
      }
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("an updated prior expects the domain of the texts before, and admits another", () => {
  const length = 8;
  const row = (...domains: number[]) =>
    Float64Array.from(
      { length: domains.length * length },
      (_, t) => domains[Math.floor(t / length)],
    );
  const at = (prior: "uniform" | "updating" | "cached", losses_GT: ArrayLike<number>[]) =>
    Array.from(
      posteriorLosses(losses_GT, { kind: "posterior", prior, keep: 0.3, length }),
    );
  const same = [row(1, 1, 1), row(9, 9, 9)];
  assertLess(at("updating", same)[length], at("uniform", same)[length]);
  assertLess(at("cached", same)[0], at("uniform", same)[0]);
  assertEquals(at("updating", same).slice(0, length), at("uniform", same).slice(0, length));
  const other = at("updating", [row(1, 100), row(100, 1)]);
  assertGreater(other[length], 5);
  assertAlmostEquals(other[length + 1], 1, 1e-9);
});

Deno.test("losses of contrasted scores are those of probabilities, and 0 contrasts nothing", () => {
  fc.assert(
    fc.property(list(6), list(6), fc.double({ min: 0, max: 2, noNaN: true }), (a, b, beta) => {
      const loss = (beta: number) =>
        a.map((_, v) => contrastedLoss({ strong: a, weak: b }, v, { beta }));
      assertAlmostEquals(sum(loss(beta).map((l) => Math.exp(-l))), 1, 1e-9);
      loss(0).forEach((l, v) => assertAlmostEquals(l, logSum(a) - a[v], 1e-9));
    }),
    { seed: 1, numRuns: 100 },
  );
  assertEquals(rankedChoice({ kind: "top-k", k: 2 }, 3), { kind: "top-k", k: 1, skip: 2 });
});

Deno.test("an ensemble is the mean of its passes' probabilities", async () => {
  const run = {
    plain_T: Float32Array.of(Math.log(2), 0),
    losses: () => Promise.resolve(Float32Array.of(Math.log(4), 0)),
  } as unknown as DecodingRun;
  const [mixed, ignored] = await decoderOf({ kind: "ensemble" })(run);
  assertAlmostEquals(mixed, -Math.log(3 / 8), 1e-6);
  assertAlmostEquals(ignored, 0, 1e-12);
});

Deno.test("chances differ from pass to pass, those of the first are as always", () => {
  const g = hostArrays({ seed: 1 });
  const draw = (pass: number) => inPass(g, pass).noise("a", "normal", [2, 3]).data;
  const ids = (pass: number) => inPass(g, pass).randomIds("a", [20, 1], 9).data;
  assertEquals(draw(0), g.noise("a", "normal", [2, 3]).data);
  assertEquals([0, 1, 2].map((i) => draw(1)[i] === draw(0)[i]), [false, false, false]);
  assertEquals([...ids(1)].join() === [...ids(0)].join(), false);
});

Deno.test("what predicts nothing is no reward and no punishment", () => {
  const g = hostArrays({ seed: 1 });
  const run = (losses: number[], targets: number[]) => {
    const { losses: [{ value }], state } = reinforceHooks.losses!({
      ...{ g, spec: { kind: "reinforce", baseline: 0.5 }, phase: "all", shapes: [], w: {} },
      passes: [{
        logits: () => hostMatrix([0, 0], []),
        losses_T1: hostMatrix([2, 1], losses),
        gates: [hostMatrix([2, 1], [-1, -2]), hostMatrix([2, 1], [-3, -4])],
      }],
      targets: hostIndices([2, 1], targets),
      state: { baseline: hostMatrix([1, 1], [2]) },
    });
    return [value.data[0], state!.baseline.data[0]];
  };
  // (5 - 2) (-1 - 3) / 2, and the mean of 5 and 2 beside 2.
  assertEquals(run([5, 0], [7, NONE]), [-6, 2.75]);
  assertEquals(run([5, 1], [7, 7]), [-6 + 3, 2.5]);
});
