import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { surrogateGradient } from "../../../core/arrays/central_differences.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostIndices, type HostMatrix, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { contrastedScores } from "../../../core/gates/decoding/contrast.ts";
import { logSum, mixedPrediction } from "../../../core/gates/decoding/mixture.ts";
import {
  domainPosterior,
  runningPosterior,
  uniformPrior,
  updatedPrior,
} from "../../../core/gates/decoding/posterior.ts";
import { consistencyLoss, logProbabilities } from "../../../core/gates/training/consistency.ts";
import { reviewExperts } from "../../../core/gates/training/grow.ts";
import { movedBaseline, reinforceLoss } from "../../../core/gates/training/reinforce.ts";
import { distillation, stageOf } from "../../../core/gates/training/stages.ts";
import {
  predictedLoss,
  routerFeatures,
  surrogateError,
  surrogateTensors,
  throughSurrogate,
} from "../../../core/gates/training/surrogate.ts";
import { split } from "../../../kernels/base/random.ts";
import { drawn, sum } from "./host_route.ts";

const numbers = (n: number) =>
  fc.array(fc.double({ min: -3, max: 3, noNaN: true }), {
    ...{ minLength: n, maxLength: n },
  });
const softmax = (z: readonly number[]) => {
  const exps = z.map(Math.exp);
  return exps.map((e) => e / sum(exps));
};
const random = (rows: number, columns: number, path: string): HostMatrix => {
  const stream = split(1, path);
  return hostMatrix([rows, columns], Float64Array.from({ length: rows * columns }, stream.normal));
};

Deno.test("consistency is both divergences, halved: 0 for equal passes, the same both ways", () => {
  fc.assert(
    fc.property(numbers(6), numbers(6), (a, b) => {
      const g = hostArrays({ seed: 1 });
      const [p, q] = [a, b].map((z) => logProbabilities(g, hostMatrix([2, 3], z)));
      const [value] = consistencyLoss(g, [p, q]).data;
      assertAlmostEquals(consistencyLoss(g, [q, p]).data[0], value, 1e-12);
      assertEquals(consistencyLoss(g, [p, p]).data[0], 0);
      const divergence = (x: number[], y: number[]) => {
        const [own, other] = [softmax(x), softmax(y)];
        return sum(own.map((v, i) => v * Math.log(v / other[i])));
      };
      const rows = [0, 3].map((r) => [a.slice(r, r + 3), b.slice(r, r + 3)]);
      const byHand = sum(rows.map(([x, y]) => divergence(x, y) + divergence(y, x))) / 4;
      assertAlmostEquals(value, byHand, 1e-9);
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("the teacher's stage is the first share of all steps", () => {
  const run = { steps: 10, share: 0.25 };
  const stages = Array.from({ length: 10 }, (_, step) => stageOf(step, run));
  assertEquals(stages.filter((s) => s === "teacher").length, 3);
  assertEquals(stages.indexOf("student"), 3);
  assertThrows(() => stageOf(0, { steps: 10, share: 2 }), RangeError, "0 to 1");
});

Deno.test("distillation is a cross-entropy that teaches the light router", () => {
  const light_TE = hostMatrix([2, 3], [0, 0, 0, 2, 0, 0]);
  const chosen_T1 = hostIndices([2, 1], [1, 0]);
  const { value, gradients } = surrogateGradient(
    (g, { light_TE }) => distillation(g, { light_TE, chosen_T1 }),
    { light_TE },
    { seed: 1 },
  );
  const p = softmax([2, 0, 0]);
  assertAlmostEquals(value, (Math.log(3) - Math.log(p[0])) / 2, 1e-12);
  const wanted = [1 / 3, -2 / 3, 1 / 3, p[0] - 1, p[1], p[2]].map((v) => v / 2);
  wanted.forEach((v, i) => assertAlmostEquals(gradients.light_TE[i], v, 1e-8));
});

Deno.test("the expected gradient of the drawn choice is that of the expected loss", () => {
  fc.assert(
    fc.property(
      numbers(4),
      numbers(4),
      fc.double({ min: -2, max: 2, noNaN: true }),
      (z, l, base) => {
        const logits = hostMatrix([1, 4], z);
        const p = softmax(z);
        const gradient = (f: Parameters<typeof surrogateGradient>[0]) =>
          surrogateGradient(f, { logits }, { seed: 1 }).gradients.logits;
        const expected = gradient((g, { logits }) =>
          g.total(g.map("multiply", g.softmax(logits), g.constant("l", [1, 4], () => l)))
        );
        const drawn = [0, 1, 2, 3].map((e) =>
          gradient((g, { logits }) =>
            reinforceLoss(g, {
              losses_T1: g.constant("loss", [1, 1], () => [l[e]]),
              logProbabilities_T1: g.columns(logProbabilities(g, logits), e, e + 1),
              baseline: g.constant("baseline", [1, 1], () => [base]),
            })
          )
        );
        expected.forEach((v, i) =>
          assertAlmostEquals(sum(drawn.map((d, e) => p[e] * d[i])), v, 1e-7)
        );
      },
    ),
    { seed: 1, numRuns: 50 },
  );
});

Deno.test("no gradient goes into losses or the baseline, which is a running mean", () => {
  const inputs = {
    losses_T1: random(3, 1, "l"),
    logP_T1: random(3, 1, "p"),
    baseline: random(1, 1, "b"),
  };
  const { gradients } = surrogateGradient(
    (g, { losses_T1, logP_T1, baseline }) =>
      reinforceLoss(g, { losses_T1, logProbabilities_T1: logP_T1, baseline }),
    inputs,
    { seed: 1 },
  );
  assert([...gradients.losses_T1, ...gradients.baseline].every((v) => v === 0));
  gradients.logP_T1.forEach((v, t) =>
    assertAlmostEquals(v, (inputs.losses_T1.data[t] - inputs.baseline.data[0]) / 3, 1e-8)
  );
  const batch = { baseline: hostMatrix([1, 1], [1]), losses_T1: hostMatrix([2, 1], [3, 5]) };
  const moved = movedBaseline(hostArrays({ seed: 1 }), { ...batch, keep: 0.9 });
  assertAlmostEquals(moved.data[0], 1.3, 1e-12);
});

Deno.test("a surrogate learns the loss, and the router goes down through it", () => {
  const of = drawn(surrogateTensors({ features: 4, width: 6 }), "surrogate") as Record<
    "w1" | "b1" | "w2" | "b2",
    HostMatrix
  >;
  // Losses that fall with the share of the first expert.
  const features_SF = hostMatrix(
    [16, 4],
    Array.from({ length: 16 }, (_, s) => softmax([...random(1, 4, `f${s}`).data])).flat(),
  );
  const losses_S1 = hostMatrix(
    [16, 1],
    Array.from({ length: 16 }, (_, s) => 3 - 2 * features_SF.data[4 * s]),
  );
  const inputs = { features_SF, losses_S1 };
  const start = surrogateGradient(
    (g, { features_SF, losses_S1 }) => surrogateError(g, { features_SF, losses_S1, of }),
    inputs,
    { seed: 1 },
  );
  assert([...start.gradients.features_SF, ...start.gradients.losses_S1].every((v) => v === 0));
  let [w, value] = [of, start.value];
  for (let step = 0; step < 120; step++) {
    const error = surrogateGradient(
      (g, w) => surrogateError(g, { ...inputs, of: w as typeof of }),
      w,
      { seed: 1 },
    );
    const moved = (name: keyof typeof of) =>
      hostMatrix(w[name].shape, w[name].data.map((v, i) => v - 0.2 * error.gradients[name][i]));
    w = { w1: moved("w1"), b1: moved("b1"), w2: moved("w2"), b2: moved("b2") };
    value = error.value;
  }
  assert(value < 0.05 * start.value, `error ${start.value} to ${value}`);

  const through = surrogateGradient(
    (g, { features_SF, ...w }) => throughSurrogate(g, features_SF, w as typeof of),
    { features_SF, ...w },
    { seed: 1 },
  ).gradients;
  for (const name of ["w1", "b1", "w2", "b2"]) assert(through[name].every((v) => v === 0), name);
  // Sixteen means: each sequence's slope along the first expert is about -2 / 16.
  for (let s = 0; s < 16; s++) {
    const own = through.features_SF.slice(4 * s, 4 * s + 4);
    const others = (own[1] + own[2] + own[3]) / 3;
    assert(own[0] - others < -0.5 * 2 / 16, `${own}`);
  }
});

Deno.test("the surrogate sees each sequence's mean gates in every layer", () => {
  const g = hostArrays({ seed: 1 });
  const gates_TE = [random(4, 2, "layer 0"), random(4, 2, "layer 1")];
  const features = routerFeatures(g, { gates_TE, length: 2 });
  assertEquals(features.shape, [2, 4]);
  assertAlmostEquals(features.data[2], (gates_TE[1].data[0] + gates_TE[1].data[2]) / 2, 1e-12);
  const tensors = surrogateTensors({ features: 4, width: 3 });
  const { w1, b1, w2, b2 } = drawn(tensors, "s");
  assertEquals(predictedLoss(g, features, { w1, b1, w2, b2 }).shape, [2, 1]);
});

Deno.test("experts nobody wants go, one comes where tokens found none, one always stays", () => {
  const record = { wanted_E: new Float64Array(4), without: 0, sum_D: new Float64Array(3) };
  const quiet = reviewExperts(record, [true, true, false, true]);
  assertEquals(quiet.alive_E, [true, false, false, false]);
  assertEquals([quiet.removed, quiet.added], [[1, 3], null]);

  const busy = {
    wanted_E: Float64Array.of(4, 3, 2, 1),
    without: 2,
    sum_D: Float64Array.of(0, 3, 4),
  };
  assert(reviewExperts(busy, [true, true, true, true]).full);
  const grown = reviewExperts(busy, [true, true, false, true]);
  assertEquals(grown.added?.place, 2);
  assertAlmostEquals(Math.hypot(...grown.added!.direction_D), 1, 1e-12);
  assertEquals(grown.alive_E, [true, true, true, true]);
  assertThrows(() => reviewExperts(record, [true]), RangeError, "both must be as many");
});

Deno.test("contrast masks what the strong choice finds unlikely, and likes what it likes better", () => {
  fc.assert(
    fc.property(numbers(5), numbers(5), (strong, weak) => {
      const scores = contrastedScores({ strong, weak });
      const most = Math.max(...strong);
      strong.forEach((s, v) => {
        if (s < Math.log(0.1) + most) assertEquals(scores[v], -Infinity);
        else assertAlmostEquals(scores[v], 1.5 * s - 0.5 * weak[v], 1e-12);
      });
      const plain = contrastedScores({ strong, weak }, { alpha: 1e-9, beta: 0 });
      strong.forEach((s, v) => assertAlmostEquals(plain[v], s, 1e-12));
    }),
    { seed: 1, numRuns: 100 },
  );
  assertThrows(() => contrastedScores({ strong: [1], weak: [1, 2] }), RangeError, "as many");
});

Deno.test("an ensemble of predictions is one, between its parts", () => {
  fc.assert(
    fc.property(
      numbers(4),
      numbers(4),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (a, b, share) => {
        const parts = [a, b].map((z) => softmax(z).map(Math.log));
        const mixed = mixedPrediction(parts, [share, 1 - share]);
        assertAlmostEquals(logSum(mixed), 0, 1e-9);
        mixed.forEach((l, v) => {
          const byHand = share * Math.exp(parts[0][v]) + (1 - share) * Math.exp(parts[1][v]);
          assertAlmostEquals(Math.exp(l), byHand, 1e-9);
        });
      },
    ),
    { seed: 1, numRuns: 100 },
  );
  assertThrows(() => mixedPrediction([[0]], [-1]), RangeError, "none is negative");
});

Deno.test("the posterior is Bayes', token by token as at once", () => {
  fc.assert(
    fc.property(fc.array(numbers(3), { minLength: 2, maxLength: 6 }), (logP_TG) => {
      const prior = Float64Array.of(0.5, 0.3, 0.2);
      const rows = runningPosterior(logP_TG, prior);
      rows[0].forEach((p, j) => assertAlmostEquals(p, prior[j], 1e-12));
      const before = logP_TG.slice(0, -1);
      const likelihood = [0, 1, 2].map((j) => sum(before.map((row) => row[j])));
      const joint = likelihood.map((l, j) => Math.exp(l) * prior[j]);
      rows[rows.length - 1].forEach((p, j) => assertAlmostEquals(p, joint[j] / sum(joint), 1e-9));
    }),
    { seed: 1, numRuns: 100 },
  );
  // Long texts: likelihoods far below what a number holds.
  assertAlmostEquals(domainPosterior([-9000, -9001], uniformPrior(2))[0], 1 / (1 + Math.exp(-1)));
  assertThrows(() => domainPosterior([0], uniformPrior(2)), RangeError, "as many");
});

Deno.test("priors: uniform at first, the newest text most where updated, the mean where cached", () => {
  assertEquals(updatedPrior([], { domains: 2, keep: 0.3 }), Float64Array.of(0.5, 0.5));
  const posteriors = [[1, 0], [0, 1]];
  const updated = updatedPrior(posteriors, { domains: 2, keep: 0.3 });
  assertAlmostEquals(updated[1], 1 / 1.3, 1e-12);
  assertEquals(updatedPrior(posteriors, { domains: 2, keep: 1 }), Float64Array.of(0.5, 0.5));
});
